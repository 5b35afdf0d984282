//! What `/proc` says of a process, and the names of signals.

use std::fs;

/// A field of `/proc/PID/status`; `None` when the process or the field is gone.
pub fn status(pid: i32, field: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix(field)?.strip_prefix(':'))?;
    Some(line.trim().to_owned())
}

/// A signal set of `/proc/PID/status`: `SigBlk`, `SigCgt`, `SigIgn`, `SigPnd`, `ShdPnd`. Empty when it is gone.
pub fn signal_set(pid: i32, field: &str) -> u64 {
    status(pid, field).map_or(0, |hex| u64::from_str_radix(&hex, 16).unwrap())
}

/// The bit of a signal in a set.
pub fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

/// The signals of a set.
pub fn signals_of(set: u64) -> Vec<i32> {
    (1..=64).filter(|s| set & bit(*s) != 0).collect()
}

/// `R`, `S`, `D`, `T` (stopped), `Z`…; `None` when the process is gone.
pub fn state(pid: i32) -> Option<char> {
    status(pid, "State")?.chars().next()
}

/// Alive: neither gone nor a zombie.
pub fn is_alive(pid: i32) -> bool {
    state(pid).is_some_and(|s| s != 'Z' && s != 'X')
}

/// The children of a process, zombies included, the oldest first.
pub fn children(pid: i32) -> Vec<i32> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().map(|p| p.parse().unwrap()).collect()
}

/// All below a process.
pub fn descendants(pid: i32) -> Vec<i32> {
    let mut all = children(pid);
    let mut next = 0;
    while next < all.len() {
        all.extend(children(all[next]));
        next += 1;
    }
    all
}

/// Process group and session, as this test's PID namespace numbers them.
pub fn group_and_session(pid: i32) -> Option<(i32, i32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut after_name = stat.rsplit_once(')')?.1.split_whitespace();
    Some((after_name.nth(2)?.parse().ok()?, after_name.next()?.parse().ok()?))
}

/// The open descriptors of a process.
pub fn descriptors(pid: i32) -> Vec<i32> {
    let mut fds: Vec<i32> = fs::read_dir(format!("/proc/{pid}/fd"))
        .map(|dir| dir.filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok()).collect())
        .unwrap_or_default();
    fds.sort_unstable();
    fds
}

/// How often the process went to sleep of its own will: each wake-up adds one.
pub fn sleeps(pid: i32) -> u64 {
    status(pid, "voluntary_ctxt_switches").expect("it runs").parse().unwrap()
}

/// Sends a signal to any process.
pub fn send(pid: i32, signal: i32) {
    // SAFETY: no memory is involved.
    assert_eq!(
        unsafe { libc::kill(pid, signal) },
        0,
        "kill({pid}, {signal}): {}",
        std::io::Error::last_os_error()
    );
}

/// 1–31 and 34–64, what `kill` can send.
pub fn all_signals() -> impl Iterator<Item = i32> {
    (1..=64).filter(|s| !matches!(s, 32 | 33))
}

/// The working directory of a process.
pub fn directory(pid: i32) -> String {
    let link = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
    link.into_os_string().into_string().unwrap()
}

/// Whether nobody has the writing end of this pipe open any more.
pub fn hung_up(reader: &fs::File) -> bool {
    use std::os::fd::AsRawFd;
    let mut poll = libc::pollfd { fd: reader.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one entry, as said.
    unsafe { libc::poll(&mut poll, 1, 0) };
    poll.revents & libc::POLLHUP != 0
}

/// Whether the process has taken this signal into its hands: blocked or handled. (The kernel shows what a process waits
/// for in `sigwait` as not blocked.)
pub fn takes(pid: i32, signal: i32) -> bool {
    (signal_set(pid, "SigBlk") | signal_set(pid, "SigCgt")) & bit(signal) != 0
}
