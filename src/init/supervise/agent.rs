//! The agent as init sees it: a process that may be gone at any moment, and another that goes on in its place.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use crate::agent::{self, Ledger, Remark, Surroundings, Trust};
use crate::init::report::{Log, Note, Supervised};
use crate::init::start::Program;
use crate::lifecycle::Moment;
use crate::lifecycle::container::{Event, Hook};
use crate::lifecycle::probe::{Kind, Snapshot};
use crate::lifecycle::status::health::Vitals;
use crate::link::{self, Message, Order, Packet, Report};
use crate::plan::life::Probes;
use crate::signal::Signal;
use crate::sys::packets::{self, Received};
use crate::sys::signals::{self, ChildSignal, Recipient};
use crate::sys::wait::{self, Exit};
use crate::sys::{Errno, Pid, descriptors, fork, this_process};

/// The pauses before the next agent: none, then this, twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// An agent that has lived for so long is taken to be well. A hook that has waited for so long for one that is has
/// failed: no stop waits for what nobody will run.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Agent<'a> {
    errands: &'a [u8],
    /// Where each is asked by HTTP.
    listeners: Vec<OwnedFd>,
    process: Option<Process>,
    began: Moment,
    /// Since when there has been no agent that is well.
    trouble: Option<Moment>,
    pause: Duration,
    /// When there is to be another.
    next: Option<Moment>,
    watch: Option<Watch>,
    /// What was last told of each probe there is.
    kept: [Kept; 3],
    hook: Option<Task>,
    /// The commands under way, of all agents there have been.
    ledger: Option<Ledger>,
    hearing: Option<Hearing>,
    /// The container as who is asked knows it.
    vitals: Option<Vitals>,
}

/// A probe, as far as the next agent has to know it.
#[derive(Clone, Copy)]
struct Kept {
    kind: Kind,
    exists: bool,
    /// Of the instance that is watched.
    snapshot: Option<Snapshot>,
}

struct Process {
    pid: Pid,
    /// `None` when it has been given up.
    link: Option<OwnedFd>,
    was_stopped: bool,
}

/// An instance whose probes run.
#[derive(Clone, Copy)]
struct Watch {
    instance: u32,
    since: Moment,
    started: bool,
    quiet: bool,
}

/// The instance that says itself how it is doing, and where that arrives: what no agent has taken in waits there.
struct Hearing {
    instance: u32,
    socket: OwnedFd,
}

/// A hook under way.
#[derive(Clone, Copy)]
struct Task {
    hook: Hook,
    instance: u32,
    since: Moment,
}

