//! Signals: blocking, waiting for and sending them.
//!
//! Init handles no signal. All are blocked from its first instruction on and taken one by one: no
//! handler, and nothing to lose between two system calls.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::time::Duration;

use nix::unistd::Pid;

use super::{Errno, descriptors};
use crate::signal::{Received, Sender, Signal, SignalSet};

/// Blocks every signal there is, libc's own included, and returns the set blocked before.
pub fn block_all() -> SignalSet {
    replace_mask(SignalSet::ALL)
}

/// Sets the blocked set and returns the one before.
pub fn replace_mask(mask: SignalSet) -> SignalSet {
    let (wanted, mut before) = (mask.bits(), 0_u64);
    let (set, old, size) = (&raw const wanted, &raw mut before, size_of::<u64>());
    // SAFETY: both sets are 64 bits in the kernel's layout and live through the call. The system
    // call itself, as libc's function would leave 32 and 33 out (init U14).
    unsafe { libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, set, old, size) };
    SignalSet::from_bits(before)
}

/// What an inherited disposition of SIGCHLD meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChildSignal {
    Default,
    /// Exit codes would be thrown away (init U24).
    Ignored,
}

/// Gives SIGCHLD its default action and says which it had. With `stops`, stopped children are told of too.
pub fn expect_children(stops: bool) -> Result<ChildSignal, Errno> {
    let flags = if stops { 0 } else { libc::SA_NOCLDSTOP };
    let before = set_disposition(Signal::CHLD, libc::SIG_DFL, flags)?;
    Ok(if before == libc::SIG_IGN { ChildSignal::Ignored } else { ChildSignal::Default })
}

/// Ignores SIGCHLD again, for a program that was to be started that way.
pub fn ignore_children() {
    // The kernel refuses this for no one who could set the default before.
    let _ = set_disposition(Signal::CHLD, libc::SIG_IGN, 0);
}

/// Gives this signal its default action.
pub fn use_default(signal: Signal) {
    // Refused for KILL and STOP only, which have no other.
    let _ = set_disposition(signal, libc::SIG_DFL, 0);
}

/// Shows to whoever looks that this signal is handled here, though it is taken by [`wait`] before a
/// handler could run.
pub fn show_handled(signal: Signal) -> Result<(), Errno> {
    extern "C" fn nothing(_: i32) {}
    set_disposition(signal, nothing as extern "C" fn(i32) as libc::sighandler_t, libc::SA_NOCLDSTOP)
        .map(drop)
}

/// Whether this signal was left ignored by whoever started podinit.
pub fn is_ignored(signal: Signal) -> bool {
    // SAFETY: a zeroed sigaction is one.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: it lives through the call, which changes nothing.
    let asked = unsafe { libc::sigaction(signal.number(), ptr::null(), &mut action) };
    asked == 0 && action.sa_sigaction == libc::SIG_IGN
}

fn set_disposition(
    signal: Signal,
    handler: libc::sighandler_t,
    flags: i32,
) -> Result<libc::sighandler_t, Errno> {
    // SAFETY: a zeroed sigaction is one: no handler, no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = handler;
    action.sa_flags = flags;
    // SAFETY: as above.
    let mut before: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: both live through the call; the only handler that is code does nothing.
    Errno::result(unsafe { libc::sigaction(signal.number(), &action, &mut before) })?;
    Ok(before.sa_sigaction)
}

/// A place to take blocked signals from.
pub struct Source {
    signals: SignalSet,
    /// podinit's own pid, to recognise what it caused itself.
    own: Pid,
    /// `None` where RLIMIT_NOFILE leaves no room.
    descriptor: Option<OwnedFd>,
}

impl Source {
    /// For these signals, which must be and stay blocked.
    pub fn open(signals: SignalSet) -> Source {
        // SAFETY: the set lives through the call; a new descriptor is asked for.
        let fd = unsafe { libc::signalfd(-1, &to_libc(signals), libc::SFD_CLOEXEC) };
        // SAFETY: just made, and nobody else's.
        let descriptor = Errno::result(fd).map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
        let descriptor = descriptor.and_then(descriptors::move_up).ok();
        Source { signals, own: nix::unistd::getpid(), descriptor }
    }

    /// Takes the next signal. `None` when `at_most` has passed without one, and now and then for no
    /// reason.
    ///
    /// Without a time-out by read(2) of the signalfd: /proc goes on showing the signals as blocked to
    /// whoever looks, as it does not during sigtimedwait(2). With a time-out by that, as a signal that
    /// was there may be gone again (CONT and a stop signal undo each other), and the read would sleep.
    pub fn wait(&self, at_most: Option<Duration>) -> Option<Received> {
        match (&self.descriptor, at_most) {
            (Some(descriptor), None) => self.read(descriptor),
            (_, at_most) => self.take(at_most),
        }
    }

    /// Those that are taken here.
    pub fn signals(&self) -> SignalSet {
        self.signals
    }

