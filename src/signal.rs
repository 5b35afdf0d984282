//! Signals by name and number: the word every room uses for them.
//!
//! Numbers are those of Linux's generic ABI (x86, arm, powerpc, s390, riscv); names are those of
//! signal(7) and of the Pod API (kubelet V13): `SIGTERM`, `TERM`, `term`, `15`, `RTMIN+3`, `SIGRTMAX-1`.

use std::fmt;

/// First and last real-time signal a program may use; 32 and 33 belong to libc (init U14).
const RTMIN: u8 = 34;
const RTMAX: u8 = 64;

/// One signal, 1 to 64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(u8);

macro_rules! signals {
    ($($name:ident = $number:literal,)*) => {
        impl Signal {
            $(#[doc = concat!("`SIG", stringify!($name), "`.")] pub const $name: Signal = Signal($number);)*
        }
        const NAMES: &[(&str, u8)] = &[$((stringify!($name), $number),)*];
    };
}

signals! {
    HUP = 1, INT = 2, QUIT = 3, ILL = 4, TRAP = 5, ABRT = 6, BUS = 7, FPE = 8, KILL = 9, USR1 = 10,
    SEGV = 11, USR2 = 12, PIPE = 13, ALRM = 14, TERM = 15, STKFLT = 16, CHLD = 17, CONT = 18,
    STOP = 19, TSTP = 20, TTIN = 21, TTOU = 22, URG = 23, XCPU = 24, XFSZ = 25, VTALRM = 26,
    PROF = 27, WINCH = 28, IO = 29, PWR = 30, SYS = 31,
}

const ALIASES: &[(&str, u8)] =
    &[("CLD", 17), ("IOT", 6), ("POLL", 29), ("RTMIN", RTMIN), ("RTMAX", RTMAX)];

impl Signal {
    /// The signal of this number, if it is one (1 to 64).
    pub const fn new(number: i32) -> Option<Signal> {
        if number >= 1 && number <= RTMAX as i32 { Some(Signal(number as u8)) } else { None }
    }

    /// Its number, 1 to 64.
    pub const fn number(self) -> i32 {
        self.0 as i32
    }

    /// The signal meant by a name or a number as people write them.
    pub fn parse(text: &str) -> Option<Signal> {
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return text.parse().ok().and_then(Signal::new);
        }
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        let named = NAMES.iter().chain(ALIASES).find(|(known, _)| *known == name);
        named.map(|(_, number)| Signal(*number)).or_else(|| Signal::parse_real_time(name))
    }

    fn parse_real_time(name: &str) -> Option<Signal> {
        let offset = |text: &str| {
            text.parse::<u8>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
        };
        let number = if let Some(up) = name.strip_prefix("RTMIN+") {
            RTMIN.checked_add(offset(up)?)?
        } else {
            RTMAX.checked_sub(offset(name.strip_prefix("RTMAX-")?)?)?
        };
        (RTMIN..=RTMAX).contains(&number).then_some(Signal(number))
    }

    /// Every signal a process can catch and an init forwards: not KILL, STOP and CHLD (init U15),
    /// nor libc's 32 and 33 (init U14).
    pub fn forwardable() -> impl Iterator<Item = Signal> {
        (1..=RTMAX).map(Signal).filter(|signal| signal.is_forwardable())
    }

    /// Whether an init forwards it, see [`Signal::forwardable`].
    pub const fn is_forwardable(self) -> bool {
        !matches!(self, Signal::KILL | Signal::STOP | Signal::CHLD)
            && (self.0 < 32 || self.0 >= RTMIN)
    }
}

/// Without the `SIG` prefix, as in a log line: `TERM`, `RTMIN+3`.
impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(_, number)| *number == self.0) {
            Some((name, _)) => f.write_str(name),
            None if self.0 < RTMIN => write!(f, "{}", self.0),
            None if self.0 == RTMIN => f.write_str("RTMIN"),
            None if self.0 == RTMAX => f.write_str("RTMAX"),
            None if self.0 <= RTMIN + 15 => write!(f, "RTMIN+{}", self.0 - RTMIN),
            None => write!(f, "RTMAX-{}", RTMAX - self.0),
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIG{self}")
    }
}

/// A set of signals, in the kernel's own layout (bit 0 is signal 1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SignalSet(u64);

impl SignalSet {
    pub const EMPTY: SignalSet = SignalSet(0);
    pub const ALL: SignalSet = SignalSet(!0);

    /// From the kernel's 64 bits.
    pub const fn from_bits(bits: u64) -> SignalSet {
        SignalSet(bits)
    }

    pub const fn bits(self) -> u64 {
        self.0
    }

    #[must_use]
    pub const fn union(self, other: SignalSet) -> SignalSet {
        SignalSet(self.0 | other.0)
    }

    pub const fn contains(self, signal: Signal) -> bool {
        self.0 & (1 << (signal.0 - 1)) != 0
    }

    #[must_use]
    pub const fn with(self, signal: Signal) -> SignalSet {
        SignalSet(self.0 | 1 << (signal.0 - 1))
    }

    #[must_use]
    pub const fn without(self, signal: Signal) -> SignalSet {
        SignalSet(self.0 & !(1 << (signal.0 - 1)))
    }
}

impl FromIterator<Signal> for SignalSet {
    fn from_iter<I: IntoIterator<Item = Signal>>(signals: I) -> SignalSet {
        signals.into_iter().fold(SignalSet::EMPTY, SignalSet::with)
    }
}

/// Who caused a signal that init has received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sender {
    /// A process, by kill(2), sigqueue(3) and the like; from outside the PID namespace too.
    Process,
    /// The kernel: a terminal, a timer, a dead parent, a descriptor.
    Kernel,
    /// Init itself, by what it did: a write to a pipe without reader, a file grown past its limit.
    Init,
}

/// A signal as init received it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Received {
    pub signal: Signal,
    pub sender: Sender,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_mean_the_same_signal() {
        for text in ["SIGTERM", "TERM", "term", "sigterm", "15"] {
            assert_eq!(Signal::parse(text), Some(Signal::TERM), "{text}");
        }
        assert_eq!(Signal::parse("CLD"), Some(Signal::CHLD));
        assert_eq!(Signal::parse("SIGPOLL"), Some(Signal::IO));
    }

    /// kubelet V13, kubelet T21.
    #[test]
    fn real_time_signals_are_counted_from_either_end() {
        assert_eq!(Signal::parse("SIGRTMIN").map(Signal::number), Some(34));
        assert_eq!(Signal::parse("RTMIN+3").map(Signal::number), Some(37));
        assert_eq!(Signal::parse("SIGRTMAX-1").map(Signal::number), Some(63));
        assert_eq!(Signal::parse("RTMAX").map(Signal::number), Some(64));
    }

    #[test]
    fn what_is_no_signal_is_refused() {
        for text in [
            "", "0", "65", "-1", "+15", "SIG", "TERMS", "RTMIN+31", "RTMAX-31", "RTMIN+",
            "RTMIN+-1", "RTMIN+ 1",
        ] {
            assert_eq!(Signal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_signal_is_read_back_from_what_it_prints() {
        for number in 1..=64 {
            let signal = Signal::new(number).unwrap();
            assert_eq!(Signal::parse(&signal.to_string()), Some(signal));
        }
    }

    /// init U13, init U14, init U15.
    #[test]
    fn all_but_five_are_forwardable() {
        let left_out: Vec<i32> =
            (1..=64).filter(|n| !Signal::new(*n).unwrap().is_forwardable()).collect();
        assert_eq!(left_out, [9, 17, 19, 32, 33]);
    }
}
