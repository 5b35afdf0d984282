//! Starting the main child: the place it gets, what init asks of the kernel for itself before, and
//! what to say when there is no start.

use std::ffi::{CStr, CString, OsStr};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::{fmt, fs};

use super::foreground::{self, Foreground};
use super::report::{Log, Note, Printable};
use crate::plan::{self, FailureCodes, GivenTerminal, Placement, Plan, Subreaper};
use crate::signal::SignalSet;
use crate::sys::credentials::Credentials;
use crate::sys::exec::{self, Failure};
use crate::sys::signals::{self, ChildSignal};
use crate::sys::spawn::{self, Order, Place, Step};
use crate::sys::terminal::{self, Terminal};
use crate::sys::words::{Argv, Environment};
use crate::sys::{Errno, Pid, descriptors, this_process};

/// What is started, and as whom.
pub struct Program {
    pub argv: Argv,
    pub environment: Environment,
    pub directory: Option<&'static CStr>,
    pub credentials: Option<Credentials>,
    /// Of podinit's capabilities it keeps no others; all if it is `None`.
    pub capabilities: Option<u64>,
    /// The blocked set podinit itself was started with.
    pub mask: SignalSet,
}

/// Starts the program in its place and lets go of everything init has no use for. Returns the exit code
/// if that failed; why has been said.
pub(super) fn start(
    plan: &Plan,
    mut program: Program,
    log: &mut Log,
) -> Result<(Pid, Option<Foreground>), u8> {
    let mut stage = Stage::set(plan, false, log)?;
    let started = stage.start(plan, &mut program, Ties::default(), log);
    let (main, foreground) = started.map_err(|_| plan.failure_codes.not_started)?;
    this_process::leave_directory();
    descriptors::close_others(foreground.as_ref().map(Foreground::terminal));
    Ok((main, foreground))
}

/// What ties a program that is started to its init.
#[derive(Clone, Copy, Default)]
pub(super) struct Ties<'a> {
    /// Into this it writes its exit code if it cannot become the program; its exec closes it.
    pub failure: Option<BorrowedFd<'a>>,
    /// Where it can say how it is doing, by sd_notify(3).
    pub notify_socket: Option<&'a CStr>,
}

/// Where programs are started, one after the other.
pub(super) struct Stage {
    /// Whoever runs has it.
    terminal: Option<Terminal>,
    /// The program is to have it without asking.
    wanted: bool,
    /// What podinit was given.
    pub child_signal: ChildSignal,
}

impl Stage {
    /// What init asks of the kernel for itself. Returns the exit code if it cannot go on; why has been said. With
    /// `stops` init is told of stopped children even without a terminal.
    #[inline(always)]
    pub fn set(plan: &Plan, stops: bool, log: &mut Log) -> Result<Stage, u8> {
        let failed = plan.failure_codes.not_started;
        if !become_reaper(plan.subreaper, log) {
            return Err(failed);
        }
        if let Some(signal) = plan.parent_death_signal
            && let Err(errno) = this_process::set_parent_death_signal(signal)
        {
            log.note(Note::Refused {
                what: "the parent-death signal could not be set",
                errno,
                fatal: true,
            });
            return Err(failed);
        }
        let terminal = match plan.placement {
            Placement::OwnGroup(_) => Terminal::find(),
            Placement::OwnSession => {
                // Standard input need not be a terminal (init D10).
                let _ = terminal::give_up();
                None
            }
            Placement::InitsGroup => None,
        };
        let wanted = terminal.as_ref().is_some_and(|terminal| is_wanted(plan.placement, terminal));
        let stops = stops || terminal.is_some();
        let child_signal = signals::expect_children(stops).unwrap_or(ChildSignal::Default);
        Ok(Stage { terminal, wanted, child_signal })
    }

