//! What the agent tells of probes, hooks and the program, and what init makes of it.

use super::{BATCH, Supervisor};
use crate::init::report::{Note, Supervised};
use crate::lifecycle::container::Event;
use crate::link::{LONGEST_MESSAGE, Message, Report};

impl Supervisor<'_> {
    pub(super) fn hear(&mut self) {
        let mut buffer = [0; LONGEST_MESSAGE];
        for _ in 0..BATCH {
            let agent = self.agent.as_mut();
            let Some(message) = agent.and_then(|agent| agent.next_message(&mut buffer)) else {
                return;
            };
            // Whatever is said of an instance, it has been executed before.
            if let Some(event) = self.instance.look_at_exec() {
                self.happened(event);
            }
            match message {
                Message::Event(remarked) => self.remarked(remarked),
                Message::Report(report) => self.heard(report),
            }
        }
    }

    fn heard(&mut self, report: Report) {
        let latest = self.container.instance();
        if let Report::Notified { instance, ready } = report {
            if instance == latest {
                self.notified(ready);
            }
            if let Some(agent) = &mut self.agent {
                agent.acknowledge(instance, &mut self.log);
            }
        } else if let Some(agent) = &mut self.agent
            && let Some(event) = agent.heard(report, latest)
        {
            self.happened(event);
        }
    }

    /// The program has said that it is ready, or that it no longer is. Where there is a readiness probe, that knows better.
    fn notified(&mut self, ready: bool) {
        if ready {
            self.happened(Event::Started);
        }
        if self.supervision.life.probes.readiness.is_none() {
            self.happened(Event::Ready(ready));
        }
    }

    /// After an event. Of one that ends there is other news than that it is no longer ready.
    pub(super) fn look_whether_ready(&mut self, event: Event) {
        let (name, ready) = (self.names.container, self.container.status().ready);
        let is_news = self.manager.ready(ready) && (ready || event == Event::Ready(false));
        if is_news && self.supervision.life.notifies {
            let said = Supervised::Ready { name, ready };
            self.manager.status(said);
            self.log.note(Note::Supervised(said));
        }
    }
}
