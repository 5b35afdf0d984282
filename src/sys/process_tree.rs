//! Who descends from whom, by /proc. Nothing is remembered between two looks and no memory is asked
//! for: each process is asked for its parent until podinit or the root is reached.

use nix::unistd::Pid;

use super::clock::Ticks;
use super::directory::Numbers;
use super::text::Text;
use super::{Errno, file};

/// No tree is deeper than this; a chain that changes while it is read may look so.
const DEEPEST: usize = 4096;

/// How often a chain of parents is read anew because one of them has gone meanwhile.
const ATTEMPTS: usize = 16;

/// A process under podinit, living or dead.
#[derive(Clone, Copy, Debug)]
pub struct Descendant {
    pub pid: Pid,
    /// It is podinit's own child: born so, or orphaned.
    pub is_child: bool,
    /// By a signal: what it is sent waits until it is continued.
    pub is_stopped: bool,
    pub started: Ticks,
}

/// There is no /proc, or it is another PID namespace's, or it could not be read to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoProc;

/// Calls `visit` for each descendant of `ancestor` but `spared` and those below it, in no order. Processes that come
/// while it looks may be missed: look again until there are none.
///
/// # Errors
/// [`NoProc`]; some may have been visited all the same.
#[inline(never)]
pub fn for_each_descendant(
    ancestor: Pid,
    spared: Option<Pid>,
    mut visit: impl FnMut(Descendant),
) -> Result<(), NoProc> {
    for_each(|pid, Stat { parent, is_stopped, started, .. }| {
        if descends(pid, ancestor, spared)? {
            visit(Descendant { pid, is_child: parent == ancestor, is_stopped, started });
        }
        Ok(())
    })
}

/// Calls `visit` for each living process of this session, with what was said of [`for_each_descendant`].
///
/// # Errors
/// [`NoProc`]; some may have been visited all the same.
pub fn for_each_of_session(session: Pid, mut visit: impl FnMut(Pid)) -> Result<(), NoProc> {
    for_each(|pid, stat| {
        if stat.session == session && !stat.is_dead {
            visit(pid);
        }
        Ok(())
    })
}

/// When this process was born; `None` if there is none such.
///
/// # Errors
/// [`NoProc`].
pub fn started(pid: Pid) -> Result<Option<Ticks>, NoProc> {
    if proc_is_ours() { Ok(Stat::of(pid)?.map(|stat| stat.started)) } else { Err(NoProc) }
}

fn for_each(mut visit: impl FnMut(Pid, Stat) -> Result<(), NoProc>) -> Result<(), NoProc> {
    if !proc_is_ours() {
        return Err(NoProc);
    }
    let mut processes = Numbers::open(c"/proc").map_err(|_| NoProc)?;
    while let Some(number) = processes.next_number().map_err(|_| NoProc)? {
        let pid = Pid::from_raw(number);
        if let Some(stat) = Stat::of(pid)? {
            visit(pid, stat)?;
        }
    }
    Ok(())
}

/// Whether /proc shows that this process is there and does not descend from `ancestor`. One that is gone is no stranger,
/// as nobody can tell any more; nor is anybody where there is no /proc.
pub fn is_stranger(pid: Pid, ancestor: Pid) -> bool {
    proc_is_ours()
        && descends(pid, ancestor, None) == Ok(false)
        && matches!(Stat::of(pid), Ok(Some(_)))
}

fn descends(pid: Pid, ancestor: Pid, spared: Option<Pid>) -> Result<bool, NoProc> {
    // Where a link goes while the chain is climbed, what hung on it has got another parent.
    for _ in 0..ATTEMPTS {
        if let Some(answer) = climb(pid, ancestor, spared)? {
            return Ok(answer);
        }
    }
    Ok(false)
}

/// Whether `ancestor` is above `pid` without `spared` in between; `None` when the chain broke.
fn climb(mut pid: Pid, ancestor: Pid, spared: Option<Pid>) -> Result<Option<bool>, NoProc> {
    for _ in 0..DEEPEST {
        if Some(pid) == spared {
            return Ok(Some(false));
        }
        match Stat::of(pid)?.map(|stat| stat.parent) {
            None => return Ok(None),
            Some(parent) if parent == ancestor => return Ok(Some(true)),
            Some(parent) if parent.as_raw() <= 1 => return Ok(Some(false)),
            Some(parent) => pid = parent,
        }
    }
    Ok(Some(false))
}

