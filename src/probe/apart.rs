//! An attempt in a process of its own: what it starts can then be told from everything else, and several
//! attempts can be under way at once.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use super::outcome::{OUTPUT_LIMIT, Outcome};
use super::patience::{Cut, Patience};
use super::{Ledger, Prober, Task, exec};
use crate::signal::{Signal, SignalSet};
use crate::spec::action::Action;
use crate::sys::signals::{self, Recipient, Source};
use crate::sys::wait::{self, Exit};
use crate::sys::{Errno, Pid, descriptors, fork, this_process};

/// An attempt under way elsewhere. Dropped before its end, it is stopped, with all it started.
pub struct Apart {
    process: Process,
    pipe: File,
    told: Vec<u8>,
    over: bool,
    has_command: bool,
    began: Instant,
    /// When it is not waited for any longer.
    due: Instant,
}

/// How long such a process may take beyond its attempt.
pub(super) const SPARE: Duration = Duration::from_secs(1);

/// Makes an attempt there and waits for it.
pub fn attempt(
    prober: &mut Prober<'_>,
    action: &Action,
    limit: Duration,
) -> Result<Outcome, Signal> {
    let mut apart = match Apart::start(prober, Task::Probe(action), limit) {
        Ok(apart) => apart,
        Err(errno) => return Ok(Outcome::no_process(errno)),
    };
    loop {
        if let Some(outcome) = apart.outcome() {
            return Ok(outcome);
        }
        let patience = Patience::new(apart.left(), prober.signals);
        if let Err(Cut::Stopped(signal)) = patience.readable(&apart.pipe) {
            return Err(signal);
        }
    }
}

impl Apart {
    /// Starts an attempt.
    ///
    /// # Errors
    /// There are no more processes or descriptors to be had.
    pub fn start(prober: &mut Prober<'_>, task: Task<'_>, limit: Duration) -> Result<Apart, Errno> {
        let (pipe, to_pipe) = descriptors::pipe()?;
        let awaited = prober.signals.signals();
        let mut to_pipe = File::from(to_pipe);
        let surroundings = prober.surroundings.reborrow();
        let trust = prober.trust;
        let parent = this_process::pid();
        let has_command = matches!(task.action(), Action::Exec(_));
        let spare = match task.action() {
            // Nothing there looks at the time.
            Action::File(_) => Duration::ZERO,
            Action::Exec(_) => exec::LAST_MOMENT + SPARE,
            _ => SPARE,
        };
        let awaited = awaited.union(SignalSet::EMPTY.with(Signal::TERM));
        // A TERM that is ignored, as podinit may have been told to, is lost unless it is blocked.
        let before = signals::block_all();
        let forked = fork::fork(|| {
            // A connection that another attempt has open is over when that one closes it.
            descriptors::keep_only([to_pipe.as_fd()]);
            signals::replace_mask(before.union(awaited));
            // A KILL for podinit's whole group would take the one away that ends what the command has started.
            this_process::leave_group();
            // It does not outlive whoever wants to know.
            let _ = this_process::set_parent_death_signal(ending(has_command));
            if this_process::parent() != parent {
                return 0;
            }
            let signals = Source::open(awaited);
            let mut here = Prober { surroundings, signals: &signals, trust };
            if let Ok(outcome) = here.attempt_here(task, limit)
                && let Ok(bytes) = postcard::to_stdvec(&outcome)
            {
                // Nobody may be listening any more.
                let _ = to_pipe.write_all(&bytes);
            }
            0
        });
        signals::replace_mask(before);
        let pid = forked?;
        let began = Instant::now();
        let due = began + limit + spare;
        let pipe = File::from(pipe);
        let process = Process { pid, ledger: prober.surroundings.ledger };
        Ok(Apart { process, pipe, told: Vec::new(), over: false, has_command, began, due })
    }

    pub fn pid(&self) -> Pid {
        self.process.pid
    }

    /// Tells it to end, if it has not, with all that it started.
    pub fn stop(&self) {
        if !self.over {
            self.process.send(ending(self.has_command));
            // Somebody may have stopped it.
            self.process.send(Signal::CONT);
        }
    }

    /// How long it may still take.
    pub fn left(&self) -> Duration {
        self.due.saturating_duration_since(Instant::now())
    }

    /// What can be read when there is something new.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }

