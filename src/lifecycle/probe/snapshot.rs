//! What must be kept of a probe so that another agent can go on with it: as little as that, and nothing that changes
//! while the answers keep confirming the cached result. So PID 1, which keeps it, is not woken by that. What was ready
//! stays ready then, as it does when a kubelet starts anew (kubelet W29).

use super::{Cached, Kind, Life, Moment, Probe, Settings, State};

/// A probe as of some moment, less the attempt on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Snapshot {
    pub cached: Cached,
    pub stage: Stage,
}

/// Where a probe stands with its container.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub enum Stage {
    /// No instance runs.
    Absent,
    Watched(Watched),
    /// The instance is being terminated.
    Quiet,
}

/// A probe of an instance that runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Watched {
    /// When initial delays are over.
    pub ripe: Moment,
    pub started: bool,
    /// Nothing is run until the next instance (kubelet W18).
    pub on_hold: bool,
    /// The last answer, a success or not, and how many of its kind came in a row; no more than its threshold, as
    /// more make no difference (kubelet W16).
    pub last: bool,
    pub run: u32,
    /// Not before then is the next attempt due. Once the run has reached its threshold this is when the delays were
    /// over: an attempt that comes too early does no harm then, and each would change it.
    pub not_before: Moment,
}

impl Probe {
    /// What [`Probe::restore`] needs.
    pub fn snapshot(&self) -> Snapshot {
        let stage = match self.state {
            State::Absent => Stage::Absent,
            State::Watched(life) => Stage::Watched(self.watched(life)),
            State::Quiet => Stage::Quiet,
        };
        Snapshot { cached: self.cached, stage }
    }

    fn watched(&self, life: Life) -> Watched {
        let Life { ripe, started, on_hold, last, run, next, flight: _ } = life;
        let threshold = self.settings.threshold(last).max(1);
        let settled = on_hold || run >= threshold;
        let not_before = if settled { ripe } else { next };
        Watched { ripe, started, on_hold, last, run: run.min(threshold), not_before }
    }

    /// Goes on with a probe whose agent is gone. An attempt that was on its way is lost, and made anew at once.
    pub fn restore(kind: Kind, settings: Settings, snapshot: Snapshot, now: Moment) -> Probe {
        let state = match snapshot.stage {
            Stage::Absent => State::Absent,
            Stage::Watched(Watched { ripe, started, on_hold, last, run, not_before }) => {
                let next = not_before.max(now);
                State::Watched(Life { ripe, started, on_hold, last, run, next, flight: None })
            }
            Stage::Quiet => State::Quiet,
        };
        Probe { state, cached: snapshot.cached, ..Probe::new(kind, settings) }
    }
}
