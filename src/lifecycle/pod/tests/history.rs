//! What happened in a world, as lines that can be compared.

use super::program::Ms;
use super::world::{Entry, World};
use super::*;
use crate::lifecycle::container::{Action as Do, Event as To, Word};

impl World<'_> {
    /// What happened, a line each, `NAME what`; times and all that says nothing about order are left out.
    pub fn history(&self) -> Vec<String> {
        self.log.iter().filter_map(|(_, entry)| self.line(entry)).collect()
    }

    /// When that line of the history came for the first time.
    pub fn when(&self, line: &str) -> Option<Ms> {
        let is_it = |entry: &Entry| self.line(entry).is_some_and(|found| found == line);
        self.log.iter().find(|(_, entry)| is_it(entry)).map(|(at, _)| *at)
    }

    /// How often that line came.
    pub fn count(&self, line: &str) -> usize {
        self.history().iter().filter(|found| *found == line).count()
    }

    fn line(&self, entry: &Entry) -> Option<String> {
        let (number, what) = match *entry {
            Entry::Told(Event::Stop { .. }) => return Some("stop".to_owned()),
            Entry::Did(Action::Over) => return Some("over".to_owned()),
            Entry::Told(Event::Start | Event::Due) => return None,
            Entry::Told(Event::Container(number, event)) => match event {
                To::Exited(exit) => (number, format!("ends {}", exit.code)),
                To::NotExecuted(_) => (number, "is not executed".to_owned()),
                To::NotSpawned(_) => (number, "is not spawned".to_owned()),
                To::HookEnded(hook, _) => (number, format!("{hook:?} over")),
                _ => return None,
            },
            Entry::Did(Action::Container(number, action)) => match action {
                Do::Spawn => (number, "spawns".to_owned()),
                Do::Run(hook) => (number, format!("{hook:?}")),
                Do::Started => (number, "started".to_owned()),
                Do::Send(_) => (number, "signal".to_owned()),
                Do::KillAll => (number, "SIGKILL".to_owned()),
                Do::RestartAll => (number, "restarts all".to_owned()),
                Do::Say(Word::BackOff(pause)) => (number, format!("backs off {pause:?}")),
                _ => return None,
            },
        };
        Some(format!("{} {what}", self.case.names[number]))
    }
}
