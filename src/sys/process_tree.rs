//! Who descends from whom, by /proc. Nothing is remembered between two looks and no memory is asked
//! for: each process is asked for its parent until podinit or the root is reached.

use std::ffi::CStr;
use std::os::fd::RawFd;

use nix::unistd::Pid;

use super::Errno;
use super::text::Text;

/// No tree is deeper than this; a chain that changes while it is read may look so.
const DEEPEST: usize = 4096;

/// Calls `visit` for each living or dead descendant of `ancestor`, in no order. Processes that come
/// while it looks may be missed: look again until there are none.
///
/// Returns `false`, having visited nobody, where there is no /proc of podinit's own PID namespace.
pub fn for_each_descendant(ancestor: Pid, mut visit: impl FnMut(Pid)) -> bool {
    if !proc_is_ours() {
        return false;
    }
    let Some(mut processes) = Numbers::open(c"/proc") else { return false };
    while let Some(number) = processes.next() {
        let pid = Pid::from_raw(number);
        if descends(pid, ancestor) {
            visit(pid);
        }
    }
    true
}

fn descends(mut pid: Pid, ancestor: Pid) -> bool {
    for _ in 0..DEEPEST {
        match parent(pid) {
            Some(parent) if parent == ancestor => return true,
            Some(parent) if parent.as_raw() > 1 => pid = parent,
            _ => return false,
        }
    }
    false
}

/// The parent's pid, 0 for a parent outside the PID namespace; `None` when the process is gone.
fn parent(pid: Pid) -> Option<Pid> {
    let path = Text::<32>::format(format_args!("/proc/{pid}/stat\0"));
    let mut buffer = [0; 512];
    let stat = read_start(path.as_c_str()?, &mut buffer)?;
    // The name may hold anything, `)` too: what counts comes behind the last one.
    let after_name = stat.rsplit(|byte| *byte == b')').next()?;
    let ppid = after_name.split(|byte| *byte == b' ').nth(2)?;
    Some(Pid::from_raw(std::str::from_utf8(ppid).ok()?.parse().ok()?))
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
        let mut child = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        let pid = Pid::from_raw(child.id() as i32);
        let mut seen = Vec::new();
        assert!(for_each_descendant(Pid::this(), |pid| seen.push(pid)));
        assert!(seen.contains(&pid));
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