    /// Starts the program, which has the terminal from then on.
    pub fn start(
        &mut self,
        plan: &Plan,
        program: &mut Program,
        ties: Ties<'_>,
        log: &mut Log,
    ) -> Result<(Pid, Option<Foreground>), Errno> {
        // From the background it is taken under no name (init X15, init K10).
        let given = self.terminal.as_ref();
        let given = given.filter(|terminal| self.wanted && foreground::is_ours(terminal));
        let place = match plan.placement {
            Placement::OwnGroup(_) => Place::Group { foreground_of: given },
            Placement::OwnSession => Place::Session,
            Placement::InitsGroup => Place::OwnersGroup,
        };
        let (wanted, is_given) = (self.wanted, given.is_some());
        let main = spawn(plan, program, place, self.child_signal, ties, log)?;
        let terminal = self.terminal.take();
        let foreground = terminal.map(|terminal| Foreground::new(terminal, main, wanted, is_given));
        Ok((main, foreground))
    }

    /// The program has ended.
    #[cfg(feature = "probe")]
    pub fn ended(&mut self, foreground: Option<Foreground>) {
        if let Some(foreground) = foreground {
            self.terminal = Some(foreground.give_back());
        }
    }
}

/// Whether the program is to have this terminal without asking.
fn is_wanted(placement: Placement, terminal: &Terminal) -> bool {
    match placement {
        Placement::OwnGroup(GivenTerminal::StandardInput) => terminal.is_standard_input(),
        Placement::OwnGroup(GivenTerminal::Any) => true,
        Placement::OwnSession | Placement::InitsGroup => false,
    }
}

/// Makes orphans come here where they would not by themselves (init X10); whether init can go on.
#[inline(always)]
pub(super) fn become_reaper(subreaper: Subreaper, log: &mut Log) -> bool {
    let needed = !this_process::is_pid_1();
    let result = match subreaper {
        Subreaper::Never => Ok(()),
        Subreaper::NeverWithWarning => {
            if needed {
                log.note(Note::NotReaping);
            }
            Ok(())
        }
        Subreaper::WhenNotPid1 | Subreaper::WhenNotPid1OrFail if !needed => Ok(()),
        Subreaper::WhenNotPid1 | Subreaper::WhenNotPid1OrFail | Subreaper::Always => {
            this_process::become_subreaper()
        }
    };
    let fatal = subreaper != Subreaper::WhenNotPid1;
    if let Err(errno) = result {
        log.note(Note::Refused { what: "could not become a child subreaper", errno, fatal });
    }
    result.is_ok() || !fatal
}

fn spawn(
    plan: &Plan,
    program: &mut Program,
    place: Place<'_>,
    child_signal: ChildSignal,
    ties: Ties<'_>,
    log: &mut Log,
) -> Result<Pid, Errno> {
    let Program { argv, environment, directory, credentials, capabilities, mask } = program;
    let (name, directory) = (argv.program(), *directory);
    let mut order = Order {
        argv,
        environment,
        place,
        mask: *mask,
        child_signal,
        directory,
        credentials: credentials.as_ref(),
        capabilities: *capabilities,
        standard: None,
        parent_death_signal: None,
        before_exec: None,
        oom_score_adj: None,
        notify_socket: ties.notify_socket,
    };
    let started = spawn::spawn(&mut order, |step, order| {
        let because = Because { step, program: name, environment: order.environment, directory };
        log.note(Note::NotStarted { program: name, because: &because });
        let code = failure_code(&plan.failure_codes, step);
        if let Some(failure) = ties.failure {
            descriptors::write_byte(failure, code);
        }
        code
    });
    match started {
        Ok(pid) => log.note(Note::Started { program: name, pid }),
        Err(errno) => log.note(Note::NotStarted { program: name, because: &NoProcess(errno) }),
    }
    started
}

/// Becomes the program without being its init (`PODINIT_DISABLED=1`). Returns the exit code if that
/// failed; why has been said.
#[cold]
#[inline(never)]
pub fn exec_in_place(program: Program, mut log: Log) -> u8 {
    let Program { mut argv, environment, directory, credentials, capabilities, mask } = program;
    let step = match spawn::enter(directory, credentials.as_ref(), capabilities) {
        Err(step) => step,
        Ok(()) => {
            signals::replace_mask(mask);
            let failure = exec::exec(&mut argv, &environment);
            signals::block_all();
            Step::Exec(failure)
        }
    };
    let program = argv.program();
    log.note(Note::NotStarted {
        program,
        because: &Because { step, program, environment: &environment, directory },
    });
    failure_code(&plan::OWN_FAILURE_CODES, step)
}

