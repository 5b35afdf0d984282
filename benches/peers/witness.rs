//! The programs the inits run: `nothing` (see nothing.rs), and this bench itself under `--witness ROLE`
//! for children that record what they see. They talk to the bench over descriptor 3, their link.

use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::contender::{Contender, Mode};
use crate::launch::{Command, Running};

/// First word of our own command line that makes this process a witness.
pub const FLAG: &str = "--witness";

/// What `nothing` exits with, so that an init that has not run it is found out.
pub const NOTHING_CODE: i32 = 42;

/// An init's exit code when its child was ended by TERM.
pub const TERM_CODE: i32 = 128 + libc::SIGTERM;

pub struct Witnesses {
    /// Exits at once with [`NOTHING_CODE`], or with an argument writes a byte to its link and sleeps.
    pub nothing: PathBuf,
    /// This bench.
    pub bench: PathBuf,
}

impl Witnesses {
    pub fn prepare(folder: &Path) -> Result<Self, String> {
        let bench =
            std::env::current_exe().map_err(|error| format!("this program's own path: {error}"))?;
        Ok(Witnesses { nothing: compile_nothing(folder)?, bench })
    }

    /// The init as PID 1 over a child that sleeps until a signal ends it.
    pub fn sleeper(&self, init: &Contender, mode: Mode) -> Command {
        init.command(mode, &self.nothing).arg("sleep").in_pid_namespace()
    }

    /// The init as PID 1 over this bench in a role.
    pub fn role(&self, init: &Contender, role: &[&str]) -> Command {
        init.command(Mode::Default, &self.bench)
            .arg(FLAG)
            .args(role.iter().copied())
            .in_pid_namespace()
    }
}

fn compile_nothing(folder: &Path) -> Result<PathBuf, String> {
    let (source, program) = (folder.join("nothing.rs"), folder.join("nothing"));
    std::fs::write(&source, include_str!("nothing.rs"))
        .map_err(|error| format!("{}: {error}", source.display()))?;
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let codegen = ["opt-level=s", "panic=abort", "relocation-model=static", "strip=symbols"];
    let linking = ["link-arg=-nostartfiles", "link-arg=-nostdlib", "link-arg=-static"];
    let output = std::process::Command::new(&compiler)
        .args(["--edition", "2024", "--crate-type", "bin", "-o"])
        .args([&program, &source])
        .args(codegen.iter().chain(&linking).flat_map(|option| ["-C", option]))
        .output()
        .map_err(|error| format!("{}: {error}; set RUSTC to the compiler", compiler.display()))?;
    if !output.status.success() {
        return Err(format!(
            "the child to be run does not compile:\n{}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    Ok(program)
}

/// `command` with a link to its child, once the child has said that it runs.
pub fn start(command: Command) -> Result<(Running, UnixStream), String> {
    let (mut ours, theirs) = link()?;
    let running =
        command.link(&theirs).start().map_err(|error| format!("does not start: {error}"))?;
    // The init and its child hold the other end alone, so that their end is seen here.
    drop(theirs);
    read::<1>(&mut ours)?;
    Ok((running, ours))
}

/// Both ends of a link: ours, which gives up after 30 seconds of silence, and the child's.
fn link() -> Result<(UnixStream, UnixStream), String> {
    let (ours, theirs) = UnixStream::pair().map_err(|error| format!("socketpair: {error}"))?;
    ours.set_read_timeout(Some(Duration::from_secs(30)))
        .map_err(|error| format!("socket time-out: {error}"))?;
    Ok((ours, theirs))
}

pub fn read<const N: usize>(link: &mut UnixStream) -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    link.read_exact(&mut bytes).map(|()| bytes).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            "the init or its child was gone before the child had reported".to_owned()
        }
        _ => format!("nothing heard from the child: {error}"),
    })
}

/// The other side: what runs below the init.
pub fn play(role: &str, words: &[String]) -> Result<(), String> {
    // SAFETY: the bench hands the link down as descriptor 3, and nobody else here uses it.
    let link = unsafe { UnixStream::from_raw_fd(3) };
    match (role, words) {
        ("signals", []) => record_signals(link),
        ("orphans", [state, count]) => {
            let count = count.parse().map_err(|_| format!("orphans: not a number: {count}"))?;
            crate::orphanage::run(link, state, count)
        }
        _ => Err(format!("no such witness: {role} {words:?}")),
    }
}

/// For each USR1 the moment at which it was here.
fn record_signals(mut link: UnixStream) -> Result<(), String> {
    // SAFETY: sigset_t is plain data that sigemptyset fills; all pointers are to locals.
    let set = unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGUSR1);
        libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
        set
    };
    let mut send = |bytes: &[u8]| link.write_all(bytes).map_err(|error| format!("link: {error}"));
    send(b"r")?;
    loop {
        // SAFETY: a filled set; no information wanted.
        let signal = unsafe { libc::sigwaitinfo(&set, std::ptr::null_mut()) };
        let now = crate::clock::Instant::now();
        if signal == libc::SIGUSR1 {
            send(&now.nanos().to_ne_bytes())?;
        }
    }
}
