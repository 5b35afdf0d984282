//! A pod that lives by what was recorded: each fact is told to the machines when it came, and each command of theirs
//! must be one that was carried out then, of each container in order.
//!
//! What their machine took to deliver a stop signal is not the lifecycle's time, and is taken out of the clock.

use std::collections::{BTreeMap, VecDeque};

use super::Departures;
use super::said::{self, Seen};
use super::timeline::{Line, Told, What};
use crate::lifecycle::container::{Action as Do, Event as To, Exit, Hook};
use crate::lifecycle::pod::tests::program::Ms;
use crate::lifecycle::pod::tests::world::{ms, of};
use crate::lifecycle::pod::{Action, Event, Pod};
use crate::lifecycle::probe::{self, Answer, Consequence, Kind, Probe};
use crate::lifecycle::status::event::ContainerEvent;
use crate::lifecycle::status::{Facts, Member, PodStatus, State, Waiting};
use crate::plan::life::{self, Life, Role};
use crate::plan::pod::PodPlan;
use crate::spec::action::Action as Does;

/// So far their attempts of a probe are from ours, either way.
const JITTER: Ms = 100;

/// The kubelet finds a new instance so late, beside the grid of its probes (kubelet W3).
const FINDS_IN: Ms = 1000;

/// What the machine has asked for and the recording has not shown yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Command {
    Spawn,
    Run(Hook),
    Signal(i32),
}

/// What a command that runs in a container is for.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    Hook(Hook),
    Probe(Kind),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Process {
    None,
    Created,
    Alive,
}

struct Watched {
    probe: Probe,
    /// An instance that the probe has not been told of, as their worker has not found it yet, and when its first
    /// attempt is due.
    unseen: Option<(probe::Event, Ms)>,
}

struct Body {
    process: Process,
    /// Since when.
    asked: VecDeque<(Ms, Command)>,
    execs: BTreeMap<String, Purpose>,
    /// An attempt's exit code, until the kubelet has said what it makes of it.
    attempt: Option<(Kind, i32)>,
    probes: Vec<Watched>,
}

pub struct Replay<'a> {
    plan: &'a PodPlan,
    departures: &'a Departures,
    pub pod: Pod<'a>,
    pub now: Ms,
    /// When somebody asked for its end.
    pub stopped: Option<Ms>,
    /// What has been taken out of the clock.
    lag: Ms,
    bodies: Vec<Body>,
    pending: VecDeque<Event>,
    /// Events of ours, and how many of them have been recorded.
    told: Vec<Told>,
    heard: usize,
    /// Each with the moment it began.
    pub seen: Vec<(Ms, Seen)>,
    status: Option<PodStatus>,
}

