//! The pause before a container is started again: `CrashLoopBackOff` (kubelet R13 to R23; departures R20 to R22).

use std::fmt;
use std::time::Duration;

use crate::duration::Go;
use crate::lifecycle::Moment;
use crate::plan::life::Pace;

/// An instance that has lived longer than this starts the sequence over; exactly this long is not enough (kubelet R18).
pub const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);

/// So long after a start that did not succeed the next may be tried (kubelet R23, without its jitter).
pub const RETRY_AFTER: Duration = Duration::from_secs(10);

/// The back-off of one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackOff {
    pace: Pace,
    /// The pause that applies after the next end, and when it was set.
    step: Option<Step>,
    /// When the latest instance ended.
    finished: Option<Moment>,
    /// A start that failed is not tried again before.
    retry: Option<Moment>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    pause: Duration,
    at: Moment,
}

impl BackOff {
    pub fn new(pace: Pace) -> BackOff {
        BackOff { pace, step: None, finished: None, retry: None }
    }

    /// An instance has ended, however that came (kubelet R14, R19).
    pub fn ended(&mut self, finished: Moment) {
        self.finished = Some(finished);
        self.retry = None;
    }

    /// The start that [`BackOff::start`] allowed did not succeed (kubelet R23).
    pub fn start_failed(&mut self, now: Moment) {
        self.retry = Some(now + RETRY_AFTER);
    }

    /// The earliest moment for a start; `None` if nothing is in its way.
    pub fn due(&self) -> Option<Moment> {
        let end = self.live_step().and_then(|step| Some(self.finished? + step.pause));
        end.max(self.retry)
    }

    /// Asks to start an instance now. Where that is granted it counts: the pause after the next end becomes longer
    /// (kubelet R15, R16). A start before any instance has ended does not count.
    pub fn start(&mut self, now: Moment) -> Result<(), Blocked> {
        let live = self.live_step();
        if let Some(until) = self.due().filter(|due| now < *due) {
            let crash = live.and_then(|step| Some((self.finished? + step.pause, step.pause)));
            let pause = crash.filter(|(end, _)| now < *end).map(|(_, pause)| pause);
            return Err(Blocked { pause, until });
        }
        if self.finished.is_some() {
            let pause = live.map_or(self.pace.first(), |step| self.pace.after(step.pause));
            self.step = Some(Step { pause, at: now });
        }
        Ok(())
    }

    /// The step, unless the instance that has ended lived so long that it is forgotten.
    fn live_step(&self) -> Option<Step> {
        let finished = self.finished?;
        self.step.filter(|step| finished.since(step.at) <= FORGOTTEN_AFTER)
    }
}

/// A start that has to wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Blocked {
    /// The whole pause of a `CrashLoopBackOff`; `None` if only a failed start is in the way.
    pub pause: Option<Duration>,
    /// When it may be tried again.
    pub until: Moment,
}

/// The message of the waiting reason `CrashLoopBackOff` (kubelet R17).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CrashLoopMessage<'a> {
    pub pause: Duration,
    pub container: &'a str,
    /// `NAME_NAMESPACE(UID)`
    pub pod: &'a str,
}

impl fmt::Display for CrashLoopMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CrashLoopMessage { pause, container, pod } = self;
        write!(f, "back-off {} restarting failed container={container} pod={pod}", Go(*pause))
    }
}
