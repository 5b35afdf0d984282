//! The program that runs under podinit in the tests' images: it says what happens to it, a line per fact.
//!
//! Static and on its own, so that it also runs in an image with nothing else. The first word says what to be.

use std::env;
use std::ffi::{CString, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::exit;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::SignalFd;
use nix::sys::wait::waitpid;
use nix::unistd::{
    ForkResult, Pid, execv, fork, getgroups, getpgid, getpgrp, getpid, getppid, getresgid,
    getresuid, getsid, pause, pipe, read, setsid, tcgetpgrp, write,
};

const PATIENCE: Duration = Duration::from_secs(30);

fn main() {
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    let word = |at: usize| words.get(at).and_then(|word| word.to_str()).unwrap_or_default();
    let number = |at: usize| word(at).parse().expect("a number");
    match word(0) {
        "report" => report("app", &words[1..]),
        "left" => report("left", &words[1..]),
        "daemon" => daemon(number(1), &words[2..]),
        "orphan" => orphan(),
        "fill" => fill(&words[1..]),
        "who" => who(),
        "refused" => refused(),
        "exit" => exit(number(1)),
        other => panic!("what is {other:?}?"),
    }
}

/// Says who it is, which signals come, from whom; leaves with 0 at TERM.
/// `deaf`: never leaves. `stops`: a stop key stops it, as it does any program.
fn report(name: &str, how: &[OsString]) {
    let has = |word: &str| how.iter().any(|other| other == word);
    let mut signals = SigSet::all();
    if has("stops") {
        signals.remove(Signal::SIGTSTP);
    }
    signals.thread_block().expect("signals can be blocked");
    let source = SignalFd::new(&signals).expect("a signalfd");
    let (pid, parent, group) = (getpid(), getppid(), getpgrp());
    let session = getsid(None).expect("a session");
    let front = tcgetpgrp(std::io::stdin())
        .map_or_else(|error| error.to_string(), |front| front.to_string());
    println!("{name} pid {pid} parent {parent} group {group} session {session} front {front}");
    println!("{name} ready");
    loop {
        let got = source.read_signal().expect("a signalfd can be read").expect("a blocking read");
        let number = i32::try_from(got.ssi_signo).expect("a small number");
        let from = match got.ssi_code {
            KERNEL => "the kernel".to_owned(),
            _ => got.ssi_pid.to_string(),
        };
        println!("{name} got {} from {from}", signal_name(number));
        if number == Signal::SIGTERM as i32 && !has("deaf") {
            exit(0);
        }
    }
}

/// `SI_KERNEL`: not from a process, such as a key press in a terminal.
const KERNEL: i32 = 0x80;

fn signal_name(number: i32) -> String {
    match Signal::try_from(number) {
        Ok(signal) => signal.as_str().trim_start_matches("SIG").to_owned(),
        Err(_) => format!("RTMIN+{}", number - 34),
    }
}

/// Leaves with `code` once its daemon, which has a session of its own, takes no more default actions.
fn daemon(code: i32, how: &[OsString]) {
    let (reader, writer) = pipe().expect("a pipe");
    become_orphan(|| {
        setsid().expect("a new session");
        SigSet::all().thread_block().expect("signals can be blocked");
        drop(writer);
        report("daemon", how);
    });
    // The daemon was the last to have the other end.
    assert_eq!(read(&reader, &mut [0]), Ok(0));
    exit(code);
}

/// Runs `what` in a grandchild; returns when the child between has gone.
fn become_orphan(what: impl FnOnce()) -> Pid {
    let (reader, writer) = pipe().expect("a pipe");
    // SAFETY: this program has one thread.
    if let ForkResult::Parent { child } = unsafe { fork() }.expect("a child") {
        drop(writer);
        let mut pid = [0; 4];
        read(&reader, &mut pid).expect("a pid");
        waitpid(child, None).expect("the child ends");
        return Pid::from_raw(i32::from_ne_bytes(pid));
    }
    let parent = getpid();
    // SAFETY: as above.
    match unsafe { fork() }.expect("a grandchild") {
        ForkResult::Parent { child } => {
            write(&writer, &child.as_raw().to_ne_bytes()).expect("a pipe takes four bytes");
            exit(0)
        }
        ForkResult::Child => {
            drop((reader, writer));
            wait_for("a new parent", || getppid() != parent);
            what();
            exit(0)
        }
    }
}

/// Makes an orphan, and leaves with 0 once somebody has reaped it.
fn orphan() {
    let init = getppid();
    let orphan = become_orphan(|| {
        println!("orphan parent {}", getppid());
    });
    println!("app parent {init}");
    // A zombie still is a process to kill(2).
    wait_for("the orphan to be reaped", || kill(orphan, None) == Err(Errno::ESRCH));
    println!("orphan was reaped");
}

/// Becomes `words` when there is no room for another process.
fn fill(words: &[OsString]) {
    // SAFETY: this program has one thread.
    while let Ok(result) = unsafe { fork() } {
        if let ForkResult::Child = result {
            loop {
                pause();
            }
        }
    }
    let words: Vec<_> =
        words.iter().map(|word| CString::new(word.as_bytes()).expect("no NUL")).collect();
    let Err(error) = execv(&words[0], &words);
    panic!("{error}");
}

/// The credentials, as a program finds them.
fn who() {
    let (user, group) = (getresuid().expect("uids"), getresgid().expect("gids"));
    println!("uid {} {} {}", user.real, user.effective, user.saved);
    println!("gid {} {} {}", group.real, group.effective, group.saved);
    let mut groups: Vec<_> =
        getgroups().expect("groups").iter().map(|group| group.as_raw()).collect();
    groups.sort_unstable();
    println!("groups {groups:?}");
    println!("home {}", env::var_os("HOME").unwrap_or_default().display());
    println!("folder {}", env::current_dir().expect("a folder").display());
    println!("pid {} parent {} group {}", getpid(), getppid(), getpgid(None).expect("a group"));
    for line in fs::read_to_string("/proc/self/status").unwrap_or_default().lines() {
        if ["CapEff:", "NoNewPrivs:", "Seccomp:"].iter().any(|key| line.starts_with(key)) {
            println!("{}", line.replace('\t', " "));
        }
    }
}

/// How the kernel, or a filter before it, answers the system calls that old container profiles do not know.
fn refused() {
    let call = |number, arguments: [libc::c_long; 3]| {
        // SAFETY: neither call can succeed: nothing to read, or a range that ends before it begins.
        let answer = unsafe { libc::syscall(number, arguments[0], arguments[1], arguments[2]) };
        assert_eq!(answer, -1, "an impossible call");
        format!("{:?}", Errno::last())
    };
    let (clone3, close_range) =
        (call(libc::SYS_clone3, [0; 3]), call(libc::SYS_close_range, [9, 8, 0]));
    println!("clone3 {clone3}, close_range {close_range}");
}

fn wait_for(what: &str, mut fact: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !fact() {
        if Instant::now() > deadline {
            println!("gave up waiting for {what}");
            exit(98);
        }
        sleep(Duration::from_millis(5));
    }
}
