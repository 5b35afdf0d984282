//! The names that `lifecycle.stopSignal` may have (kubelet V13).

use crate::signal::Signal;

#[cfg(test)]
mod tests;

/// The system that a pod says it is for (`spec.os.name`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Os {
    Linux,
    Windows,
}

/// Second names that the API knows.
const ALIASES: [&str; 3] = ["SIGCLD", "SIGIOT", "SIGPOLL"];

/// The signal that the API knows by this very name on `os`: in capitals, with `SIG`, and a real-time signal by that of
/// its two names which counts from the nearer end.
pub fn parse(name: &str, os: Os) -> Option<Signal> {
    let signal = Signal::parse(name)?;
    let known = name == full_name(signal) || ALIASES.contains(&name);
    (known && is_known(signal, os)).then_some(signal)
}

/// All names on `os`, sorted: 65 on Linux, two on Windows.
pub fn names(os: Os) -> Vec<String> {
    let signals = (1..=64).filter_map(Signal::new).filter(|signal| is_known(*signal, os));
    let aliases = ALIASES.into_iter().filter(|alias| parse(alias, os).is_some());
    let mut names: Vec<String> = signals.map(full_name).chain(aliases.map(str::to_owned)).collect();
    names.sort_unstable();
    names
}

fn full_name(signal: Signal) -> String {
    format!("SIG{signal}")
}

fn is_known(signal: Signal, os: Os) -> bool {
    match os {
        // 32 and 33 have no name.
        Os::Linux => !matches!(signal.number(), 32 | 33),
        Os::Windows => matches!(signal, Signal::KILL | Signal::TERM),
    }
}
