//! The clock deadlines are kept by.

use std::time::{Duration, SystemTime};

use nix::time::{ClockId, clock_gettime};

/// Time since an arbitrary start, never going back (`CLOCK_MONOTONIC`).
pub fn monotonic() -> Duration {
    // The kernel has had this clock for ever; a sandbox that refuses it gets one that stands still.
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from)
}

/// The time of day, for log lines only.
pub fn wall() -> SystemTime {
    SystemTime::now()
}
