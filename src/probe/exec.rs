//! `exec:`: a command, without a shell (kubelet P11).
//!
//! It runs in a session of its own. At the time-out it is killed with all its descendants, wherever they
//! have moved; when it ends by itself its exit code decides at once, and what it leaves behind lives on.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use super::ledger::{Entry, Ledger};
use super::outcome::{Ended, OUTPUT_LIMIT, Outcome, one_line};
use super::patience::{Cut, Patience};
use super::{Heard, reason};
use crate::duration::Go;
use crate::signal::{Signal, SignalSet};
use crate::sys::credentials::Credentials;
use crate::sys::exec::Failure;
use crate::sys::poll::PollFlags;
use crate::sys::process_tree;
use crate::sys::signals::{self, ChildSignal, Recipient};
use crate::sys::spawn::{self, Order, Place, Step};
use crate::sys::wait::{self, Dead, Exit};
use crate::sys::words::{Argv, Environment};
use crate::sys::{Errno, Pid, descriptors, this_process};

/// What a command is given besides its words.
pub struct Surroundings<'a> {
    pub environment: &'a mut Environment,
    /// The blocked set and SIGCHLD's disposition that podinit was given.
    pub mask: SignalSet,
    pub child_signal: ChildSignal,
    /// Where it begins and as whom; where and as podinit is if `None`.
    pub directory: Option<&'a CStr>,
    pub credentials: Option<&'a Credentials>,
    /// Of podinit's capabilities it keeps no others; all if it is `None`.
    pub capabilities: Option<u64>,
    /// Its own adjustment, where podinit has another for itself.
    pub oom_score_adj: Option<i32>,
    /// Where it is written down, if somebody is to end it who is not its parent.
    pub ledger: Option<Ledger>,
}

impl Surroundings<'_> {
    pub(super) fn reborrow(&mut self) -> Surroundings<'_> {
        Surroundings { environment: self.environment, ..*self }
    }
}

/// How long what was killed may take to go.
pub(super) const LAST_MOMENT: Duration = Duration::from_secs(2);

/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(2);

/// What a child exits with that could not become the program; it says why too.
const FAILURE: u8 = 127;

/// So much of a command's output is shown in one line.
const SHOWN: usize = 200;

/// Makes the attempt, in a process that has no children and is there for nothing else: whatever descends
/// from it is the command's.
pub fn attempt(
    words: &[String],
    surroundings: &mut Surroundings<'_>,
    patience: &Patience<'_>,
    mut heard: Option<Heard<'_>>,
) -> Result<Outcome, Signal> {
    // Where it is refused, those that have left the command's tree get away.
    let _ = this_process::become_subreaper();
    let entry = match surroundings.ledger.map(Ledger::enter) {
        Some(None) => return Ok(Outcome::unbegun("too many commands are under way")),
        entry => entry.flatten(),
    };
    let mut command = match Command::start(words, surroundings, entry.as_ref()) {
        Ok(command) => command,
        Err(errno @ (Errno::EAGAIN | Errno::ENOMEM | Errno::EMFILE | Errno::ENFILE)) => {
            return Ok(Outcome::no_process(errno));
        }
        Err(errno) => return Ok(impossible(words, &reason(errno))),
    };
    match command.watch(patience, &mut heard) {
        Ok(exit) => Ok(match command.refused() {
            Some(why) => impossible(words, &why),
            None => command.outcome(exit),
        }),
        Err(cut) => {
            command.read(&mut heard, true);
            command.end_all();
            match cut {
                Cut::Stopped(signal) => Err(signal),
                Cut::TimedOut => Ok(timed_out(words, patience.limit())),
            }
        }
    }
}

/// kubelet P15: it says nothing about the target.
fn impossible(words: &[String], why: &str) -> Outcome {
    let program = words.first().map_or("", String::as_str);
    Outcome::impossible(format!("{program:?} cannot be run: {why}"))
}

/// kubelet P14.
fn timed_out(words: &[String], limit: Duration) -> Outcome {
    let command = words.join(" ");
    Outcome::failure(format!("command timed out: \"{command}\" timed out after {}", Go(limit)))
}

/// A command on its way.
struct Command {
    pid: Pid,
    stdout: Stream,
    stderr: Stream,
    /// What the child says when it cannot become the program.
    refusal: Stream,
}

impl Command {
    fn start(
        words: &[String],
        surroundings: &mut Surroundings<'_>,
        entry: Option<&Entry>,
    ) -> Result<Command, Errno> {
        let words: Result<Vec<CString>, _> =
            words.iter().map(|word| CString::new(word.as_str())).collect();
        let argv = words.ok().and_then(Argv::leak);
        let mut argv = argv.ok_or(Errno::ENOENT)?;
        let (stdout, to_stdout) = descriptors::pipe()?;
        let (stderr, to_stderr) = descriptors::pipe()?;
        let (refusal, to_refusal) = descriptors::pipe()?;
        let null = descriptors::null()?;
        let begin = || entry.into_iter().for_each(Entry::begin);
        let mut order = Order {
            argv: &mut argv,
            environment: surroundings.environment,
            place: Place::Detached,
            mask: surroundings.mask,
            child_signal: surroundings.child_signal,
            directory: surroundings.directory,
            credentials: surroundings.credentials,
            capabilities: surroundings.capabilities,
            standard: Some([null.as_fd(), to_stdout.as_fd(), to_stderr.as_fd()]),
            parent_death_signal: Some(Signal::KILL),
            // Not sooner: who has lost the attempt would write into a row that may be another's by then.
            before_exec: Some(&begin),
            oom_score_adj: surroundings.oom_score_adj,
            notify_socket: None,
        };
        let pid = spawn::spawn(&mut order, |step, order| {
            // If even this fails the exit code is all there is.
            let _ = File::from(to_refusal).write_all(why(step, order).as_bytes());
            FAILURE
        })?;
        Ok(Command {
            pid,
            stdout: Stream::new(stdout),
            stderr: Stream::new(stderr),
            refusal: Stream::new(refusal),
        })
    }