    /// What can be read while a signal is there, for poll(2) beside others.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.descriptor.as_ref().map(AsFd::as_fd)
    }

    /// How long to poll(2) at most before it is looked for signals here: not long where no descriptor tells of
    /// them.
    pub fn until_look(&self, at_most: Option<Duration>) -> Option<Duration> {
        const BLIND: Duration = Duration::from_millis(50);
        let blind = self.descriptor.is_none().then_some(BLIND);
        at_most.into_iter().chain(blind).min()
    }

    /// Takes the next signal if there is one now.
    pub fn poll(&self) -> Option<Received> {
        self.take(Some(Duration::ZERO))
    }

    fn read(&self, descriptor: &OwnedFd) -> Option<Received> {
        let mut info = MaybeUninit::<libc::signalfd_siginfo>::zeroed();
        // SAFETY: the place is as large as said and lives through the call.
        let count = unsafe {
            libc::read(descriptor.as_raw_fd(), info.as_mut_ptr().cast(), size_of_val(&info))
        };
        if usize::try_from(count) != Ok(size_of_val(&info)) {
            return None;
        }
        // SAFETY: filled in by the kernel; zeroed it was valid too.
        let info = unsafe { info.assume_init() };
        let signal = Signal::new(info.ssi_signo.cast_signed())?;
        Some(Received { signal, sender: self.sender(info.ssi_code, info.ssi_pid.cast_signed()) })
    }

    fn take(&self, at_most: Option<Duration>) -> Option<Received> {
        let info = take(self.signals, at_most)?;
        let signal = Signal::new(info.si_signo)?;
        // SAFETY: some number is there for every signal; what it means depends on the code.
        let pid = unsafe { info.si_pid() };
        Some(Received { signal, sender: self.sender(info.si_code, pid) })
    }

    /// Codes above 0 are the kernel's own (SI_KERNEL, CLD_…, POLL_…); SI_USER comes with the pid of
    /// who called kill(2), or of who did what the signal is for.
    fn sender(&self, code: i32, pid: i32) -> Sender {
        match code {
            1.. => Sender::Kernel,
            libc::SI_USER if pid == self.own.as_raw() => Sender::Init,
            _ => Sender::Process,
        }
    }
}

/// Waits until one of `signals`, which must be blocked, is there and takes it; needs no descriptor.
/// `None` now and then for no reason.
pub fn wait(signals: SignalSet) -> Option<Signal> {
    take(signals, None).and_then(|info| Signal::new(info.si_signo))
}

fn take(signals: SignalSet, at_most: Option<Duration>) -> Option<libc::siginfo_t> {
    let timeout = at_most.map(to_timespec);
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: the set, the information and the time-out live through the call.
    let number = unsafe { libc::sigtimedwait(&to_libc(signals), info.as_mut_ptr(), timeout) };
    // SAFETY: the call succeeded, so the kernel filled it in; zeroed it was valid too.
    (number > 0).then(|| unsafe { info.assume_init() })
}

fn to_timespec(time: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: libc::time_t::try_from(time.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: time.subsec_nanos() as _,
    }
}

/// Whom a signal is sent to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recipient {
    Process(Pid),
    Group(Pid),
    /// Init's own group, init included.
    OwnGroup,
    /// Everything init may signal but itself: as PID 1 the whole PID namespace.
    Everyone,
}

/// Sends `signal`.
///
/// # Errors
/// ESRCH when nobody is there, EPERM when none of them may be signalled (kill(2)).
pub fn send(to: Recipient, signal: Signal) -> Result<(), Errno> {
    let target = match to {
        // 0 and the negative have another meaning to kill(2).
        Recipient::Process(pid) | Recipient::Group(pid) if pid.as_raw() <= 1 => {
            return Err(Errno::ESRCH);
        }
        Recipient::Process(pid) => pid.as_raw(),
        Recipient::Group(pid) => -pid.as_raw(),
        Recipient::OwnGroup => 0,
        Recipient::Everyone => -1,
    };
    // SAFETY: kill takes two integers. nix's own would know no real-time signal.
    Errno::result(unsafe { libc::kill(target, signal.number()) }).map(drop)
}

/// Whether a process group of this id is there.
pub fn group_exists(group: Pid) -> bool {
    nix::sys::signal::killpg(group, None) != Err(Errno::ESRCH)
}

/// Lets the kernel do to podinit's whole group what `signal` does by default, a stop; returns once it
/// has been continued, and takes the CONT. Whether it was stopped at all: not where nobody is left who
/// could continue it.
pub fn stop_group(signal: Signal) -> bool {
    if send(Recipient::OwnGroup, signal).is_err() {
        return false;
    }
    let mask = replace_mask(SignalSet::ALL.without(signal));
    replace_mask(mask);
    // Nothing else ends a stop.
    take(SignalSet::EMPTY.with(Signal::CONT), Some(Duration::ZERO)).is_some()
}

/// Stops this process alone until it is continued; PID 1 cannot be stopped (init D12).
pub fn stop_self() {
    let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP);
}

/// libc's own functions would leave 32 and 33 out: blocked and never taken, they would fill the queue
/// that real-time signals need (init U13, init U14).
fn to_libc(signals: SignalSet) -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: a set is larger than the 64 bits it begins with in the kernel's layout, and zeroed it is empty.
    unsafe {
        set.as_mut_ptr().cast::<u64>().write_unaligned(signals.bits());
        set.assume_init()
    }
}
