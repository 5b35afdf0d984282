//! Who descends from whom, by /proc. Nothing is remembered between two looks and no memory is asked
//! for: each process is asked for its parent until podinit or the root is reached.

use std::ffi::CStr;
use std::os::fd::RawFd;

use nix::time::{ClockId, clock_gettime};
use nix::unistd::{Pid, SysconfVar, sysconf};

use super::Errno;
use super::text::Text;

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

/// A moment since the machine's start, as coarse as /proc has it: usually 10 ms.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ticks(u64);

impl Ticks {
    pub fn now() -> Ticks {
        let per_second =
            sysconf(SysconfVar::CLK_TCK).ok().flatten().and_then(|ticks| u64::try_from(ticks).ok());
        let per_second = per_second.unwrap_or(100);
        let since_boot =
            clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(std::time::Duration::ZERO, Into::into);
        Ticks(
            since_boot.as_secs() * per_second
                + u64::from(since_boot.subsec_nanos()) * per_second / 1_000_000_000,
        )
    }
}

/// Calls `visit` for each descendant of `ancestor`, in no order. Processes that come while it looks
/// may be missed: look again until there are none.
///
/// Returns `false`, having visited nobody, where there is no /proc of podinit's own PID namespace.
#[inline(never)]
pub fn for_each_descendant(ancestor: Pid, mut visit: impl FnMut(Descendant)) -> bool {
    if !proc_is_ours() {
        return false;
    }
    let Some(mut processes) = Numbers::open(c"/proc") else { return false };
    while let Some(number) = processes.next() {
        let pid = Pid::from_raw(number);
        if let Some(Stat { parent, is_stopped, started }) = Stat::of(pid)
            && descends(pid, ancestor)
        {
            visit(Descendant { pid, is_child: parent == ancestor, is_stopped, started });
        }
    }
    true
}

fn descends(pid: Pid, ancestor: Pid) -> bool {
    // Where a link goes while the chain is climbed, what hung on it has got another parent.
    (0..ATTEMPTS).find_map(|_| climb(pid, ancestor)).unwrap_or(false)
}

/// Whether `ancestor` is above `pid`; `None` when the chain broke.
fn climb(mut pid: Pid, ancestor: Pid) -> Option<bool> {
    for _ in 0..DEEPEST {
        match Stat::of(pid)?.parent {
            parent if parent == ancestor => return Some(true),
            parent if parent.as_raw() <= 1 => return Some(false),
            parent => pid = parent,
        }
    }
    Some(false)
}

/// What /proc/PID/stat says of a process.
#[derive(Clone, Copy)]
struct Stat {
    /// 0 for a parent outside the PID namespace.
    parent: Pid,
    is_stopped: bool,
    started: Ticks,
}

impl Stat {
    /// `None` when the process is gone.
    fn of(pid: Pid) -> Option<Stat> {
        let path = Text::<32>::format(format_args!("/proc/{pid}/stat\0"));
        let mut buffer = [0; 1024];
        let text = read_start(path.as_c_str()?, &mut buffer)?;
        // The name may hold anything, `)` too: what counts comes behind the last one.
        let after_name = text.rsplit(|byte| *byte == b')').next()?;
        // Numbers 3, 4 and 22 of proc_pid_stat(5), counted from number 2 on.
        let mut fields = after_name.split(|byte| *byte == b' ');
        let is_stopped = fields.nth(1)? == b"T";
        let parent = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
        let started = std::str::from_utf8(fields.nth(17)?).ok()?.parse().ok()?;
        Some(Stat { parent: Pid::from_raw(parent), is_stopped, started: Ticks(started) })
    }
}

/// Whether /proc numbers processes as podinit's own namespace does: `NSpid` then has one number.
fn proc_is_ours() -> bool {
    let mut buffer = [0; 2048];
    let Some(status) = read_start(c"/proc/self/status", &mut buffer) else { return false };
    let pids = status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"NSpid:"));
    pids.is_some_and(|pids| {
        pids.split(u8::is_ascii_whitespace).filter(|pid| !pid.is_empty()).count() == 1
    })
}

