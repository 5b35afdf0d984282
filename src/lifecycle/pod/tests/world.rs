//! A world in virtual time: an honest driver carries out what the pod asks for, and tells it what came of it. It has
//! probe machines for each instance, and a log. Each step is watched by a [`Witness`].

use std::collections::VecDeque;

use super::program::{Case, Ms, Program, Spawn};
use super::witness::Witness;
use super::*;
use crate::lifecycle::container::{Action as Do, Event as To, Exit, Hook};
use crate::lifecycle::probe::{self, Answer, Attempt, Consequence, Kind, Probe};
use crate::lifecycle::status::condition::{self, Condition};
use crate::lifecycle::status::{Facts, Member, Phase, PodStatus};

/// What the driver takes to see that all is gone where SIGKILL had to end it.
pub const CLEARS_IN: Ms = 20;

pub fn ms(millis: Ms) -> Moment {
    Moment::at(Duration::from_millis(millis))
}

pub fn of(moment: Moment) -> Ms {
    moment.since(ms(0)).as_millis() as Ms
}

/// Something that is going to be.
#[derive(Clone, Copy, Debug)]
enum What {
    Spawned,
    /// The end of this instance.
    Ended(u32, Option<Exit>),
    /// Of this order to clear.
    Cleared(u32),
    /// Of this run.
    HookOver(Hook, u32, bool),
    Answered(usize, Attempt, Answer),
    /// This instance says so itself.
    Says(u32, To),
    Asked(Event),
}

#[derive(Clone, Copy, Debug)]
struct Fact {
    /// What comes at the same time comes in the order it was seen coming.
    at: (Ms, u64),
    container: usize,
    what: What,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    Told(Event),
    Did(Action),
}

/// What the driver knows of a container.
#[derive(Clone, Default)]
struct Body<'a> {
    /// The number of the next instance, of the last run of each hook, of the last order to clear.
    instances: u32,
    runs: [u32; 3],
    clears: u32,
    program: Option<&'a Program>,
    alive: bool,
    since: Ms,
    /// When what was left behind is gone.
    gone: Option<Ms>,
    probes: Vec<Probe>,
}

#[derive(Clone)]
pub struct World<'a> {
    pub case: &'a Case,
    pub pod: Pod<'a>,
    pub now: Ms,
    facts: Vec<Fact>,
    seen: u64,
    /// What the pod is told before time goes on.
    pending: VecDeque<Event>,
    bodies: Vec<Body<'a>>,
    pub log: Vec<(Ms, Entry)>,
    witness: Witness<'a>,
    pub status: Option<PodStatus>,
    pub steps: usize,
    /// The status is made at each step.
    pub reports: bool,
    /// What is due comes before what happens at the same time.
    pub hasty: bool,
    /// What is due comes so much late.
    pub late: Ms,
}

