//! What is told of the container, and to whom: people by the log, whoever started podinit by the status stream.

use super::Supervisor;
use super::last_words::Whose;
use crate::init::report::{Note, StatusEvent, StatusStream, Subject, Supervised};
use crate::lifecycle::Moment;
use crate::lifecycle::actions::Actions;
use crate::lifecycle::container::{Action, Event, Word};
use crate::lifecycle::status::Member;
use crate::lifecycle::status::event::Severity;
use crate::link::Remarked;

/// A container's name, and its pod's: `NAME_NAMESPACE(UID)`, or nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Names<'a> {
    pub container: &'a str,
    pub pod: &'a str,
}

impl Names<'_> {
    /// Encoded errands begin with them; nothing is copied.
    pub fn stand_in(errands: &[u8]) -> Names<'_> {
        let (container, pod) =
            postcard::take_from_bytes(errands).map_or(("", ""), |(names, _)| names);
        Names { container, pod }
    }
}

impl Supervisor<'_> {
    /// Gives the machine an event, and tells what has changed by that.
    pub(super) fn step(&mut self, now: Moment, event: Event) -> Actions<Action, 4> {
        let before = self.container.latest_end();
        let answer = self.container.step(now, event);
        let end = self.container.latest_end();
        if let Some(end) = end.filter(|_| end != before) {
            let killed = self.container.account().is_some_and(|account| account.killed.is_some());
            let user = self.instance.program.credentials.as_ref();
            let (role, name) = (self.supervision.life.role, self.names.container);
            self.last_words.ended(end, killed, Whose { role, name, user });
        }
        self.with_stream(StatusStream::look);
        answer
    }

    pub(super) fn say(&mut self, word: Word) {
        self.last_words.said(word);
        let (role, name) = (self.supervision.life.role, self.names.container);
        let fact = Supervised::Said { role, name, word };
        if let Word::Killing { restarts: false, .. } = word {
            self.manager.stopping();
        }
        self.manager.status(fact);
        // Of a start, and of one that failed, more has been said in the log.
        if !matches!(word, Word::Started | Word::Failed(_)) {
            self.log.note(Note::Supervised(fact));
        }
        let (name, severity) = (fact.event(), fact.severity());
        let event = StatusEvent { name, severity, message: &fact, exit: None };
        self.with_stream(|stream, subject| stream.tell(&event, subject));
    }

    /// What the agent has told the log itself.
    pub(super) fn remarked(&mut self, Remarked { reason, text }: Remarked<'_>) {
        let (name, severity) = (reason, Severity::Warning);
        let event = StatusEvent { name, severity, message: &text, exit: None };
        self.with_stream(|stream, subject| stream.tell(&event, subject));
    }

    /// The last word; `exit` is podinit's own code.
    pub(super) fn told_end(&mut self, fact: Supervised<'_>, exit: u8) {
        self.log.note(Note::Supervised(fact));
        let severity = if exit == 0 { Severity::Normal } else { Severity::Warning };
        let event = StatusEvent { name: "Exited", severity, message: &fact, exit: Some(exit) };
        self.with_stream(|stream, subject| stream.tell(&event, subject));
    }

    fn with_stream(&mut self, tell: impl FnOnce(&mut StatusStream, &Subject<'_>)) {
        let Some(stream) = &mut self.stream else { return };
        let Names { container: name, pod } = self.names;
        // Whether the pod has init containers is not known here.
        let Some(status) = Member::of(name, &self.container, false).status else { return };
        let subject = Subject {
            name,
            pod,
            instance: self.container.instance(),
            pid: self.instance.pid(),
            status,
            last_words: self.last_words.message(),
            signal: self.last_words.signal,
        };
        tell(stream, &subject);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::supervision::Errands;

    #[test]
    fn the_names_stand_first() {
        let (container, pod) = ("app", "web_default(u-1)");
        let errands =
            Errands { container: container.to_owned(), pod: pod.to_owned(), ..Errands::default() };
        let encoded = postcard::to_stdvec(&errands).unwrap();
        assert_eq!(Names::stand_in(&encoded), Names { container, pod });
        assert_eq!(Names::stand_in(&[]), Names { container: "", pod: "" });
    }
}