    /// Waits for the end, reading what is printed. Those who hold the pipes then are not waited for (kubelet P19).
    fn watch(
        &mut self,
        patience: &Patience<'_>,
        heard: &mut Option<Heard<'_>>,
    ) -> Result<Exit, Cut> {
        loop {
            if let Some(exit) = wait::exit_of(self.pid) {
                self.read(heard, true);
                return Ok(exit);
            }
            let open = [&self.stdout, &self.stderr].map(|stream| stream.pipe.as_ref());
            let watched: Vec<_> =
                open.into_iter().flatten().map(|pipe| (pipe.as_fd(), PollFlags::POLLIN)).collect();
            patience.wait(&watched)?;
            self.read(heard, false);
        }
    }

    /// And says what has come, if somebody wants to hear it; at its end whatever there is.
    fn read(&mut self, heard: &mut Option<Heard<'_>>, is_end: bool) {
        for stream in [&mut self.stdout, &mut self.stderr, &mut self.refusal] {
            stream.read();
        }
        if let Some(heard) = heard {
            self.stdout.tell(heard, is_end);
            self.stderr.tell(heard, is_end);
        }
    }

    fn refused(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.refusal.kept).into_owned();
        (!text.is_empty()).then_some(text)
    }

    /// Kubelet P12, P13: the output is standard output's, then standard error's.
    fn outcome(self, exit: Exit) -> Outcome {
        let mut output = self.stdout.kept;
        let ended = Some(Ended { code: exit.code(), stdout: output.len() });
        output.extend(self.stderr.kept);
        output.truncate(OUTPUT_LIMIT);
        let how = exit.to_string();
        if exit == Exit::Code(0) {
            return Outcome { ended, ..Outcome::success(how, output) };
        }
        let said = one_line(&String::from_utf8_lossy(&output), SHOWN);
        let seen = if said.is_empty() { how } else { format!("{how}: {said}") };
        Outcome { ended, ..Outcome::failure(seen).with_output(output) }
    }

    /// Kills the command and all that descends from it. Whoever is in uninterruptible sleep is left.
    fn end_all(&self) {
        let deadline = Instant::now() + LAST_MOMENT;
        loop {
            let kill = |to| _ = signals::send(to, Signal::KILL);
            let looked =
                process_tree::for_each_descendant(this_process::pid(), None, |descendant| {
                    kill(Recipient::Process(descendant.pid));
                });
            if looked.is_err() {
                kill(Recipient::Group(self.pid));
            }
            while let Dead::One(..) = wait::reap_any() {}
            if wait::reap_any() == Dead::Childless || Instant::now() >= deadline {
                return;
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// One of the things a command prints to.
struct Stream {
    /// `None` once all writers are gone.
    pipe: Option<File>,
    /// The first [`OUTPUT_LIMIT`] bytes; what follows is read and dropped.
    kept: Vec<u8>,
    /// There was more.
    is_cut: bool,
    /// So much of what was kept has been told, and the cut too.
    told: usize,
    cut_told: bool,
}

impl Stream {
    fn new(pipe: OwnedFd) -> Stream {
        let pipe = Some(File::from(pipe));
        Stream { pipe, kept: Vec::new(), is_cut: false, told: 0, cut_told: false }
    }

    /// Reads what is there, but not for ever where somebody goes on writing.
    fn read(&mut self) {
        let mut buffer = [0; 4096];
        for _ in 0..64 {
            let Some(pipe) = &mut self.pipe else { return };
            match pipe.read(&mut buffer) {
                Ok(0) => self.pipe = None,
                Ok(count) => {
                    let room = OUTPUT_LIMIT.saturating_sub(self.kept.len()).min(count);
                    self.kept.extend_from_slice(buffer.get(..room).unwrap_or_default());
                    self.is_cut |= room < count;
                }
                // Nothing there now; nothing else can happen to a pipe.
                Err(_) => return,
            }
        }
    }

    /// Gives the lines that have come since; at the end also one that has none, and once that there was more.
    fn tell(&mut self, heard: Heard<'_>, is_end: bool) {
        let new = self.kept.get(self.told..).unwrap_or_default();
        let whole = new.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let length = if is_end || self.is_cut { new.len() } else { whole };
        let lines = new.get(..length).unwrap_or_default().split(|byte| *byte == b'\n');
        for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
            heard(&String::from_utf8_lossy(line));
        }
        self.told += length;
        if self.is_cut && !self.cut_told {
            self.cut_told = true;
            heard("(more than 10 KiB of output; the rest is not shown)");
        }
    }
}

/// Why the child could not become the program.
fn why(step: Step, order: &Order<'_>) -> String {
    match step {
        Step::Exec(Failure::Errno(Errno::ENOENT))
            if !order.argv.program().to_bytes().contains(&b'/') =>
        {
            "not found in PATH".to_owned()
        }
        Step::Exec(Failure::NoShell(errno)) => {
            format!("the kernel does not know its format, and /bin/sh gives: {}", reason(errno))
        }
        Step::Exec(Failure::Errno(errno))
        | Step::Place(errno)
        | Step::Directory(errno)
        | Step::Credentials(errno)
        | Step::Capabilities(errno) => reason(errno),
    }
}
