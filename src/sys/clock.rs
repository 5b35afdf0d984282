//! The clocks: one for deadlines, one for log lines, and the one /proc counts by.

use std::time::{Duration, SystemTime};

use nix::time::{ClockId, clock_gettime};
use nix::unistd::{SysconfVar, sysconf};

/// Time since an arbitrary start, never going back (`CLOCK_MONOTONIC`).
pub fn monotonic() -> Duration {
    read(ClockId::CLOCK_MONOTONIC)
}

/// The time of day, for log lines only.
pub fn wall() -> SystemTime {
    SystemTime::UNIX_EPOCH + read(ClockId::CLOCK_REALTIME)
}

/// A moment since the machine's start, as coarse as /proc has it: usually 10 ms.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ticks(pub u64);

impl Ticks {
    pub fn now() -> Ticks {
        let per_second =
            sysconf(SysconfVar::CLK_TCK).ok().flatten().map_or(100, i64::cast_unsigned);
        let since_boot = read(ClockId::CLOCK_BOOTTIME);
        Ticks(
            since_boot.as_secs() * per_second
                + u64::from(since_boot.subsec_nanos()) * per_second / 1_000_000_000,
        )
    }
}

fn read(clock: ClockId) -> Duration {
    // The kernel has had these for ever; a sandbox that refuses one gets it standing still.
    clock_gettime(clock).map_or(Duration::ZERO, Duration::from)
}