    /// What came of it; `None` while it goes on.
    pub fn outcome(&mut self) -> Option<Outcome> {
        let mut buffer = [0; 4096];
        loop {
            match self.pipe.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => self.told.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                Err(_) if self.left().is_zero() => {
                    self.stop();
                    let took = self.began.elapsed();
                    return Some(Outcome {
                        took,
                        ..Outcome::impossible("the attempt does not end")
                    });
                }
                Err(_) => return None,
            }
        }
        self.over = true;
        let exit = self.process.wait(exec::LAST_MOMENT + SPARE);
        Some(decode(&self.told).unwrap_or_else(|| {
            let how = match exit {
                Some(Exit::Signal(signal)) => format!("the attempt was killed by {signal}"),
                _ => "the attempt was stopped".to_owned(),
            };
            Outcome::lost(how)
        }))
    }

    /// The same as dropping it, without waiting.
    pub fn end_later(mut self) -> Ending {
        self.stop();
        let is_over = std::mem::replace(&mut self.over, true);
        let patience = if self.has_command { exec::LAST_MOMENT + SPARE } else { Duration::ZERO };
        Ending { process: self.process, is_over, kill_at: Instant::now() + patience }
    }

    /// Sees to it that it is gone.
    fn end(&mut self) {
        if self.over {
            return;
        }
        self.stop();
        self.over = true;
        if self.has_command && self.process.wait(exec::LAST_MOMENT + SPARE).is_some() {
            return;
        }
        self.process.send(Signal::KILL);
        self.process.wait(SPARE);
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        self.end();
    }
}

/// One that was told to end, and is to be looked at until it has.
pub struct Ending {
    process: Process,
    is_over: bool,
    /// When it is not asked any more.
    kill_at: Instant,
}

impl Ending {
    /// Whether it is gone; one that takes too long is killed.
    pub fn is_over(&mut self) -> bool {
        self.is_over = self.is_over || self.process.exit().is_some();
        if !self.is_over && self.left().is_zero() {
            self.process.send(Signal::KILL);
            self.kill_at = Instant::now() + SPARE;
        }
        self.is_over
    }

    /// When to look at the latest: sooner, its end is told of by CHLD.
    pub fn left(&self) -> Duration {
        self.kill_at.saturating_duration_since(Instant::now())
    }
}

/// What ends such a process. A command it takes along; without one there is nothing to put in order, and it may
/// be waiting in the kernel for what never comes.
fn ending(has_command: bool) -> Signal {
    if has_command { Signal::TERM } else { Signal::KILL }
}

/// The process of an attempt.
#[derive(Clone, Copy)]
struct Process {
    pid: Pid,
    ledger: Option<Ledger>,
}

impl Process {
    fn send(self, signal: Signal) {
        let _ = signals::send(Recipient::Process(self.pid), signal);
    }

    /// How it has ended, `None` while it lives. A command that it could not end itself is ended then.
    fn exit(self) -> Option<Exit> {
        let exit = wait::exit_of(self.pid)?;
        if let Some(ledger) = self.ledger {
            ledger.settle(self.pid);
        }
        Some(exit)
    }

    /// The same, waited for where it is about to end.
    fn wait(self, at_most: Duration) -> Option<Exit> {
        let deadline = Instant::now() + at_most;
        loop {
            let exit = self.exit();
            if exit.is_some() || Instant::now() >= deadline {
                return exit;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

/// Asks for no more than is there.
fn decode(bytes: &[u8]) -> Option<Outcome> {
    let outcome: Outcome = postcard::from_bytes(bytes).ok()?;
    Some(outcome).filter(|outcome| outcome.output.len() <= OUTPUT_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Verdict;
    use crate::probe::outcome::Ended;
    use proptest::prelude::*;

    const VERDICTS: [Verdict; 4] =
        [Verdict::Success, Verdict::Warning, Verdict::Failure, Verdict::Unknown];

    proptest! {
        #[test]
        fn what_is_told_arrives(
            verdict in 0_usize..4,
            errored: bool,
            lost: bool,
            unbegun: bool,
            ended: Option<(u8, usize)>,
            seen: String,
            output in proptest::collection::vec(any::<u8>(), 0..100),
            nanos: u64,
        ) {
            let (verdict, took) = (VERDICTS[verdict], Duration::from_nanos(nanos));
            let ended = ended.map(|(code, stdout)| Ended { code, stdout });
            let outcome = Outcome { verdict, errored, lost, unbegun, ended, seen, output, took };
            let bytes = postcard::to_stdvec(&outcome).unwrap();
            prop_assert_eq!(decode(&bytes), Some(outcome.clone()));
            for cut in 0..bytes.len() {
                prop_assert_eq!(decode(&bytes[..cut]), None);
            }
        }
    }
}
