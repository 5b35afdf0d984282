//! The messages between init and its agent. They name what is done by its place in the plan and by the instance it is
//! for, never by a command. One message is one packet.

use serde::{Deserialize, Serialize};

use crate::lifecycle::Moment;
use crate::lifecycle::container::Hook;
use crate::lifecycle::probe::{Kind, Snapshot};
use crate::lifecycle::status::health::Vitals;

/// No message is longer, in bytes.
pub const LONGEST: usize = 128;

/// What init tells the agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Order {
    /// What was last told of this probe to init: the first messages to an agent that takes another's place.
    Restore { kind: Kind, instance: u32, snapshot: Snapshot },
    /// Begin with the probes of this instance ([`crate::lifecycle::probe::Event::Running`]).
    Watch { instance: u32, since: Moment, started: bool },
    /// The instance has started.
    Started,
    /// Its end has begun.
    Quieten,
    /// It has ended.
    Unwatch,
    /// Run this hook of this instance; answered by [`Report::HookEnded`].
    Run { hook: Hook, instance: u32 },
    /// End it, with all it has started; not answered.
    End(Hook),
    /// Hear what this instance says of itself by the socket that comes with this message.
    Listen { instance: u32 },
    /// What was told by [`Report::Notified`] has been taken.
    Noted { instance: u32 },
    /// The container as of now, for who asks the agent: told to each agent that serves, and when it has changed.
    Status(Vitals),
}

/// What the agent tells init: only what has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Report {
    /// The startup probe of this instance has succeeded.
    Started {
        instance: u32,
    },
    /// What its readiness probe says now.
    Ready {
        instance: u32,
        ready: bool,
    },
    /// This probe of it has failed for good.
    Failed {
        instance: u32,
        kind: Kind,
    },
    HookEnded {
        hook: Hook,
        instance: u32,
        well: bool,
    },
    /// The program itself says that it has started and is ready, or that it no longer is; answered by [`Order::Noted`].
    Notified {
        instance: u32,
        ready: bool,
    },
    /// To be kept for the next agent; it takes no answer.
    Kept {
        kind: Kind,
        instance: u32,
        snapshot: Snapshot,
    },
}

/// All that comes from the agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Message<'a> {
    Report(Report),
    /// It has told the log of an event: its reason, and the text, of at most [`TEXT`] bytes. Only to an init that wants to know.
    #[serde(borrow)]
    Event(Remarked<'a>),
}

/// An event, as the agent has told the log of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Remarked<'a> {
    pub reason: &'a str,
    pub text: &'a str,
}

/// So much of an event's text is told, in bytes.
pub const TEXT: usize = 800;

/// No message of the agent is longer, in bytes.
pub const LONGEST_MESSAGE: usize = TEXT + LONGEST;

/// A packet's content.
#[derive(Clone, Copy, Debug)]
pub struct Packet {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Packet {
    /// Asks for no memory.
    pub fn of(message: &impl Serialize) -> Packet {
        let mut bytes = [0; LONGEST];
        let length = postcard::to_slice(message, &mut bytes).map_or(0, |used| used.len());
        Packet { bytes, length }
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// The message in a packet; `None` if it is none. Asks for no memory.
pub fn read<'a, M: Deserialize<'a>>(packet: &'a [u8]) -> Option<M> {
    postcard::from_bytes(packet).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::probe::{Cached, Stage, Watched};
    use crate::lifecycle::status::{ContainerStatus, EndReason, State, Terminated};
    use std::time::Duration;

    /// The longest there is: every number at its largest.
    #[test]
    fn every_message_fits_a_packet() {
        let ever = Moment::at(Duration::MAX);
        let watched = Watched {
            ripe: ever,
            started: true,
            on_hold: true,
            last: true,
            run: u32::MAX,
            not_before: ever,
        };
        let snapshot = Snapshot { cached: Cached::Failure, stage: Stage::Watched(watched) };
        let end = Terminated {
            exit_code: i32::MIN,
            reason: EndReason::RestartingAllContainers,
            started: ever,
            finished: ever,
        };
        let status = ContainerStatus {
            state: State::Terminated(end),
            last: Some(end),
            ready: true,
            started: true,
            restart_count: u32::MAX,
        };
        let vitals = Vitals { status, ending: true, failed: true };
        let orders = [
            Order::Restore { kind: Kind::Readiness, instance: u32::MAX, snapshot },
            Order::Watch { instance: u32::MAX, since: ever, started: true },
            Order::Started,
            Order::Quieten,
            Order::Unwatch,
            Order::Run { hook: Hook::PostStop, instance: u32::MAX },
            Order::End(Hook::PostStop),
            Order::Listen { instance: u32::MAX },
            Order::Noted { instance: u32::MAX },
            Order::Status(vitals),
        ];
        for order in orders {
            assert_eq!(read(Packet::of(&order).as_bytes()), Some(order));
        }
        let reports = [
            Report::Started { instance: u32::MAX },
            Report::Ready { instance: u32::MAX, ready: true },
            Report::Failed { instance: u32::MAX, kind: Kind::Liveness },
            Report::HookEnded { hook: Hook::PreStop, instance: u32::MAX, well: true },
            Report::Notified { instance: u32::MAX, ready: true },
            Report::Kept { kind: Kind::Startup, instance: u32::MAX, snapshot },
        ];
        for report in reports.map(Message::Report) {
            assert_eq!(read(Packet::of(&report).as_bytes()), Some(report));
        }
        let text = &"x".repeat(TEXT);
        let event = Message::Event(Remarked { reason: "LifecycleHTTPFallback", text });
        let packet = postcard::to_stdvec(&event).unwrap();
        assert!(packet.len() <= LONGEST_MESSAGE);
        assert_eq!(read(&packet), Some(event));
        assert_eq!(read::<Order>(&[]), None);
        assert_eq!(read::<Report>(&[255; 8]), None);
    }
}