impl<'a> Agent<'a> {
    /// None yet.
    pub fn new(
        errands: &'a [u8],
        probes: &Probes,
        listeners: Vec<OwnedFd>,
        now: Moment,
    ) -> Agent<'a> {
        let Probes { startup, liveness, readiness } = probes;
        let kept =
            [(Kind::Startup, startup), (Kind::Liveness, liveness), (Kind::Readiness, readiness)];
        let kept = kept.map(|(kind, probe)| Kept { kind, exists: probe.is_some(), snapshot: None });
        Agent {
            errands,
            listeners,
            process: None,
            began: now,
            trouble: None,
            pause: Duration::ZERO,
            next: None,
            watch: None,
            kept,
            hook: None,
            ledger: Ledger::open(),
            hearing: None,
            vitals: None,
        }
    }

    pub fn pid(&self) -> Option<Pid> {
        self.process.as_ref().map(|process| process.pid)
    }

    pub fn link(&self) -> Option<BorrowedFd<'_>> {
        self.given_link().map(AsFd::as_fd)
    }

    /// Forks one, which goes on where the one before it was. With `tells` it tells of events too.
    pub fn start(
        &mut self,
        now: Moment,
        program: &mut Program,
        child_signal: ChildSignal,
        tells: bool,
        log: &mut Log,
    ) {
        self.next = None;
        match self.fork(program, child_signal, tells, log) {
            Ok(process) => {
                self.process = Some(process);
                self.began = now;
                self.resume(log);
            }
            Err(errno) => {
                let pause = self.put_off(now);
                log.note(Note::Supervised(Supervised::NoAgent { errno, pause }));
            }
        }
    }

    fn fork(
        &mut self,
        program: &mut Program,
        child_signal: ChildSignal,
        tells: bool,
        log: &mut Log,
    ) -> Result<Process, Errno> {
        let (ours, theirs) = descriptors::with_room(packets::pair)?;
        let (mut ours, mut theirs, errands) = (Some(ours), Some(theirs), self.errands);
        let ledger = self.ledger;
        let listeners = &self.listeners;
        let init = this_process::pid();
        let pid = fork::fork(|| {
            // It would never see init's end of the link closed.
            ours = None;
            let (Some(link), Some(errands)) = (theirs.take(), link::read(errands)) else {
                return 1;
            };
            let Program { environment, directory, credentials, capabilities, mask, .. } = program;
            let surroundings = Surroundings {
                environment,
                mask: *mask,
                child_signal,
                directory: *directory,
                credentials: credentials.as_ref(),
                capabilities: *capabilities,
                oom_score_adj: None,
                ledger,
            };
            let say = &mut |remark: Remark<'_>| {
                log.note(Note::Supervised(Supervised::Remarked(remark)));
            };
            let trust = &Trust::default();
            agent::run(agent::Start {
                link,
                listeners,
                init,
                errands,
                surroundings,
                trust,
                say,
                tells,
            })
        })?;
        Ok(Process { pid, link: ours, was_stopped: false })
    }

    /// Tells a new agent what the one before it knew.
    fn resume(&mut self, log: &mut Log) {
        self.hand_over(log);
        if let Some(vitals) = self.vitals {
            self.order(Order::Status(vitals), log);
        }
        if let Some(Watch { instance, since, started, quiet }) = self.watch {
            let kept = self.kept;
            if kept.iter().all(|kept| !kept.exists || kept.snapshot.is_some()) {
                for Kept { kind, snapshot, .. } in kept {
                    let Some(snapshot) = snapshot else { continue };
                    self.order(Order::Restore { kind, instance, snapshot }, log);
                }
            } else {
                // The one before it has not got far enough.
                self.order(Order::Watch { instance, since, started }, log);
            }
            if started {
                self.order(Order::Started, log);
            }
            if quiet {
                self.order(Order::Quieten, log);
            }
        }
        if let Some(Task { hook, instance, .. }) = self.hook {
            self.order(Order::Run { hook, instance }, log);
        }
    }

    /// Hears what this instance says from now on.
    pub fn listen(&mut self, instance: u32, socket: OwnedFd, log: &mut Log) {
        self.hearing = Some(Hearing { instance, socket });
        self.hand_over(log);
    }

    fn hand_over(&mut self, log: &mut Log) {
        let Some(link) = self.given_link() else { return };
        let Some(Hearing { instance, socket }) = &self.hearing else { return };
        let order = Packet::of(&Order::Listen { instance: *instance });
        let sent = packets::offer_with(link, order.as_bytes(), socket.as_fd());
        self.see_sent(sent, log);
    }

    /// What the program has said of this instance has been taken.
    pub fn acknowledge(&mut self, instance: u32, log: &mut Log) {
        self.order(Order::Noted { instance }, log);
    }

    /// Tells one that is asked how the container is, if that has changed.
    pub fn tell(&mut self, vitals: Vitals, log: &mut Log) {
        if !self.listeners.is_empty() && self.vitals != Some(vitals) {
            self.vitals = Some(vitals);
            self.order(Order::Status(vitals), log);
        }
    }

    pub fn run(&mut self, now: Moment, hook: Hook, instance: u32, log: &mut Log) {
        self.hook = Some(Task { hook, instance, since: now });
        self.order(Order::Run { hook, instance }, log);
    }

    pub fn end(&mut self, hook: Hook, log: &mut Log) {
        self.hook = None;
        self.order(Order::End(hook), log);
    }

    pub fn watch(&mut self, instance: u32, since: Moment, started: bool, log: &mut Log) {
        self.watch = Some(Watch { instance, since, started, quiet: false });
        self.kept.iter_mut().for_each(|kept| kept.snapshot = None);
        self.order(Order::Watch { instance, since, started }, log);
    }

    pub fn started(&mut self, log: &mut Log) {
        if let Some(watch) = &mut self.watch {
            watch.started = true;
        }
        self.order(Order::Started, log);
    }

    pub fn quieten(&mut self, log: &mut Log) {
        if let Some(watch) = &mut self.watch {
            watch.quiet = true;
        }
        self.order(Order::Quieten, log);
    }

    pub fn unwatch(&mut self, log: &mut Log) {
        self.watch = None;
        self.order(Order::Unwatch, log);
    }

    /// One that leaves no room for an order hangs, and one whose link is broken is lost.
    fn order(&mut self, order: Order, log: &mut Log) {
        let Some(link) = self.given_link() else { return };
        let sent = packets::offer(link, Packet::of(&order).as_bytes());
        self.see_sent(sent, log);
    }

    fn given_link(&self) -> Option<&OwnedFd> {
        self.process.as_ref()?.link.as_ref()
    }

    fn see_sent(&mut self, sent: Result<(), Errno>, log: &mut Log) {
        let Err(errno) = sent else { return };
        if errno == Errno::EAGAIN {
            log.note(Note::Supervised(Supervised::AgentHangs));
        }
        self.give_up();
    }

    /// What it has said, one at a time; `None` when that is all.
    pub fn next_message<'b>(&mut self, buffer: &'b mut [u8]) -> Option<Message<'b>> {
        let link = self.process.as_ref()?.link.as_ref()?;
        match packets::receive(link, buffer) {
            Received::Packet(packet) => link::read(packet),
            Received::Nothing => None,
            Received::Closed => {
                self.give_up();
                None
            }
        }
    }

    /// What follows from it for this instance, the latest one: nothing from what is said of another.
    pub fn heard(&mut self, report: Report, latest: u32) -> Option<Event> {
        let (instance, event) = match report {
            Report::Kept { kind, instance, snapshot } => {
                if self.watch.is_some_and(|watch| watch.instance == instance) {
                    let of_kind = self.kept.iter_mut().filter(|kept| kept.kind == kind);
                    of_kind.for_each(|kept| kept.snapshot = Some(snapshot));
                }
                return None;
            }
            Report::Notified { .. } => return None,
            Report::Started { instance } => (instance, Event::Started),
            Report::Ready { instance, ready } => (instance, Event::Ready(ready)),
            Report::Failed { instance, kind } => (instance, Event::Failed(kind)),
            Report::HookEnded { hook, instance, well } => {
                self.hook.take_if(|task| task.hook == hook && task.instance == instance)?;
                (instance, Event::HookEnded(hook, well))
            }
        };
        (instance == latest).then_some(event)
    }

    /// Ends one that is of no more use; its end is told as any other.
    pub fn give_up(&mut self) {
        if let Some(process) = &mut self.process {
            process.link = None;
            let _ = signals::send(Recipient::Process(process.pid), Signal::KILL);
        }
    }

    /// It was stopped by somebody: once that may be a slip. So may be an attempt that an agent has left behind.
    pub fn look_whether_stopped(&mut self, log: &mut Log) {
        if let Some(ledger) = self.ledger {
            ledger.look_whether_stopped();
        }
        let Some(process) = &mut self.process else { return };
        if wait::stopped(process.pid).is_none() {
            return;
        }
        if process.was_stopped {
            log.note(Note::Supervised(Supervised::AgentHangs));
            self.give_up();
        } else {
            process.was_stopped = true;
            let _ = signals::send(Recipient::Process(process.pid), Signal::CONT);
        }
    }

    /// A child of init has been reaped. Whether it was the agent; it may be an attempt that an agent has left behind.
    pub fn reaped(&mut self, pid: Pid) -> bool {
        let is_agent = self.pid() == Some(pid);
        self.process.take_if(|_| is_agent);
        match self.ledger {
            Some(ledger) if is_agent => ledger.inherit(),
            Some(ledger) => ledger.settle(pid),
            None => {}
        }
        is_agent
    }

    /// It has ended.
    pub fn ended(&mut self, now: Moment, exit: Exit, log: &mut Log) {
        if now.since(self.began) >= PATIENCE {
            (self.trouble, self.pause) = (None, Duration::ZERO);
        }
        let pause = self.put_off(now);
        log.note(Note::Supervised(Supervised::AgentEnded { exit, pause }));
    }

    fn put_off(&mut self, now: Moment) -> Duration {
        self.trouble.get_or_insert(now);
        let pause = self.pause;
        self.next = Some(now + pause);
        self.pause = pause.saturating_mul(2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        pause
    }

    pub fn due(&self) -> Option<Moment> {
        [self.next, self.hook_due()].into_iter().flatten().min()
    }

    /// When a hook that nobody runs is not waited for any longer.
    fn hook_due(&self) -> Option<Moment> {
        let (task, trouble) = (self.hook.as_ref()?, self.trouble?);
        self.process.is_none().then(|| task.since.max(trouble) + PATIENCE)
    }

    /// Whether there is to be another agent now.
    pub fn is_due(&self, now: Moment) -> bool {
        self.next.is_some_and(|next| next <= now)
    }

    /// A hook that has waited for too long.
    pub fn failed_hook(&mut self, now: Moment, log: &mut Log) -> Option<Event> {
        if self.hook_due().is_none_or(|due| now < due) {
            return None;
        }
        let Task { hook, .. } = self.hook.take()?;
        log.note(Note::Supervised(Supervised::HookNotRun { hook }));
        Some(Event::HookEnded(hook, false))
    }

    /// Tells it to leave, and none to come after it.
    pub fn dismiss(&mut self) {
        (self.next, self.hook, self.watch) = (None, None, None);
        if let Some(process) = &mut self.process {
            process.link = None;
            // What is stopped cannot leave.
            let _ = signals::send(Recipient::Process(process.pid), Signal::CONT);
        }
    }
}

#[cfg(test)]
mod tests;