/// The first bytes of a file in /proc, which gives a short one whole in one read.
fn read_start<'a>(path: &CStr, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    let fd = open(path, 0).ok()?;
    // SAFETY: the buffer is as long as said and lives through the call.
    let count = unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) };
    // SAFETY: opened above and not used again.
    unsafe { libc::close(fd) };
    buffer.get(..usize::try_from(count).ok()?)
}

fn open(path: &CStr, flags: i32) -> Result<RawFd, Errno> {
    // SAFETY: a string that lives through the call.
    Errno::result(unsafe { libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC | flags) })
}

/// The entries of a directory that are numbers, as /proc and /proc/self/fd have them.
pub struct Numbers {
    fd: RawFd,
    buffer: Aligned,
    at: usize,
    end: usize,
}

#[repr(align(8))]
struct Aligned([u8; 2048]);

impl Numbers {
    /// `None` where the directory cannot be read.
    pub fn open(path: &CStr) -> Option<Numbers> {
        let fd = open(path, libc::O_DIRECTORY).ok()?;
        Some(Numbers { fd, buffer: Aligned([0; 2048]), at: 0, end: 0 })
    }

    /// The descriptor it reads from, closed when it is dropped.
    pub fn descriptor(&self) -> RawFd {
        self.fd
    }

    /// The next number; an entry that is none is passed over.
    #[expect(
        clippy::should_implement_trait,
        reason = "an Iterator would invite adaptors that allocate"
    )]
    pub fn next(&mut self) -> Option<i32> {
        loop {
            let entry = self.next_name()?;
            if let Some(number) = std::str::from_utf8(entry).ok().and_then(|name| name.parse().ok())
            {
                return Some(number);
            }
        }
    }

    /// One name, out of `struct linux_dirent64` of getdents64(2).
    fn next_name(&mut self) -> Option<&[u8]> {
        const LENGTH_AT: usize = 16;
        const NAME_AT: usize = 19;
        if self.at >= self.end {
            // SAFETY: the buffer is as long as said, aligned for the entries, and lives through the call.
            let read = unsafe {
                libc::syscall(
                    libc::SYS_getdents64,
                    self.fd,
                    self.buffer.0.as_mut_ptr(),
                    self.buffer.0.len(),
                )
            };
            self.end = usize::try_from(read).ok().filter(|count| *count > 0)?;
            self.at = 0;
        }
        let entry = self.buffer.0.get(self.at..self.end)?;
        let length = entry.get(LENGTH_AT..LENGTH_AT + 2)?;
        let length = usize::from(u16::from_ne_bytes(length.try_into().ok()?));
        self.at += length.max(NAME_AT);
        entry.get(NAME_AT..length)?.split(|byte| *byte == 0).next()
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        // SAFETY: opened by `open` and not used again.
        unsafe { libc::close(self.fd) };
    }
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
        assert!(for_each_descendant(Pid::this(), |descendant| seen.push(descendant)));
        let found = seen.iter().find(|descendant| descendant.pid == pid).unwrap();
        assert!(
            found.is_child && found.started >= before && found.started <= Ticks::now(),
            "{found:?}"
        );
        let seen: Vec<Pid> = seen.iter().map(|descendant| descendant.pid).collect();
        assert!(!seen.contains(&Pid::this()) && !seen.contains(&Pid::parent()));
        assert!(!descends(Pid::this(), pid));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn many_entries_are_all_listed() {
        let files: Vec<_> = (0..300).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
        let mut numbers = Numbers::open(c"/proc/self/fd").unwrap();
        let mut count = 0;
        while numbers.next().is_some() {
            count += 1;
        }
        assert!(count >= files.len() + 3, "{count}");
    }
}
