//! PID 1 of a container with hooks, probes or restarts: the loop around [`Container`], and the agent beside it.
//!
//! One thread that waits in one ppoll(2), for signals, the agent, an exec, and no longer than until something is due.
//! Nothing the loop reaches panics or asks for memory, and while nothing happens and nothing is due it makes no system
//! call.

use crate::lifecycle::Moment;
use crate::lifecycle::container::{Action, Container, Event, KillReason, Stop};
use crate::lifecycle::termination::concerns_init_only;
use crate::plan::Plan;
use crate::plan::life::{Hooks, Life, Probes};
use crate::plan::supervision::Supervision;
use crate::signal::{Received, Sender, Signal, SignalSet};
use crate::sys::line::Output;
use crate::sys::poll;
use crate::sys::signals::Source;
use crate::sys::wait::{self, Dead, Exit};

use super::report::{Log, Note, StatusStream, Supervised};
use super::start::{Program, Stage};
use super::{BATCH, now};

mod agent;
mod hearing;
mod instance;
mod last_words;
mod leave;
mod leftovers;
mod listen;
mod manager;
mod memory;
mod tell;

use agent::Agent;
use instance::Instance;
use last_words::LastWords;
use leftovers::Clearance;
use manager::Manager;
use memory::Memory;
use tell::Names;

/// Lives one container's life, over all its instances; returns the exit code. `errands` is
/// [`crate::plan::supervision::Errands`], encoded; `status` is what `--status-fd` names.
#[cold]
#[inline(never)]
pub fn supervise(
    plan: &Plan,
    supervision: &Supervision,
    errands: &[u8],
    program: Program,
    log: Log,
    status: Option<Output>,
) -> u8 {
    let supervisor = Supervisor::prepare(plan, supervision, errands, program, log, status);
    supervisor.map_or_else(|code| code, Supervisor::run)
}

/// Init, and all it knows of its container.
pub struct Supervisor<'a> {
    plan: &'a Plan,
    supervision: &'a Supervision,
    names: Names<'a>,
    log: Log,
    stream: Option<Box<StatusStream>>,
    source: Source,
    container: Container<'a>,
    instance: Instance<'a>,
    /// Where there is something for it to do.
    agent: Option<Agent<'a>>,
    clearance: Clearance,
    /// Who is told how the container is doing, where the program says so itself.
    manager: Manager,
    last_words: LastWords,
    memory: Memory,
    /// The first signal that asked for the end, and when it came.
    stop: Option<(Signal, Moment)>,
    /// What the latest instance was told to end by.
    told: Option<Signal>,
    /// Its leftovers needed SIGKILL.
    leftovers_killed: bool,
    /// There was no process for the first instance.
    never_started: bool,
}