impl<'a> World<'a> {
    /// A world in which the pod is started at once.
    pub fn new(case: &'a Case) -> World<'a> {
        let mut world = World::before(case);
        world.tell(Event::Start);
        world
    }

    /// A world in which nothing has happened.
    pub fn before(case: &'a Case) -> World<'a> {
        let body = |life: &crate::plan::life::Life| {
            let probes = life.probes;
            let of = [
                (Kind::Startup, probes.startup),
                (Kind::Liveness, probes.liveness),
                (Kind::Readiness, probes.readiness),
            ];
            let probes =
                of.into_iter().filter_map(|(kind, probe)| Some(Probe::new(kind, probe?.settings)));
            Body { probes: probes.collect(), ..Body::default() }
        };
        World {
            case,
            pod: Pod::new(&case.life),
            now: 0,
            facts: Vec::new(),
            seen: 0,
            pending: VecDeque::new(),
            bodies: case.life.containers.iter().map(body).collect(),
            log: Vec::new(),
            witness: Witness::new(case),
            status: None,
            steps: 0,
            reports: true,
            hasty: false,
            late: 0,
        }
    }

    /// Somebody asks for this at that time.
    pub fn ask(&mut self, at: Ms, event: Event) {
        self.comes(at, 0, What::Asked(event));
    }

    pub fn stop_at(&mut self, at: Ms, grace: Ms) {
        self.ask(at, Event::Stop { grace: Some(Duration::from_millis(grace)) });
    }

    /// The pod is told, and what it asks for is done.
    pub fn tell(&mut self, event: Event) {
        self.pending.push_back(event);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(event) = self.pending.pop_front() {
            let now = ms(self.now);
            self.log.push((self.now, Entry::Told(event)));
            let actions = self.pod.step(now, event);
            self.witness.saw(self.now, event, &actions, &self.pod);
            for action in actions {
                self.log.push((self.now, Entry::Did(action)));
                if let Action::Container(number, action) = action {
                    self.perform(number, action);
                }
            }
            if self.reports {
                let status = self.report();
                self.witness.read(self.status.as_ref(), &status, &self.pod);
                self.status = Some(status);
            }
        }
    }

    fn report(&self) -> PodStatus {
        let has_init = self.case.life.containers.iter().any(|life| life.role != Role::Regular);
        let containers = self.case.names.iter().zip(self.pod.containers());
        let members: Vec<Member<'_>> =
            containers.map(|(name, container)| Member::of(name, container, has_init)).collect();
        PodStatus::of(ms(self.now), &Facts::of(&self.pod, &members), self.status.as_ref())
    }

    /// Goes to the next thing that happens; whether there was any before `end`.
    pub fn go_on(&mut self, end: Ms) -> bool {
        self.steps += 1;
        let fact = (0..self.facts.len()).min_by_key(|index| self.facts[*index].at);
        let fact_at = fact.map(|index| self.facts[index].at.0);
        let pod_at = self.pod.due().map(|due| of(due) + self.late);
        let probe_at =
            self.bodies.iter().flat_map(|body| &body.probes).filter_map(Probe::due).min().map(of);
        let next = [fact_at, pod_at, probe_at].into_iter().flatten().min();
        let Some(next) = next.filter(|next| *next <= end) else { return false };
        self.now = self.now.max(next);
        match fact {
            Some(index) if fact_at == Some(next) && !(self.hasty && pod_at == Some(next)) => {
                let fact = self.facts.swap_remove(index);
                self.happen(fact);
            }
            _ if pod_at == Some(next) => {
                self.tell(Event::Due);
                let due = self.pod.due().map(of);
                assert!(due.is_none_or(|due| due > self.now), "due again at {}", self.now);
            }
            _ => self.probes_due(),
        }
        true
    }

    /// From now on all that is due comes so much late, as it does on a machine that is busy.
    pub fn be_late(&mut self, late: Ms) {
        self.late = late;
        // A hook's end, the signal's and SIGKILL's, one after the other.
        self.witness.late = 4 * late;
    }

    /// Until that time, or for ever if nothing happens any more.
    pub fn run(&mut self, end: Ms) -> &mut World<'a> {
        while self.steps < 20_000 && self.go_on(end) {}
        assert!(self.steps < 20_000, "it does not come to rest before {end}");
        self.now = self.now.max(if end == Ms::MAX { 0 } else { end });
        self
    }

    /// Some program, or something it left behind, is there.
    pub fn something_lives(&self) -> bool {
        self.bodies.iter().any(|body| body.alive || body.gone.is_some())
    }

    pub fn phase(&self) -> Phase {
        self.status.as_ref().map_or(Phase::Pending, |status| status.phase)
    }

    pub fn is_ready(&self) -> bool {
        let ready = |condition: &Condition| condition.kind == condition::Kind::Ready;
        let ready =
            self.status.as_ref().and_then(|status| status.conditions.iter().find(|c| ready(c)));
        ready.is_some_and(|condition| condition.status == condition::Truth::True)
    }

    fn later(&mut self, after: Option<Ms>, container: usize, what: What) {
        if let Some(after) = after {
            self.comes(self.now + after, container, what);
        }
    }

    fn comes(&mut self, at: Ms, container: usize, what: What) {
        self.seen += 1;
        self.facts.push(Fact { at: (at, self.seen), container, what });
    }

    fn happen(&mut self, Fact { container: number, what, .. }: Fact) {
        let body = &mut self.bodies[number];
        let event = match what {
            What::Asked(event) => return self.tell(event),
            What::Spawned => return self.spawned(number),
            What::Ended(instance, exit) if body.alive && body.instances == instance => {
                body.alive = false;
                exit.map_or(To::Lost, To::Exited)
            }
            What::Cleared(clear) if body.clears == clear => {
                body.gone = None;
                To::Cleared
            }
            // It may have been ended, and says so all the same.
            What::HookOver(hook, run, well) if body.runs[hook as usize] == run => {
                To::HookEnded(hook, well)
            }
            What::Says(instance, event) if body.alive && body.instances == instance => event,
            What::Answered(index, attempt, answer) => {
                return self.ask_probe(number, index, probe::Event::Answered(attempt, answer));
            }
            _ => return,
        };
        self.tell(Event::Container(number, event));
    }

    fn spawned(&mut self, number: usize) {
        let body = &mut self.bodies[number];
        let Some(program) = body.program else { return };
        let event = match program.spawn {
            Spawn::Runs => To::Spawned,
            Spawn::NotExecuted(code) => To::NotExecuted(code),
            Spawn::NotSpawned(why) => To::NotSpawned(why),
        };
        if event == To::Spawned {
            (body.alive, body.since) = (true, self.now);
            let instance = body.instances;
            let exit = program.code.map(|code| Exit { code, out_of_memory: program.out_of_memory });
            self.later(program.lives, number, What::Ended(instance, exit));
            if self.case.life.containers[number].notifies {
                self.later(program.starts, number, What::Says(instance, To::Started));
                self.later(program.ready, number, What::Says(instance, To::Ready(true)));
            }
        }
        self.tell(Event::Container(number, event));
    }

    fn perform(&mut self, number: usize, action: Do) {
        let now = self.now;
        let body = &mut self.bodies[number];
        let ended = |code| Some(Exit { code, out_of_memory: false });
        match (action, body.program) {
            (Do::Spawn, _) => {
                let programs = &self.case.programs[number];
                let program = &programs[programs.len().min(body.instances as usize + 1) - 1];
                body.program = Some(program);
                body.instances += 1;
                self.later(Some(program.spawns_in), number, What::Spawned);
            }
            (Do::Run(hook), Some(program)) => {
                body.runs[hook as usize] += 1;
                let run = body.runs[hook as usize];
                let (takes, well) =
                    [program.post_start, program.pre_stop, program.post_stop][hook as usize];
                self.later(takes, number, What::HookOver(hook, run, well));
            }
            (Do::Send(_), Some(program)) => {
                let instance = body.instances;
                self.later(program.yields, number, What::Ended(instance, ended(program.stop_code)));
            }
            (Do::KillAll, Some(program)) => {
                let instance = body.instances;
                self.later(program.dies, number, What::Ended(instance, ended(137)));
            }
            (Do::Clear { until }, Some(program)) => {
                // An instance that was given up as lost is none of the driver's any more.
                body.alive = false;
                body.clears += 1;
                let clear = body.clears;
                let gone =
                    body.gone.unwrap_or(program.leaves.map_or(Ms::MAX, |leaves| now + leaves));
                let killed = until.map_or(Ms::MAX, |until| of(until).max(now) + CLEARS_IN);
                body.gone = Some(gone);
                let takes = gone.min(killed);
                self.later(
                    (takes < Ms::MAX).then(|| takes.saturating_sub(now)),
                    number,
                    What::Cleared(clear),
                );
            }
            (Do::Watch { since, started }, _) => {
                self.ask_probes(number, probe::Event::Running { since, started });
            }
            (Do::Started, _) => self.ask_probes(number, probe::Event::Started),
            (Do::Quieten, _) => self.ask_probes(number, probe::Event::Terminating),
            (Do::Unwatch, _) => self.ask_probes(number, probe::Event::Stopped),
            _ => {}
        }
    }

    fn probes_due(&mut self) {
        let now = ms(self.now);
        for number in 0..self.bodies.len() {
            for index in 0..self.bodies[number].probes.len() {
                if self.bodies[number].probes[index].due().is_some_and(|due| due <= now) {
                    self.ask_probe(number, index, probe::Event::Due);
                }
            }
        }
    }

    fn ask_probes(&mut self, number: usize, event: probe::Event) {
        for index in 0..self.bodies[number].probes.len() {
            self.react(number, index, event);
        }
    }

    fn ask_probe(&mut self, number: usize, index: usize, event: probe::Event) {
        self.react(number, index, event);
        self.drain();
    }

    fn react(&mut self, number: usize, index: usize, event: probe::Event) {
        let body = &mut self.bodies[number];
        let Some(program) = body.program else { return };
        let kind = body.probes[index].kind();
        let age = self.now.saturating_sub(body.since);
        let well = match kind {
            Kind::Startup => program.starts.is_some_and(|starts| starts <= age),
            Kind::Readiness => program.ready.is_some_and(|ready| ready <= age),
            Kind::Liveness => program.fails.is_none_or(|fails| age < fails),
        };
        let answer = if well { Answer::Success } else { Answer::Failure };
        let mut begun = None;
        for action in body.probes[index].step(ms(self.now), event) {
            match action {
                probe::Action::Begin(attempt) => {
                    let at = self.now + program.answers_in;
                    begun = Some((at, What::Answered(index, attempt, answer)));
                }
                probe::Action::Changed(_, Some(follows)) => {
                    let event = match follows {
                        Consequence::Kill => To::Failed(kind),
                        Consequence::Started => To::Started,
                        Consequence::Ready(ready) => To::Ready(ready),
                    };
                    self.pending.push_back(Event::Container(number, event));
                }
                probe::Action::Changed(..) | probe::Action::Abandon(_) => {}
            }
        }
        if let Some((at, what)) = begun {
            self.comes(at, number, what);
        }
    }
}