/// What /proc/PID/stat says of a process.
#[derive(Clone, Copy)]
struct Stat {
    /// 0 for a parent outside the PID namespace.
    parent: Pid,
    session: Pid,
    is_stopped: bool,
    is_dead: bool,
    started: Ticks,
}

impl Stat {
    /// `None` when the process is gone; anything else that keeps it from being read is no answer.
    fn of(pid: Pid) -> Result<Option<Stat>, NoProc> {
        let path = Text::<32>::format(format_args!("/proc/{pid}/stat\0"));
        let mut buffer = [0; 1024];
        match file::read_start(path.as_c_str().ok_or(NoProc)?, &mut buffer) {
            Ok(text) => Stat::parse(text).map(Some).ok_or(NoProc),
            Err(Errno::ENOENT | Errno::ESRCH) => Ok(None),
            Err(_) => Err(NoProc),
        }
    }

    /// Numbers 3, 4, 6 and 22 of proc_pid_stat(5).
    fn parse(text: &[u8]) -> Option<Stat> {
        // The name may hold anything, `)` too: what counts comes behind the last one, from number 3 on.
        let after_name = text.rsplit(|byte| *byte == b')').next()?;
        let mut fields = after_name.split(|byte| *byte == b' ').skip(1);
        let state = fields.next()?;
        let (is_stopped, is_dead) = (state == b"T", matches!(state, b"Z" | b"X"));
        let mut number = |skipped| std::str::from_utf8(fields.nth(skipped)?).ok();
        let parent = Pid::from_raw(number(0)?.parse().ok()?);
        let session = Pid::from_raw(number(1)?.parse().ok()?);
        let started = Ticks(number(15)?.parse().ok()?);
        Some(Stat { parent, session, is_stopped, is_dead, started })
    }
}

/// Whether /proc numbers processes as podinit's own namespace does: `NSpid` then has one number.
fn proc_is_ours() -> bool {
    // The line before it grows with the number of groups, and is passed over.
    let mut buffer = [0; 1024];
    let pids = file::find_line(c"/proc/self/status", b"NSpid:", &mut buffer);
    let count =
        |pids: &[u8]| pids.split(u8::is_ascii_whitespace).filter(|pid| !pid.is_empty()).count();
    pids.is_ok_and(|pids| pids.is_some_and(|pids| count(pids) == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_descends_from_us_and_we_do_not_from_it() {
        let before = Ticks::now();
        let mut child = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        let pid = Pid::from_raw(child.id() as i32);
        let mut seen = Vec::new();
        for_each_descendant(Pid::this(), None, |descendant| seen.push(descendant)).unwrap();
        let found = seen.iter().find(|descendant| descendant.pid == pid).unwrap();
        assert!(
            found.is_child && found.started >= before && found.started <= Ticks::now(),
            "{found:?}"
        );
        let seen: Vec<Pid> = seen.iter().map(|descendant| descendant.pid).collect();
        assert!(!seen.contains(&Pid::this()) && !seen.contains(&Pid::parent()));
        assert_eq!(descends(Pid::this(), pid, None), Ok(false));
        assert_eq!(descends(pid, Pid::this(), None), Ok(true));
        assert_eq!(descends(pid, Pid::this(), Some(pid)), Ok(false));
        assert!(is_stranger(Pid::this(), pid) && !is_stranger(pid, Pid::this()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!is_stranger(pid, Pid::this()), "it is gone");
    }

    #[test]
    fn a_name_with_brackets_and_blanks_deceives_nobody() {
        let fields = "0 ".repeat(15);
        let text = format!("12 (a) T 1 b) T 77 5 66 {fields}4242 0 0");
        let stat = Stat::parse(text.as_bytes()).unwrap();
        assert_eq!(
            (stat.parent, stat.session, stat.is_stopped, stat.is_dead, stat.started),
            (Pid::from_raw(77), Pid::from_raw(66), true, false, Ticks(4242))
        );
        assert!(Stat::parse(b"12 (a) T").is_none() && Stat::parse(b"").is_none());
    }
}