impl<'a> Supervisor<'a> {
    /// All that needs memory.
    ///
    /// # Errors
    /// The exit code, when nothing can be started; why has been said.
    pub fn prepare(
        plan: &'a Plan,
        supervision: &'a Supervision,
        errands: &'a [u8],
        mut program: Program,
        mut log: Log,
        status: Option<Output>,
    ) -> Result<Supervisor<'a>, u8> {
        let life = &supervision.life;
        let sockets = listen::open(&supervision.listen, &mut log);
        let sockets = sockets.ok_or(plan.failure_codes.not_started)?;
        let has_agent = has_errands(life) || !sockets.is_empty();
        let stage = Stage::set(plan, has_agent, &mut log)?;
        let manager = Manager::of(life, &mut program.environment);
        Ok(Supervisor {
            plan,
            supervision,
            names: Names::stand_in(errands),
            log,
            stream: status.map(|to| Box::new(StatusStream::new(to))),
            source: Source::open(SignalSet::ALL),
            container: Container::new(life),
            instance: Instance::new(plan, program, stage, life.notifies),
            agent: has_agent.then(|| Agent::new(errands, &life.probes, sockets, now())),
            clearance: Clearance::new(),
            manager,
            last_words: LastWords::new(supervision.termination_log.as_deref()),
            memory: Memory::new(supervision.oom_kills.as_deref()),
            stop: None,
            told: None,
            leftovers_killed: false,
            never_started: false,
        })
    }

    /// Lives until there is no instance and will be none. Returns the exit code.
    pub fn run(mut self) -> u8 {
        self.start_agent(now());
        // Who had ended before podinit was executed has told nobody.
        self.look_at_children();
        self.happened(Event::Start);
        while !self.is_over() {
            self.act_on_due();
            if !self.is_over() {
                self.wait();
            }
        }
        self.leave()
    }

    fn is_over(&self) -> bool {
        self.container.is_done() || self.never_started
    }

    /// Waits for whatever comes first, and takes it.
    fn wait(&mut self) {
        let agent = self.agent.as_ref();
        let link = agent.and_then(Agent::link);
        let due = [
            self.container.due(),
            self.instance.due(),
            self.clearance.due(),
            agent.and_then(Agent::due),
        ];
        let due = due.into_iter().flatten().min();
        let at_most = self.source.until_look(due.map(|due| due.since(now())));
        let signals = self.source.descriptor();
        let is_blind = signals.is_none();
        let [came, told, executed] = poll::readable([signals, link, self.instance.pipe()], at_most);
        if executed && let Some(event) = self.instance.look_at_exec() {
            self.happened(event);
        }
        if told {
            self.hear();
        }
        if came || is_blind {
            self.receive();
        }
    }

    fn receive(&mut self) {
        for _ in 0..BATCH {
            match self.source.poll() {
                None => return,
                Some(received) if received.signal == Signal::CHLD => self.look_at_children(),
                Some(received) => self.received(received),
            }
        }
    }

    fn received(&mut self, received: Received) {
        let Received { signal, sender } = received;
        if signal == Signal::CONT {
            self.instance.continued();
        }
        if concerns_init_only(received) {
            return;
        }
        let route = self.plan.ending.routes.of(signal);
        // A terminal that changes its size asks nobody to stop.
        if route.stops && !(signal == Signal::WINCH && sender == Sender::Kernel) {
            return self.asked_to_stop(signal, route.send);
        }
        if let Some(signal) = route.send
            && !self.instance.send(signal, &mut self.log)
        {
            self.log.note(Note::Supervised(Supervised::Dropped { signal }));
        }
    }

    /// The first request begins the end. What comes after the program has had its stop signal goes to it as any other
    /// signal does, and a second one before that ends the wait for preStop.
    fn asked_to_stop(&mut self, signal: Signal, send: Option<Signal>) {
        let (now, grace) = (now(), self.supervision.life.grace);
        self.stop.get_or_insert((signal, now));
        self.manager.stopping();
        let again = self.told.is_some();
        self.happened(Event::Stop(Stop { grace, ordered: false, asked: true }));
        if let Some(signal) = send.filter(|_| again) {
            self.instance.send(signal, &mut self.log);
        }
        if let Some(grace) = grace {
            self.instance.limit_exec(now + grace);
        }
    }

    /// Reaps all that is dead, a batch at a time with a look at signals and deadlines between.
    fn look_at_children(&mut self) {
        let mut reaped = 0;
        self.look_whether_stopped();
        while let Dead::One(pid, exit) = wait::reap_any() {
            if self.instance.is(pid) {
                self.main_ended(exit);
            } else if let Some(agent) = &mut self.agent
                && agent.reaped(pid)
            {
                agent.ended(now(), exit, &mut self.log);
                self.clearance.spare(None);
            } else if self.plan.warn_on_reap {
                self.log.note(Note::OrphanWarned { pid });
            }
            self.log.note(Note::Reaped { pid, exit });
            reaped += 1;
            if reaped % BATCH == 0 {
                while let Some(received) = self.source.poll() {
                    match received.signal {
                        Signal::CHLD => self.look_whether_stopped(),
                        _ => self.received(received),
                    }
                }
                // However many die, no deadline waits for the last.
                self.act_on_due();
            }
        }
        self.clearance.look |= reaped > 0;
    }

    fn main_ended(&mut self, exit: Exit) {
        if let Some(pid) = self.instance.pid() {
            self.log.note(Note::MainEnded { pid, exit });
        }
        self.last_words.main_ended(exit);
        let killed = self.container.account().is_some_and(|account| account.killed.is_some());
        let out_of_memory = self.memory.ran_out(exit, killed, self.agent.is_some());
        let event = self.instance.ended(exit, out_of_memory);
        self.happened(event);
    }

    fn look_whether_stopped(&mut self) {
        self.instance.look_whether_stopped(&mut self.log);
        if let Some(agent) = &mut self.agent {
            agent.look_whether_stopped(&mut self.log);
        }
    }

    fn act_on_due(&mut self) {
        let now = now();
        if self.container.due().is_some_and(|due| due <= now) {
            self.happened(Event::Due);
        }
        self.instance.act_on_due(now);
        if let Some(agent) = &mut self.agent
            && let Some(event) = agent.failed_hook(now, &mut self.log)
        {
            self.happened(event);
        }
        if self.agent.as_ref().is_some_and(|agent| agent.is_due(now)) {
            self.start_agent(now);
        }
        if (self.clearance.look || self.clearance.due().is_some_and(|due| due <= now))
            && let Some(killed) = self.clearance.go_on(now, &self.instance, &mut self.log)
        {
            self.leftovers_killed = killed;
            self.happened(Event::Cleared);
        }
    }

    fn start_agent(&mut self, now: Moment) {
        let Some(agent) = &mut self.agent else { return };
        let child_signal = self.instance.stage.child_signal;
        let tells = self.stream.is_some();
        agent.start(now, &mut self.instance.program, child_signal, tells, &mut self.log);
        self.clearance.spare(agent.pid());
    }

    /// Gives the machine an event, and what follows at once from what it asks for.
    fn happened(&mut self, event: Event) {
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let now = now();
            let actions = self.step(now, event);
            self.look_whether_ready(event);
            for action in actions {
                // Of the actions of one answer one at most is answered.
                next = next.or(self.carry_out(now, action));
            }
        }
        if let Some(agent) = &mut self.agent {
            agent.tell(self.container.vitals(), &mut self.log);
        }
    }

    /// The event that answers it, if that is known at once.
    fn carry_out(&mut self, now: Moment, action: Action) -> Option<Event> {
        let (log, latest) = (&mut self.log, self.container.instance());
        match (action, &mut self.agent) {
            (Action::Spawn, agent) => {
                (self.told, self.leftovers_killed) = (None, false);
                self.memory.begin();
                let user = self.instance.program.credentials.as_ref();
                self.last_words.begin(latest > 0, user);
                let failed = self.instance.start(log);
                // As long as nothing has run that is podinit's own failure, and not tried again.
                self.never_started |= latest == 0 && failed.is_some();
                if let (Some(agent), Some(messages)) = (agent, self.instance.messages.take()) {
                    agent.listen(latest.saturating_add(1), messages, log);
                }
                return failed;
            }
            (Action::Run(hook), Some(agent)) => agent.run(now, hook, latest, log),
            (Action::Run(hook), None) => return Some(Event::HookEnded(hook, false)),
            (Action::End(hook), Some(agent)) => agent.end(hook, log),
            (Action::Watch { since, started }, Some(agent)) => {
                agent.watch(latest, since, started, log);
            }
            (Action::Started, Some(agent)) => agent.started(log),
            (Action::Quieten, Some(agent)) => agent.quieten(log),
            (Action::Unwatch, Some(agent)) => agent.unwatch(log),
            // There are no probes.
            (
                Action::End(_)
                | Action::Watch { .. }
                | Action::Started
                | Action::Quieten
                | Action::Unwatch,
                None,
            ) => {}
            (Action::Send(reason), _) => self.send_stop_signal(reason),
            (Action::KillAll, _) => self.clearance.kill_all(&self.instance, log),
            (Action::Clear { until }, _) => self.clearance.begin(until),
            // A pod of one container.
            (Action::RestartAll, _) => return Some(Event::Start),
            (Action::Say(word), _) => self.say(word),
        }
        None
    }

    /// What the manifest names, or else the signal that came by its route; TERM where none came.
    fn send_stop_signal(&mut self, reason: KillReason) {
        let named = self.supervision.stop_signal.and_then(Signal::new);
        let signal = match (named, reason, self.stop) {
            (Some(named), ..) => Some(named),
            (None, KillReason::Stop, Some((came, _))) => self.plan.ending.routes.of(came).send,
            _ => Some(Signal::TERM),
        };
        if let Some(signal) = signal {
            self.told.get_or_insert(signal);
            self.instance.send(signal, &mut self.log);
        }
    }
}

/// Whether there is something for an agent to do, but to be asked.
fn has_errands(life: &Life) -> bool {
    life.hooks != Hooks::default() || life.probes != Probes::default() || life.notifies
}