fn failure_code(codes: &FailureCodes, step: Step) -> u8 {
    match step {
        Step::Exec(Failure::Errno(Errno::ENOENT)) => codes.not_found,
        Step::Exec(Failure::Errno(Errno::EACCES)) => codes.not_executable,
        Step::Exec(_) => codes.other,
        _ => codes.not_started,
    }
}

/// A fork that failed, in words.
pub(super) struct NoProcess(pub Errno);

impl fmt::Display for NoProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no process can be made for it: {}", shortage(self.0))
    }
}

/// Why there is no process to be had.
pub(super) fn shortage(errno: Errno) -> &'static str {
    match errno {
        Errno::EAGAIN => {
            "the limit on processes is reached (of the container, see --pids-limit, or of the user)"
        }
        errno => errno.desc(),
    }
}

/// A failed start in words.
struct Because<'a> {
    step: Step,
    program: &'a CStr,
    environment: &'a Environment,
    directory: Option<&'a CStr>,
}

impl fmt::Display for Because<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Step::Place(errno) => {
                write!(f, "no process group could be made for it: {}", errno.desc())
            }
            Step::Directory(errno) => {
                let directory = self.directory.unwrap_or(c"");
                write!(f, "--chdir: {}: {}", Printable(directory), errno.desc())
            }
            Step::Credentials(errno) => {
                let remedy = match errno {
                    Errno::EPERM => " (changing users takes root, or CAP_SETUID and CAP_SETGID)",
                    Errno::EINVAL => " (a uid or gid that the user namespace has no mapping for)",
                    _ => "",
                };
                write!(f, "--user: {}{remedy}", errno.desc())
            }
            Step::Capabilities(errno) => {
                write!(f, "securityContext.capabilities: none can be given up: {}", errno.desc())
            }
            Step::Exec(failure) => self.explain(failure, f),
        }
    }
}

impl Because<'_> {
    fn explain(&self, failure: Failure, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let searched = !self.program.to_bytes().contains(&b'/');
        let found = self.find();
        if let Some(found) = &found
            && searched
        {
            write!(f, "{}: ", Printable(&found.file))?;
        }
        let reason = match (failure, found) {
            (Failure::NoShell(errno), _) => {
                return write!(
                    f,
                    "the kernel cannot run this kind of file (a script without \"#!\", or another architecture's \
                     program), and /bin/sh, which might, gives: {}",
                    errno.desc()
                );
            }
            (Failure::Errno(Errno::ENOENT), _) if self.program.is_empty() => {
                "an empty name is no program"
            }
            (Failure::Errno(Errno::ENOENT), Some(_)) => {
                "its interpreter, named in its first line or its program header, is not found"
            }
            (Failure::Errno(Errno::ENOENT), None) if searched => match self.environment.get("PATH")
            {
                Some(_) => "not found in PATH",
                None => "not found in /bin or /usr/bin, and PATH is not set",
            },
            (Failure::Errno(Errno::EACCES), Some(Found { is_directory: true, .. })) => {
                "is a directory"
            }
            (Failure::Errno(Errno::EACCES), _) => {
                "permission denied: it needs the executable bit, and a file system not mounted noexec"
            }
            (Failure::Errno(Errno::E2BIG), _) => "arguments and environment are too long",
            (Failure::Errno(errno), _) => errno.desc(),
        };
        f.write_str(reason)
    }

    /// The first file the search could have meant, from the program's own directory.
    fn find(&self) -> Option<Found> {
        if self.program.is_empty() {
            return None;
        }
        let path = |text: &CStr| PathBuf::from(OsStr::from_bytes(text.to_bytes()));
        exec::find(self.program, self.environment, |file| {
            let is_directory = fs::metadata(path(file)).ok()?.is_dir();
            Some(Found { file: file.to_owned(), is_directory })
        })
    }
}

struct Found {
    file: CString,
    is_directory: bool,
}
