//! Options that need more than a look: hooks, probes, restarts, manifests.
//!
//! A process of its own reads and checks them and sends what they come to, in two parts: what init decides by, and as bytes
//! what hooks and probes do. So PID 1 never holds a manifest, nor the memory of who reads one.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use serde::Serialize;

use super::{Options, Outcome, Placed, Refusal, refuse};
use crate::cli::Start;
use crate::init::Program;
use crate::init::report::{Level, Note};
use crate::plan;
use crate::plan::supervision::{Errands, Supervision, User};
use crate::probe;
use crate::signal::{Received, Sender, Signal, SignalSet};
use crate::sys::credentials::{Credentials, Gid, Uid};
use crate::sys::signals::{self, Recipient, Source};
use crate::sys::wait::{self, Exit};
use crate::sys::words::{Argv, Environment, Words};
use crate::sys::{Errno, descriptors, fork, memory_cgroup, poll, stderr, this_process};

mod listen;
mod make;
mod opts;
#[cfg(feature = "manifest")]
mod pod;
#[cfg(test)]
mod tests;

#[cfg(feature = "manifest")]
mod unhonoured;
mod wishes;

use make::Given;
#[cfg(feature = "manifest")]
pub(super) use wishes::an_object;

/// The most bytes of a plan: a command and an environment as large as Linux takes them, and the rest.
const LIMIT: usize = 4 << 20;

/// What a program is started with in place of, or over, what the command line says.
pub struct Instead {
    words: Vec<Vec<u8>>,
    variables: Vec<(Vec<u8>, Vec<u8>)>,
    directory: Option<&'static CStr>,
    credentials: Option<Credentials>,
    no_new_privileges: bool,
    capabilities: Option<u64>,
    /// Podinit has a descriptor for its status that the program does not get.
    keeps_status: bool,
}

/// What options for the planner, and all others, come to. `at` is where the program begins, if there is one.
#[cold]
#[inline(never)]
pub(super) fn read(
    options: &mut Options,
    words: &Words,
    environment: &Environment,
    at: Option<usize>,
    disabled: bool,
) -> Result<Outcome, Refusal> {
    if at.is_none() && options.asked.iter().all(|asked| asked.long != "pod") {
        return Err(refuse("no program given (try podinit --help)"));
    }
    let at = at.unwrap_or(words.len());
    let mut program = options.place(at)?;
    let routes = plan::own(&options.plan).ending.routes;
    let stops = Signal::forwardable().filter(|signal| routes.of(*signal).stops).collect();
    let (mut supervision, errands) = ask(stops, || {
        let given = Given {
            asked: &options.asked,
            command: (at..words.len()).filter_map(|index| words.bytes(index)).collect(),
            grace: options.bounded.then_some(options.plan.grace),
            stop_signal: options.plan.stop_signal,
            user: program.credentials.as_ref().map(|credentials| credentials.uid.as_raw()),
            strict_hooks: options.strict_hooks,
            notify: options.notify,
            in_cluster: environment.get("KUBERNETES_SERVICE_HOST").is_some(),
        };
        let mut log = options.log();
        let mut warn = |line: String| {
            if options.json {
                log.note(Note::Manifest { text: &line });
            } else if options.level >= Level::Warning {
                // A line that nobody reads is no reason not to start.
                let _ = say(&line);
            }
        };
        let (mut supervision, errands) = make::make(&given, &mut warn)?;
        // Here, as mountinfo may be long.
        supervision.oom_kills = memory_cgroup::find();
        Ok((supervision, errands))
    })?;
    let keeps_status = options.status.is_some();
    let instead = Instead::taken_from(&mut supervision, &mut program, keeps_status);
    program.instead = Some(Box::new(instead));
    if disabled {
        return Ok(Outcome::Exec { program });
    }
    options.plan.grace = supervision.life.grace;
    options.plan.stop_signal = supervision.stop_signal.and_then(Signal::new);
    let (plan, log) = (Box::new(plan::own(&options.plan)), options.log());
    Ok(Outcome::Supervise { plan, supervision, errands, log, status: options.status, program })
}

/// Has another process make the plan; what is wrong has been said there. A request to stop does not wait for it: a manifest
/// may come from somebody who never ends.
fn ask(
    stops: SignalSet,
    make: impl FnOnce() -> Result<(Supervision, Errands), String>,
) -> Result<(Box<Supervision>, Vec<u8>), Refusal> {
    let impossible =
        |errno: Errno| refuse(&format!("the options cannot be read: {}", errno.desc()));
    let (reading, writing) = descriptors::with_room(descriptors::pipe).map_err(impossible)?;
    let podinit = this_process::pid();
    let planner = fork::fork(move || {
        // Whoever ends podinit has no use for a plan.
        let _ = this_process::set_parent_death_signal(Signal::KILL);
        if this_process::parent() != podinit {
            return super::FAILURE;
        }
        let sent = make().and_then(|(supervision, errands)| {
            let parts = [bytes(&supervision)?, bytes(&errands)?];
            send(File::from(writing), parts)
        });
        sent.map_or_else(|problem| refuse_lines(&problem), |()| 0)
    });
    let planner = planner.map_err(impossible)?;
    let sent = receive(File::from(reading), &Source::open(stops)).map_err(|stop| {
        // It may be stopped, which KILL does not mind; it has not been reaped.
        let _ = signals::send(Recipient::Process(planner), Signal::KILL);
        wait::end_of(planner);
        Refusal { text: String::new(), code: Exit::Signal(stop).code() }
    })?;
    let mut rest = sent.as_slice();
    let supervision = part(&mut rest).and_then(|part| postcard::from_bytes(part).ok());
    let errands = part(&mut rest);
    match (wait::end_of(planner), supervision, errands) {
        (_, Some(supervision), Some(errands)) => Ok((supervision, errands.to_vec())),
        (Exit::Signal(signal), ..) => {
            Err(refuse(&format!("the process that reads the options was killed by {signal}")))
        }
        (Exit::Code(_), ..) => Err(Refusal { text: String::new(), code: super::FAILURE }),
    }
}

