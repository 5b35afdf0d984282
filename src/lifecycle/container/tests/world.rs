//! A world around one container: it carries out what the machine asks for, slowly, partly or not at all, but honestly,
//! and watches that the machine never asks for what must not be.

use super::*;

mod rules;

use rules::Killing;

/// Where chances come from: the same seed, the same world.
#[derive(Clone, Debug)]
pub(super) struct Dice(pub u64);

impl Dice {
    /// Below `sides`, by splitmix64.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    pub fn one_in(&mut self, chances: u64) -> bool {
        self.roll(chances) == 0
    }

    /// Milliseconds: often none, often few, rarely many.
    fn while_(&mut self) -> u64 {
        match self.roll(4) {
            0 => 0,
            1 => self.roll(1500),
            2 => self.roll(20_000),
            _ => self.roll(120_000),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Probing {
    Off,
    Watched,
    Quiet,
}

pub(super) struct World<'a> {
    life: &'a Life,
    pub container: Container<'a>,
    dice: Dice,
    pub now: u64,
    steps: usize,
    /// What will come, and of which instance it speaks; 0 for what speaks of none.
    coming: Vec<(u64, u32, Event)>,
    /// The process is there, or what it left behind, or its postStop hook.
    spawning: bool,
    alive: bool,
    unclean: Option<(u64, Option<u64>)>,
    probing: Probing,
    hooks: Vec<Hook>,
    pre_stopped: bool,
    killing: Option<Killing>,
    ends: Vec<u64>,
    /// The back-off as the rules have it: the last pause and when it was set, and the end it counts from.
    step_of_pause: Option<(u64, u64)>,
    retry: Option<u64>,
    free_since: u64,
    asked: bool,
    /// When a stop must be over, and what the world itself has taken since.
    over_by: Option<u64>,
    stops: usize,
    stopped_at: Option<u64>,
    zero: bool,
    own: u64,
}

impl<'a> World<'a> {
    pub fn new(life: &'a Life, dice: Dice) -> World<'a> {
        World {
            life,
            container: Container::new(life),
            dice,
            now: 0,
            steps: 0,
            coming: vec![(0, 0, Event::Start)],
            spawning: false,
            alive: false,
            unclean: None,
            probing: Probing::Off,
            hooks: Vec::new(),
            pre_stopped: false,
            killing: None,
            ends: Vec::new(),
            step_of_pause: None,
            retry: None,
            free_since: 0,
            asked: false,
            over_by: None,
            stops: 0,
            stopped_at: None,
            zero: false,
            own: 0,
        }
    }

    pub fn comes(&mut self, after: u64, event: Event) {
        self.coming.push((self.now + after, 0, event));
    }

    fn comes_of_instance(&mut self, after: u64, event: Event) {
        self.coming.push((self.now + after, self.container.instance(), event));
    }

    /// Lives until nothing more comes, or so many events have come.
    pub fn live(&mut self, most: usize) {
        for _ in 0..most {
            if !self.live_on() {
                return;
            }
        }
    }

    /// One event. Whether there was one.
    fn live_on(&mut self) -> bool {
        let next = self.coming.iter().enumerate().min_by_key(|(number, (at, ..))| (*at, *number));
        let next = next.map(|(number, (at, ..))| (number, *at));
        let due = self.container.due().map(|due| due.since(ms(0)).as_millis() as u64);
        match (next, due) {
            (None, None) => return false,
            (Some((number, at)), due) if due.is_none_or(|due| at < due) => {
                let (_, instance, event) = self.coming.remove(number);
                self.now = self.now.max(at);
                if instance == 0 || instance == self.container.instance() {
                    self.give(event);
                }
            }
            (_, due) => {
                let due = due.unwrap();
                // Now and then the loop is late, or the machine it runs on sleeps.
                let late = if self.dice.one_in(20) { self.dice.while_() } else { 0 };
                self.now = self.now.max(due) + late;
                if self.stopped_at.is_some() {
                    self.own += late;
                }
                let before = self.container.clone();
                self.give(Event::Due);
                assert!(before != self.container, "woken for nothing: {before:?}");
            }
        }
        true
    }

    fn give(&mut self, event: Event) {
        self.steps += 1;
        let now = ms(self.now);
        let before = self.container.clone();
        self.notice(event);
        let answer = self.container.step(now, event);
        // A value: a snapshot of it lives the same life.
        let mut restored = before.clone();
        assert_eq!(restored.step(now, event), answer);
        assert_eq!(restored, self.container);
        if let Event::HookEnded(hook, _) = event {
            if !self.hooks.contains(&hook) {
                assert_eq!(before, self.container, "a hook that was ended answers");
            }
            self.hooks.retain(|other| *other != hook);
        }
        for action in answer {
            self.carry_out(event, action);
        }
        self.check(&before);
    }

    fn carry_out(&mut self, event: Event, action: Action) {
        match action {
            Action::Spawn => self.spawn(event),
            Action::Run(hook) => self.run(event, hook),
            Action::End(hook) => {
                let running = self.hooks.iter().position(|other| *other == hook);
                self.hooks.remove(running.expect("only what runs is ended"));
                // Its answer may be under way.
                if self.dice.one_in(2) {
                    self.coming.retain(|(.., event)| {
                        !matches!(event, Event::HookEnded(other, _) if *other == hook)
                    });
                }
                if hook == Hook::PostStop {
                    self.free_since = self.now;
                }
            }
            Action::Watch { started, .. } => {
                assert_eq!(self.probing, Probing::Off);
                assert!(self.alive && self.hooks.is_empty());
                self.probing = Probing::Watched;
                self.probe(started);
            }
            Action::Started => assert_eq!(self.probing, Probing::Watched),
            Action::Quieten => {
                assert_eq!(self.probing, Probing::Watched);
                self.probing = Probing::Quiet;
            }
            Action::Unwatch => {
                assert_ne!(self.probing, Probing::Off);
                self.probing = Probing::Off;
            }
            Action::Send(reason) => self.send(reason),
            Action::KillAll => self.kill_all(),
            Action::Clear { until } => self.clear(event, until),
            Action::RestartAll => assert!(self.container.is_idle()),
            Action::Say(Word::Killing { reason, .. }) => self.begin_killing(event, reason),
            Action::Say(Word::BackOff(pause)) => {
                assert_eq!(Some(pause.as_millis() as u64), self.pause(), "the pause that is told");
            }
            Action::Say(_) => {}
        }
    }

    fn spawn(&mut self, event: Event) {
        assert!(!self.spawning && !self.alive && self.unclean.is_none(), "two at once");
        assert!(self.hooks.is_empty(), "{:?} of the last instance go on", self.hooks);
        assert_eq!(self.probing, Probing::Off);
        assert!(self.stopped_at.is_none(), "started after a stop");
        if self.asked || event == Event::Restart {
            self.asked = false;
        } else {
            let pause = self.pause();
            let crash = pause.map(|pause| self.ends.last().unwrap() + pause);
            let due = crash.max(self.retry).unwrap_or(0).max(self.free_since);
            assert!(self.now >= due, "{} ms too early", due - self.now);
            if !self.ends.is_empty() {
                let first = self.life.pace.first().as_millis() as u64;
                let longer =
                    |pause| self.life.pace.after(Duration::from_millis(pause)).as_millis() as u64;
                self.step_of_pause = Some((pause.map_or(first, longer), self.now));
            }
        }
        self.retry = None;
        self.spawning = true;
        let after = self.dice.while_() / 100;
        match self.dice.roll(12) {
            0 => self.comes(after, Event::NotExecuted(127)),
            1 => self.comes(after, Event::NotSpawned(Waiting::CreateContainerError)),
            // The kernel tells the end first.
            2 => self.comes(after, exit(1)),
            _ => {
                self.comes(after, Event::Spawned);
                if !self.dice.one_in(3) {
                    let lives = self.dice.while_() * (1 + self.dice.roll(8));
                    self.comes_to_an_end(after + lives);
                }
            }
        }
    }

    fn comes_to_an_end(&mut self, after: u64) {
        let event = match self.dice.roll(8) {
            0 => Event::Lost,
            1 => Event::Exited(Exit { code: 0, out_of_memory: true }),
            2 | 3 => exit(42),
            4 | 5 => exit(1),
            _ => exit(0),
        };
        // A process ends once.
        self.coming.retain(|(.., event)| !matches!(event, Event::Exited(_) | Event::Lost));
        self.comes(after, event);
    }

    fn run(&mut self, event: Event, hook: Hook) {
        assert!(self.hooks.is_empty(), "one hook at a time");
        match hook {
            Hook::PostStart => assert_eq!(event, Event::Spawned),
            Hook::PreStop => {
                assert!(self.alive && !self.zero, "nobody to stop, or no time for it");
                assert!(!self.pre_stopped, "once per kill");
                self.pre_stopped = true;
                let killing = self.killing.as_mut().expect("a kill");
                assert!(!killing.sent && !killing.killed && !killing.at_once);
                assert!(killing.reason != KillReason::Reset);
                killing.waited = true;
            }
            Hook::PostStop => assert!(!self.alive && self.unclean.is_none()),
        }
        self.hooks.push(hook);
        if !self.dice.one_in(4) {
            let after = self.dice.while_();
            let well = !self.dice.one_in(3);
            self.comes_of_instance(after, Event::HookEnded(hook, well));
        }
    }

    fn probe(&mut self, started: bool) {
        if !started && !self.life.notifies && !self.dice.one_in(4) {
            let after = self.dice.while_();
            self.comes_of_instance(after, Event::Started);
        }
        if self.life.probes.readiness.is_some() {
            self.say_readiness(3);
        }
        if !started && self.life.probes.startup.is_some() && self.dice.one_in(3) {
            let after = self.dice.while_();
            self.comes_of_instance(after, Event::Failed(Kind::Startup));
        }
        if self.life.probes.liveness.is_some() && self.dice.one_in(2) {
            let after = self.dice.while_();
            self.comes_of_instance(after, Event::Failed(Kind::Liveness));
        }
    }

    fn say_readiness(&mut self, times: u64) {
        // The instance that is about to be told of has the next number.
        let instance = self.container.instance() + u32::from(times == 1);
        if times == 1 {
            let after = self.dice.while_() / 2;
            self.coming.push((self.now + after, instance, Event::Started));
        }
        for _ in 0..times {
            let after = self.dice.while_();
            let ready = !self.dice.one_in(3);
            self.coming.push((self.now + after, instance, Event::Ready(ready)));
        }
    }

    fn send(&mut self, reason: KillReason) {
        assert!(self.alive, "a signal for nobody");
        assert!(self.hooks.is_empty(), "the signal waits for the hook, or ends it");
        let (steps, now) = (self.steps, self.now);
        let killing = self.killing.as_mut().expect("a kill");
        assert!(!killing.sent && !killing.killed, "the signal is sent once, and first");
        assert_eq!(killing.reason, reason);
        killing.waited |= killing.step != steps;
        let least = if killing.waited { now + 2000 } else { now };
        killing.kill_at = killing.deadline.map(|deadline| deadline.max(least));
        killing.sent = true;
        if !self.dice.one_in(3) {
            let after = self.dice.while_();
            self.comes_to_an_end(after);
        }
    }

    fn kill_all(&mut self) {
        assert!(self.alive, "SIGKILL for nobody");
        assert!(self.hooks.is_empty());
        let now = self.now;
        let at_once = self.zero;
        let killing = self.killing.as_mut().expect("a kill");
        assert!(!killing.killed, "SIGKILL is sent once");
        killing.killed = true;
        if !at_once && !killing.at_once {
            assert!(killing.sent, "the stop signal comes first");
            assert!(now >= killing.kill_at.expect("a time for it"), "too early");
        }
        if self.dice.one_in(8) {
            // It is in the kernel, and stays there for long, or for ever.
            self.coming.retain(|(.., event)| !matches!(event, Event::Exited(_) | Event::Lost));
            self.own += 2000;
            if self.dice.one_in(2) {
                self.comes(700_000, exit(137));
            }
        } else {
            let after = self.dice.roll(50);
            self.own += after;
            self.comes_to_an_end(after);
        }
    }

    fn clear(&mut self, event: Event, until: Option<Moment>) {
        // Given up: the machine does not wait for it any more.
        if self.alive {
            assert!(self.killing.is_some_and(|killing| killing.killed) && self.stops > 0);
            self.alive = false;
            self.coming.retain(|(.., event)| !matches!(event, Event::Exited(_) | Event::Lost));
            self.ended();
        }
        let until = until.map(|until| until.since(ms(0)).as_millis() as u64);
        let began = match self.unclean {
            Some((began, before)) => {
                assert!(matches!(event, Event::Stop(_) | Event::Reset));
                assert!(before.is_none_or(|before| until.unwrap() < before), "only ever sooner");
                began
            }
            None => self.now,
        };
        self.unclean = Some((began, until));
        self.coming.retain(|(.., event)| *event != Event::Cleared);
        let takes = self.dice.while_();
        let takes = match until {
            // SIGKILL comes then, and 2 s later it is given up.
            Some(until) => takes.min(until.saturating_sub(self.now) + self.dice.roll(2000)),
            None => takes,
        };
        self.comes(takes, Event::Cleared);
    }
}
