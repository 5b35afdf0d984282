//! An attempt in a thread, for what starts nobody and cannot hang in the kernel: cheaper by half than a process, and a
//! hundred that wait need little memory.

use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use super::apart::{Apart, Ending, SPARE};
use super::outcome::Outcome;
use super::patience::Patience;
use super::{Prober, Task, ask};
use crate::signal::Signal;
use crate::spec::action::Action;
use crate::sys::signals::{self, Recipient};
use crate::sys::{Errno, errno_of, this_process};

/// Far more than a handshake of TLS takes; what is not touched costs nothing.
const STACK: usize = 512 * 1024;

/// So many threads there are at most: all that a container's probes need, and some that nobody waits for any longer.
const MOST: usize = 8;

/// How many there are.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// A probe's attempt under way.
pub enum UnderWay {
    Beside(Beside),
    Apart(Apart),
}

impl UnderWay {
    /// Starts an attempt.
    ///
    /// # Errors
    /// There are no more processes, threads or descriptors to be had.
    pub fn start(
        prober: &mut Prober<'_>,
        action: &Action,
        limit: Duration,
    ) -> Result<UnderWay, Errno> {
        let may_hang = matches!(action, Action::Exec(_) | Action::File(_));
        // Where too many go on that nobody waits for: a process can be ended.
        if may_hang || THREADS.load(Ordering::Relaxed) >= MOST {
            Apart::start(prober, Task::Probe(action), limit).map(UnderWay::Apart)
        } else {
            Beside::start(prober, action, limit).map(UnderWay::Beside)
        }
    }

    /// How long it may still take.
    pub fn left(&self) -> Duration {
        match self {
            UnderWay::Beside(beside) => beside.left(),
            UnderWay::Apart(apart) => apart.left(),
        }
    }

    /// What can be read when there is something new; without it CHLD tells of that.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            UnderWay::Beside(_) => None,
            UnderWay::Apart(apart) => Some(apart.descriptor()),
        }
    }

    /// What came of it; `None` while it goes on.
    pub fn outcome(&mut self) -> Option<Outcome> {
        match self {
            UnderWay::Beside(beside) => beside.outcome(),
            UnderWay::Apart(apart) => apart.outcome(),
        }
    }

    /// The same as dropping it, without waiting.
    pub fn end_later(self) -> Option<Ending> {
        match self {
            UnderWay::Beside(_) => None,
            UnderWay::Apart(apart) => Some(apart.end_later()),
        }
    }
}

/// An attempt in a thread. Dropped before its end it goes on until its time is over, and nobody hears of it.
pub struct Beside {
    made: Receiver<Outcome>,
    began: Instant,
    /// When it is not waited for any longer.
    due: Instant,
}

impl Beside {
    fn start(prober: &Prober<'_>, action: &Action, limit: Duration) -> Result<Beside, Errno> {
        let (tell, made) = mpsc::sync_channel(1);
        let (action, trust, began) = (action.clone(), prober.trust.clone(), Instant::now());
        let work = move || {
            let outcome = ask(&action, &trust, &Patience::deaf(limit));
            if let Ok(outcome) = outcome {
                // Nobody may be listening any more.
                let _ = tell.send(Outcome { took: began.elapsed(), ..outcome });
            }
            THREADS.fetch_sub(1, Ordering::Relaxed);
            let _ = signals::send(Recipient::Process(this_process::pid()), Signal::CHLD);
        };
        THREADS.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = thread::Builder::new().stack_size(STACK).spawn(work) {
            THREADS.fetch_sub(1, Ordering::Relaxed);
            return Err(errno_of(&error));
        }
        Ok(Beside { made, began, due: began + limit + SPARE })
    }

    fn left(&self) -> Duration {
        self.due.saturating_duration_since(Instant::now())
    }

    fn outcome(&mut self) -> Option<Outcome> {
        let took = self.began.elapsed();
        let endless = || Outcome { took, ..Outcome::impossible("the attempt does not end") };
        match self.made.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(TryRecvError::Empty) => self.left().is_zero().then(endless),
            Err(TryRecvError::Disconnected) => Some(Outcome::lost("the attempt was stopped")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Trust;
    use crate::probe::exec::Surroundings;
    use crate::signal::SignalSet;
    use crate::spec::action::Role;
    use crate::sys::signals::{ChildSignal, Source};
    use crate::sys::words::Environment;
    use std::net::TcpListener;

    fn attempt(action: &str, limit: Duration) -> Outcome {
        let action = Action::parse(action, Role::Probe).unwrap();
        let mut environment = Environment::empty();
        let surroundings = Surroundings {
            environment: &mut environment,
            mask: SignalSet::EMPTY,
            child_signal: ChildSignal::Default,
            directory: None,
            credentials: None,
            capabilities: None,
            oom_score_adj: None,
            ledger: None,
        };
        let signals = Source::open(SignalSet::EMPTY);
        let mut prober = Prober { surroundings, signals: &signals, trust: &Trust::default() };
        let mut under_way = UnderWay::start(&mut prober, &action, limit).unwrap();
        assert!(matches!(under_way, UnderWay::Beside(_)));
        loop {
            if let Some(outcome) = under_way.outcome() {
                return outcome;
            }
            // Of CHLD nothing is heard in a process with more threads.
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn what_was_seen_is_told_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let action = format!("tcp://{}", listener.local_addr().unwrap());
        let outcome = attempt(&action, Duration::from_secs(100));
        assert!(outcome.verdict.holds() && outcome.took > Duration::ZERO, "{outcome:?}");
        drop(listener);
        let outcome = attempt(&action, Duration::from_secs(100));
        assert!(outcome.seen.ends_with("connection refused") && !outcome.lost, "{outcome:?}");
    }

    #[test]
    fn its_time_is_over_without_an_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let action = format!("http://{}/", listener.local_addr().unwrap());
        let outcome = attempt(&action, Duration::from_millis(30));
        assert!(
            !outcome.verdict.holds() && outcome.took >= Duration::from_millis(30),
            "{outcome:?}"
        );
    }
}
