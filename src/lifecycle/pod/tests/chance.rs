//! Pods and their worlds at random: roles, policies, rules, hooks, probes, programs, and what is asked of them.

use super::program::*;
use super::random::Random;
use super::world::World;
use super::*;
use crate::lifecycle::container;
use crate::lifecycle::restart::{ExitCodes, Pace, Rule, RuleAction};
use crate::lifecycle::status::Waiting;

const NAMES: [&str; 6] = ["c0", "c1", "c2", "c3", "c4", "c5"];

const POLICIES: [Policy; 3] = [Policy::Always, Policy::OnFailure, Policy::Never];

/// A time up to `most`, rather short, or never.
fn some(random: &mut Random, most: Ms, never: u64) -> Option<Ms> {
    let most = if random.once_in(3) { most } else { most / 10 };
    (!random.once_in(never)).then(|| random.below(most + 1))
}

fn program(random: &mut Random, role: Role) -> Program {
    let spawn = match random.below(20) {
        0 => Spawn::NotExecuted(128),
        1 => Spawn::NotSpawned(Waiting::CreateContainerError),
        _ => Spawn::Runs,
    };
    let hook = |random: &mut Random| (some(random, 8000, 8), !random.once_in(5));
    Program {
        spawn,
        spawns_in: random.below(3) * 50,
        lives: some(random, 20_000, if role == Role::Init { 30 } else { 3 }),
        code: (!random.once_in(20)).then(|| random.pick(&[0, 0, 0, 1, 42])),
        out_of_memory: random.once_in(20),
        yields: some(random, 5000, 6),
        stop_code: random.pick(&[0, 0, 143, 1, 42]),
        dies: some(random, 100, 30),
        leaves: some(random, 3000, 6),
        post_start: hook(random),
        pre_stop: hook(random),
        post_stop: hook(random),
        starts: some(random, 8000, 8),
        ready: some(random, 8000, 5),
        fails: (!random.once_in(3)).then(|| random.below(20_000)),
        answers_in: random.below(400),
    }
}

fn probe(random: &mut Random) -> Option<crate::plan::life::Probe> {
    let duration = |millis: Ms| Duration::from_millis(millis);
    random.once_in(3).then(|| crate::plan::life::Probe {
        settings: crate::plan::life::Settings {
            initial_delay: duration(random.pick(&[0, 0, 2000])),
            period: duration(random.pick(&[1000, 3000, 10_000])),
            timeout: duration(1000),
            success_threshold: random.pick(&[1, 1, 2]) as u32,
            failure_threshold: random.pick(&[1, 3, 5]) as u32,
        },
        grace: random.once_in(4).then(|| duration(random.below(3) * 1000)),
    })
}

fn rules(random: &mut Random) -> Vec<Rule> {
    let rule = |random: &mut Random| Rule {
        exit_codes: match random.below(3) {
            0 => ExitCodes::NotIn(vec![0]),
            _ => ExitCodes::In(vec![random.pick(&[0, 1, 42])]),
        },
        action: random.pick(&[RuleAction::Restart, RuleAction::RestartAllContainers]),
    };
    (0..random.below(3)).map(|_| rule(random)).collect()
}

fn member(random: &mut Random, name: &'static str, role: Role, grace: Option<Duration>) -> Member {
    let programs: Vec<Program> = (0..1 + random.below(3)).map(|_| program(random, role)).collect();
    let mut member = match role {
        Role::Init => init(name, &programs),
        Role::Sidecar => sidecar(name, &programs),
        Role::Regular => regular(name, &programs),
    };
    if role != Role::Sidecar && random.once_in(3) {
        let policy = random.pick(if role == Role::Init { &POLICIES[1..] } else { &POLICIES });
        member = member.own(policy, &rules(random));
    }
    let life = &mut member.life;
    // Kubelet I13.
    if role != Role::Init {
        life.hooks.post_start = random.once_in(3);
        life.hooks.pre_stop = random.once_in(3);
        life.notifies = random.once_in(8);
        life.probes.startup = probe(random).map(|probe| {
            let settings = crate::plan::life::Settings { success_threshold: 1, ..probe.settings };
            crate::plan::life::Probe { settings, ..probe }
        });
        life.probes.liveness = probe(random);
        life.probes.readiness = probe(random);
    }
    life.hooks.post_stop = random.once_in(5);
    life.pace = random.pick(&[
        Pace::DEFAULT,
        Pace::new(Duration::from_secs(1), Duration::from_secs(4)),
        Pace::new(Duration::ZERO, Duration::ZERO),
    ]);
    // A pause of zero would be no pause for a program that ends at once.
    if life.pace.first().is_zero() {
        for program in &mut member.programs {
            program.lives = program.lives.map(|lives| lives.max(500));
            program.spawns_in = program.spawns_in.max(50);
        }
    }
    life.grace = grace;
    member
}

/// A pod of one to six containers.
pub fn case(random: &mut Random) -> Case {
    let grace = match random.below(12) {
        0 => None,
        1 => Some(0),
        _ => Some(random.pick(&[1000, 5000, 30_000])),
    };
    let grace = grace.map(Duration::from_millis);
    let policy = random.pick(&POLICIES);
    let count = 1 + random.below(6) as usize;
    let before = random.below(count as u64) as usize;
    let role = |random: &mut Random, number| match random.below(2) {
        _ if number >= before => Role::Regular,
        0 => Role::Init,
        _ => Role::Sidecar,
    };
    let members = (0..count).map(|number| {
        let role = role(random, number);
        member(random, NAMES[number], role, grace)
    });
    let mut case = Case::of(members.collect()).under(policy);
    case.life.grace = grace;
    case.life.deadline = random.once_in(10).then(|| Duration::from_millis(random.below(30_000)));
    case
}

/// What people ask for: sooner or later stops, or none, and now and then a restart.
pub fn requests(random: &mut Random, world: &mut World<'_>, count: usize) {
    for _ in 0..random.below(3) {
        let at = some(random, 40_000, 9).unwrap_or(0);
        let grace = match random.below(8) {
            0 => None,
            1 => Some(0),
            _ => Some(random.pick(&[500, 3000, 10_000])),
        };
        world.ask(at, Event::Stop { grace: grace.map(Duration::from_millis) });
    }
    while random.once_in(3) {
        let number = random.below(count as u64) as usize;
        let event = Event::Container(number, container::Event::Restart);
        world.ask(random.below(30_000), event);
    }
}
