//! The pod as it lives: pure state machines. Events and the time go in, actions come out; there is
//! no system call, no clock and no thread here, so that any life can be lived in virtual time.

pub mod actions;
pub mod clearing;
pub mod conditions;
pub mod container;
pub mod grace;
pub mod pod;
pub mod probe;
pub mod restart;
pub mod status;
pub mod termination;

use std::ops::Add;
use std::time::Duration;

/// A moment on a clock that never goes back, counted from some fixed start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Moment(Duration);

impl Moment {
    pub const fn at(since_start: Duration) -> Moment {
        Moment(since_start)
    }

    /// Time passed since `earlier`, zero if that lies ahead.
    #[inline(always)]
    pub fn since(self, earlier: Moment) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Moment;

    fn add(self, duration: Duration) -> Moment {
        Moment(self.0.saturating_add(duration))
    }
}