fn bytes(part: &impl Serialize) -> Result<Vec<u8>, String> {
    postcard::to_stdvec(part).map_err(|error| error.to_string())
}

/// Each with its length before it.
fn send(mut pipe: File, parts: [Vec<u8>; 2]) -> Result<(), String> {
    let size: usize = parts.iter().map(Vec::len).sum();
    if size > LIMIT {
        return Err(format!("all that is asked for takes {size} bytes; {LIMIT} are the most"));
    }
    for part in parts {
        let length = (part.len() as u32).to_le_bytes();
        let written = pipe.write_all(&length).and_then(|()| pipe.write_all(&part));
        written.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// All that it sends.
///
/// # Errors
/// The signal that asks for the end meanwhile.
fn receive(pipe: File, stops: &Source) -> Result<Vec<u8>, Signal> {
    // Of two parts.
    const LENGTHS: usize = 8;
    let mut pipe = pipe.take((LIMIT + LENGTHS) as u64);
    let mut sent = Vec::new();
    loop {
        let watched = [stops.descriptor(), Some(pipe.get_ref().as_fd())];
        poll::readable(watched, stops.until_look(None));
        // A terminal that changes its size asks nobody to stop.
        let asks = |it: &Received| it.signal != Signal::WINCH || it.sender != Sender::Kernel;
        if let Some(stop) = stops.poll().filter(asks) {
            return Err(stop.signal);
        }
        match pipe.read_to_end(&mut sent) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // A pipe that gives nothing more gives too little, which is seen then.
            _ => return Ok(sent),
        }
    }
}

/// The next part of what was sent.
fn part<'s>(sent: &mut &'s [u8]) -> Option<&'s [u8]> {
    let (length, rest) = sent.split_first_chunk()?;
    let (part, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *sent = rest;
    Some(part)
}

/// Says each line of it, as [`refuse`] does. Returns the exit code.
pub(super) fn refuse_lines(problem: &str) -> u8 {
    for line in problem.lines() {
        // The exit code holds even where nobody can read (init U9).
        let _ = say(line);
    }
    super::FAILURE
}

/// One line, however long or odd what it quotes may be.
pub(super) fn say(line: &str) -> Result<(), Errno> {
    const CHARACTERS: usize = 1000;
    stderr::write(format!("podinit: {}\n", probe::one_line(line, CHARACTERS)).as_bytes())
}

impl Instead {
    /// The command line's directory and user go before a manifest's.
    fn taken_from(
        supervision: &mut Supervision,
        program: &mut Placed,
        keeps_status: bool,
    ) -> Instead {
        let directory = supervision.directory.take();
        let leak =
            |directory: Vec<u8>| -> &'static CStr { Box::leak(text(directory).into_boxed_c_str()) };
        let user = supervision.user.take().map(Credentials::from);
        Instead {
            words: std::mem::take(&mut supervision.words),
            variables: std::mem::take(&mut supervision.environment),
            directory: program.directory.or_else(|| directory.map(leak)),
            credentials: program.credentials.take().or(user),
            no_new_privileges: supervision.no_new_privileges,
            capabilities: supervision.capabilities,
            keeps_status,
        }
    }

    /// What is started; `None` if that cannot be, which has been said.
    #[cold]
    #[inline(never)]
    pub fn of(self, at: usize, start: Start) -> Option<Program> {
        let Instead { words, variables, directory, credentials, .. } = self;
        let Instead { no_new_privileges, capabilities, keeps_status, .. } = self;
        let Start { words: typed, mut environment, mask } = start;
        if no_new_privileges && let Err(errno) = this_process::give_up_new_privileges() {
            let field = "securityContext.allowPrivilegeEscalation";
            refuse(&format!("{field}: it cannot be forbidden: {}", errno.desc())).tell();
            return None;
        }
        if keeps_status {
            // Another podinit in there would take the number for one of its own.
            environment.remove("PODINIT_STATUS_FD");
        }
        if let Some(credentials) = &credentials {
            environment.set("HOME", &credentials.home);
        }
        if !variables.is_empty() {
            environment.set_all(variables);
        }
        let argv = if words.is_empty() {
            typed.into_program(at)
        } else {
            Argv::leak(words.into_iter().map(text))
        };
        Some(Program { argv: argv?, environment, directory, credentials, capabilities, mask })
    }
}

/// No plan has a NUL in its texts.
fn text(bytes: Vec<u8>) -> CString {
    CString::new(bytes).unwrap_or_default()
}

impl From<User> for Credentials {
    fn from(user: User) -> Credentials {
        Credentials {
            uid: Uid::from_raw(user.uid),
            gid: Gid::from_raw(user.gid),
            supplementary: user.supplementary.into_iter().map(Gid::from_raw).collect(),
            home: text(user.home),
        }
    }
}
