//! CLOCK_MONOTONIC as a plain number, so that two processes can compare their readings.

use std::ops::{Add, Sub};
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub struct Instant(u64);

impl Instant {
    pub fn now() -> Self {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: a valid out-pointer; this clock always exists.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
        Instant(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
    }

    pub fn from_nanos(nanos: u64) -> Self {
        Instant(nanos)
    }

    pub fn nanos(self) -> u64 {
        self.0
    }

    pub fn elapsed(self) -> Duration {
        Instant::now().saturating_sub(self)
    }

    pub fn saturating_sub(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Burn time until then: a sleep would be late by more than what is measured.
    pub fn spin(self) {
        while Instant::now() < self {
            std::hint::spin_loop();
        }
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, time: Duration) -> Instant {
        Instant(self.0 + time.as_nanos() as u64)
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Instant) -> Duration {
        self.saturating_sub(earlier)
    }
}