impl<'a> Replay<'a> {
    pub fn new(plan: &'a PodPlan, departures: &'a Departures) -> Replay<'a> {
        let body = |life: &Life| {
            let probes = life.probes;
            let of = [
                (Kind::Startup, probes.startup),
                (Kind::Liveness, probes.liveness),
                (Kind::Readiness, probes.readiness),
            ];
            let watched = |(kind, probe): (Kind, Option<life::Probe>)| {
                Some(Watched { probe: Probe::new(kind, probe?.settings), unseen: None })
            };
            Body {
                process: Process::None,
                asked: VecDeque::new(),
                execs: BTreeMap::new(),
                attempt: None,
                probes: of.into_iter().filter_map(watched).collect(),
            }
        };
        Replay {
            plan,
            departures,
            pod: Pod::new(&plan.life),
            now: 0,
            stopped: None,
            lag: 0,
            bodies: plan.life.containers.iter().map(body).collect(),
            pending: VecDeque::new(),
            told: Vec::new(),
            heard: 0,
            seen: Vec::new(),
            status: None,
        }
    }

    /// Nothing was said or asked for without the recording, and nothing was begun that did not end.
    pub fn nothing_left(&self) {
        assert_eq!(self.told[self.heard..], [], "nobody said it");
        for body in &self.bodies {
            assert!(body.asked.is_empty(), "nobody did {:?}", body.asked);
            assert!(body.execs.is_empty(), "{:?} did not end", body.execs);
            assert_eq!(body.attempt, None, "nobody counted it");
        }
    }

    pub fn follow(&mut self, Line { at, what }: &Line<'_>) {
        self.until(at.saturating_sub(self.lag));
        match what {
            What::Add => self.tell(Event::Start),
            What::Remove => {
                self.stopped = Some(self.now);
                self.tell(Event::Stop { grace: self.plan.life.grace });
            }
            What::Create(name) => self.create(self.number(name)),
            What::Start(name) => self.start(self.number(name)),
            What::Kill(name, signal) => {
                let since = self.take(self.number(name), Command::Signal(*signal));
                self.lag = self.lag.max(at - since);
            }
            What::Die(name, code) => {
                let number = self.number(name);
                assert_eq!(self.bodies[number].process, Process::Alive, "{name}");
                self.bodies[number].process = Process::None;
                self.tell_to(number, To::Exited(Exit { code: *code, out_of_memory: false }));
            }
            What::Exec { name, id, command } => self.exec(self.number(name), id, command),
            What::ExecDie { name, id, code } => self.exec_die(self.number(name), id, *code),
            What::Answer { name, probe, well, output } => {
                self.answer(self.number(name), *probe, *well, output);
            }
            What::Event(event) => self.hear(said::comparable(event.clone())),
        }
    }

    /// Ours has been said by now. The kubelet says `BackOff` at each pass that is held back, ours once.
    fn hear(&mut self, event: Told) {
        let before = self.heard.checked_sub(1).and_then(|last| self.told.get(last));
        if event.reason != "BackOff" || before != Some(&event) {
            assert_eq!(self.told.get(self.heard), Some(&event), "{}", self.now);
            self.heard += 1;
        }
    }

    fn number(&self, name: &str) -> usize {
        let number = self.plan.containers.iter().position(|container| container.name == name);
        number.expect(name)
    }

    /// Goes on to that time, past all that is due before.
    fn until(&mut self, at: Ms) {
        let at = at.max(self.now);
        while let Some(due) = self.pod.due().map(of).filter(|due| *due <= at) {
            self.now = self.now.max(due);
            self.tell(Event::Due);
        }
        self.now = at;
        for Watched { probe, unseen } in self.bodies.iter().flat_map(|body| &body.probes) {
            let latest = match unseen {
                Some((_, due)) => Some(due + probe.settings().period.as_millis() as Ms + FINDS_IN),
                None if probe.in_flight().is_some() => None,
                None => probe.due().map(|due| of(due) + JITTER),
            };
            assert!(latest.is_none_or(|latest| at <= latest), "{at}: no attempt since {latest:?}");
        }
    }

    /// What was asked for first, and when that was.
    fn take(&mut self, number: usize, command: Command) -> Ms {
        let (since, asked) = self.bodies[number].asked.pop_front().unwrap_or_else(|| {
            panic!("{}: nobody has asked for {command:?}", self.now);
        });
        assert_eq!(asked, command, "{}", self.now);
        since
    }

    fn create(&mut self, number: usize) {
        let status = self.pod.containers()[number].status();
        let waits = matches!(status.state, State::Waiting(Waiting::CrashLoopBackOff { .. }));
        if self.departures.starts_at_once && waits && self.bodies[number].asked.is_empty() {
            assert_eq!(self.told.pop().expect("an event").reason, "BackOff");
            self.tell_to(number, To::Restart);
        }
        self.take(number, Command::Spawn);
        assert_eq!(self.bodies[number].process, Process::None);
        self.bodies[number].process = Process::Created;
    }

    fn start(&mut self, number: usize) {
        assert_eq!(self.bodies[number].process, Process::Created);
        self.bodies[number].process = Process::Alive;
        self.tell_to(number, To::Spawned);
    }

    fn exec(&mut self, number: usize, id: &str, command: &str) {
        let purpose = self.purpose(number, command);
        self.bodies[number].execs.insert(id.to_owned(), purpose);
        match purpose {
            Purpose::Hook(hook) => {
                self.take(number, Command::Run(hook));
            }
            Purpose::Probe(kind) => self.attempt(number, kind),
        }
    }

    /// The manifest's commands begin with a function that the recording leaves out.
    fn purpose(&self, number: usize, command: &str) -> Purpose {
        let plan = &self.plan.containers[number];
        let of = [
            (&plan.hooks.post_start, Purpose::Hook(Hook::PostStart)),
            (&plan.hooks.pre_stop, Purpose::Hook(Hook::PreStop)),
            (&plan.probes.startup, Purpose::Probe(Kind::Startup)),
            (&plan.probes.liveness, Purpose::Probe(Kind::Liveness)),
            (&plan.probes.readiness, Purpose::Probe(Kind::Readiness)),
        ];
        let is_it = |does: &Option<Does>| {
            let Some(Does::Exec(words)) = does else { return false };
            let (script, before) = words.split_last().expect("words");
            let rest = command.strip_prefix(&before.join(" ")).map(str::trim_start);
            rest.is_some_and(|rest| !rest.is_empty() && script.ends_with(rest))
        };
        let mut found = of.into_iter().filter(|(does, _)| is_it(does));
        let (_, purpose) = found.next().expect(command);
        assert!(found.next().is_none(), "{command} is ambiguous");
        purpose
    }

    fn watched(&self, number: usize, kind: Kind) -> usize {
        let mut probes = self.bodies[number].probes.iter();
        probes.position(|watched| watched.probe.kind() == kind).expect("a probe")
    }

    /// Theirs begins now, and ours must be due.
    fn attempt(&mut self, number: usize, kind: Kind) {
        let index = self.watched(number, kind);
        let watched = &mut self.bodies[number].probes[index];
        assert_eq!(watched.probe.in_flight(), None, "{}", self.now);
        let unseen = watched.unseen.take().map(|(event, _)| event);
        let event = unseen.unwrap_or_else(|| {
            let due = watched.probe.due().map(of).expect("an attempt is wanted");
            assert!(due <= self.now + JITTER, "{}: not before {due}", self.now);
            self.now = self.now.max(due);
            probe::Event::Due
        });
        self.ask_probe(number, index, event);
        let probe = &self.bodies[number].probes[index].probe;
        assert!(probe.in_flight().is_some(), "{}: not before {:?}", self.now, probe.due());
    }

    fn exec_die(&mut self, number: usize, id: &str, code: i32) {
        let body = &mut self.bodies[number];
        match body.execs.remove(id).expect("something that has begun") {
            Purpose::Hook(hook) => self.tell_to(number, To::HookEnded(hook, code == 0)),
            Purpose::Probe(kind) => assert_eq!(body.attempt.replace((kind, code)), None),
        }
    }

    fn answer(&mut self, number: usize, kind: Kind, well: bool, output: &str) {
        let (probe, code) = self.bodies[number].attempt.take().expect("an attempt that has ended");
        assert_eq!((probe, code == 0), (kind, well), "{}", self.now);
        let answer = if well { Answer::Success } else { Answer::Failure };
        let output = format!("{output}\n");
        if let Some(event) = ContainerEvent::of_attempt(kind, answer, false, output.as_bytes()) {
            self.say(number, event);
        }
        let index = self.watched(number, kind);
        let attempt = self.bodies[number].probes[index].probe.in_flight().expect("an attempt");
        self.ask_probe(number, index, probe::Event::Answered(attempt, answer));
    }

    fn tell_to(&mut self, number: usize, event: To) {
        self.tell(Event::Container(number, event));
    }

    fn tell(&mut self, event: Event) {
        self.pending.push_back(event);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(event) = self.pending.pop_front() {
            for action in self.pod.step(ms(self.now), event) {
                if let Action::Container(number, action) = action {
                    self.perform(number, action);
                }
            }
            self.report();
        }
    }

    fn perform(&mut self, number: usize, action: Do) {
        let command = match action {
            Do::Spawn => {
                self.say(number, ContainerEvent::Created);
                Command::Spawn
            }
            Do::Run(hook) => Command::Run(hook),
            Do::Send(_) => Command::Signal(15),
            Do::KillAll => Command::Signal(9),
            Do::Say(word) => {
                return self.say(number, ContainerEvent::of_word(word, "", ""));
            }
            // Nothing was left behind.
            Do::Clear { .. } => {
                return self.pending.push_back(Event::Container(number, To::Cleared));
            }
            Do::Watch { since, started } => {
                return self.watch(number, probe::Event::Running { since, started });
            }
            Do::Started => panic!("no recording has a startup probe"),
            Do::Quieten => return self.ask_probes(number, probe::Event::Terminating),
            Do::Unwatch => return self.ask_probes(number, probe::Event::Stopped),
            // A hook that is ended says so in the recording when its container ends (kubelet H16).
            Do::End(_) | Do::RestartAll => return,
        };
        self.bodies[number].asked.push_back((self.now, command));
    }

    fn watch(&mut self, number: usize, event: probe::Event) {
        for Watched { probe, unseen } in &mut self.bodies[number].probes {
            let mut told = probe.clone();
            let _ = told.step(ms(self.now), event);
            let due = told.due().filter(|_| told.in_flight().is_none());
            *unseen = Some((event, due.map_or(self.now, of)));
        }
    }

    /// The end of an instance, which a probe may never have been told of.
    fn ask_probes(&mut self, number: usize, event: probe::Event) {
        for index in 0..self.bodies[number].probes.len() {
            self.bodies[number].probes[index].unseen = None;
            self.react(number, index, event);
        }
    }

    fn ask_probe(&mut self, number: usize, index: usize, event: probe::Event) {
        self.react(number, index, event);
        self.drain();
    }

    fn react(&mut self, number: usize, index: usize, event: probe::Event) {
        let probe = &mut self.bodies[number].probes[index].probe;
        for action in probe.step(ms(self.now), event) {
            let event = match action {
                probe::Action::Changed(_, Some(Consequence::Kill)) => To::Failed(probe.kind()),
                probe::Action::Changed(_, Some(Consequence::Started)) => To::Started,
                probe::Action::Changed(_, Some(Consequence::Ready(ready))) => To::Ready(ready),
                _ => continue,
            };
            self.pending.push_back(Event::Container(number, event));
        }
    }

    fn say(&mut self, number: usize, what: ContainerEvent<'_>) {
        let container = &self.plan.containers[number];
        let role = self.plan.life.containers[number].role;
        self.told.push(said::told(role, &container.name, what));
    }

    fn report(&mut self) {
        let has_init = self.plan.life.containers.iter().any(|life| life.role != Role::Regular);
        let containers = self.plan.containers.iter().zip(self.pod.containers());
        let members: Vec<Member<'_>> = containers
            .map(|(plan, container)| Member::of(&plan.name, container, has_init))
            .collect();
        let facts = Facts::of(&self.pod, &members);
        let status = PodStatus::of(ms(self.now), &facts, self.status.as_ref());
        let seen = said::ours(&status, &self.plan.name.to_string(), self.departures);
        if self.seen.last().is_none_or(|(_, last)| *last != seen) {
            self.seen.push((self.now, seen));
        }
        self.status = Some(status);
    }
}
