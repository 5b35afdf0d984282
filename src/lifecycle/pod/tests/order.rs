//! Whose turn it is to start: kubelet I1 to I17, H7, H11; but for I9, as there is no sandbox here that could be lost,
//! and I16, which is a container's (R27).

use super::program::*;
use super::world::*;
use super::*;
use crate::lifecycle::restart::{ExitCodes, Rule, RuleAction};
use crate::lifecycle::status::{Phase, Waiting};

const DONE: Program = Program::ends(1000, 0);

/// init [i1, s1 (a sidecar with a startup probe), i2], containers [a (with postStart), b].
fn five(s1: &[Program], i2: &[Program]) -> Case {
    Case::of(vec![
        init("i1", &[DONE]),
        sidecar("s1", s1).startup(30),
        init("i2", i2),
        regular("a", &[Program::RUNS]).post_start(),
        regular("b", &[Program::RUNS]),
    ])
}

/// The ordering vectors of kubelet section 6: what is done, in which order, in the first ten seconds.
#[test]
fn ordering_vectors() {
    let starts = Program { starts: Some(2500), ..Program::RUNS };
    let crashes = Program { starts: Some(500), lives: Some(1500), code: Some(1), ..Program::RUNS };
    let again = Program { starts: Some(0), ..Program::RUNS };
    let slow = Program::ends(3000, 0);
    let fails = Program::ends(1000, 1);
    let first = ["i1 spawns", "i1 ends 0", "s1 spawns", "s1 started", "i2 spawns"];
    let last = ["i2 ends 0", "a spawns", "a PostStart", "a PostStart over", "b spawns"];
    type Row<'a> = (&'a str, &'a [Program], &'a [Program], Policy, Vec<&'a str>);
    let table: [Row<'_>; 4] = [
        // I1 to I3, H7.
        ("all goes well", &[starts], &[DONE], Policy::Always, [first, last].concat()),
        (
            "s1 crashes while i2 runs (I10)",
            &[crashes, again],
            &[slow],
            Policy::Always,
            [&first[..], &["s1 ends 1", "s1 spawns", "s1 started"], &last].concat(),
        ),
        (
            "i2 fails under Always (I5)",
            &[starts],
            &[fails, DONE],
            Policy::Always,
            [&first[..], &["i2 ends 1", "i2 spawns"], &last].concat(),
        ),
        (
            "i2 fails under Never (I6)",
            &[starts],
            &[fails],
            Policy::Never,
            [&first[..], &["i2 ends 1", "s1 signal", "s1 ends 143", "over"]].concat(),
        ),
    ];
    for (what, s1, i2, policy, expected) in table {
        let case = five(s1, i2).under(policy);
        let mut world = World::new(&case);
        world.run(10_000);
        assert_eq!(world.history(), expected, "{what}");
        let phase = if policy == Policy::Never { Phase::Failed } else { Phase::Running };
        assert_eq!(world.phase(), phase, "{what}");
    }
}

#[test]
fn a_sidecar_with_a_startup_probe_holds_the_next_back_until_it_has_started() {
    // Kubelet I2, and the exact moment of the probe that says so.
    let case = five(&[Program { starts: Some(2500), ..Program::RUNS }], &[DONE]);
    let mut world = World::new(&case);
    world.run(10_000);
    assert_eq!(world.when("s1 spawns"), Some(1000));
    assert_eq!(world.when("i2 spawns"), Some(4005));
}

#[test]
fn readiness_and_liveness_of_a_sidecar_hold_nothing_back() {
    // Kubelet I2, I12; I15: it keeps the pod from being ready.
    let never_ready = Program { ready: None, fails: Some(5000), ..Program::RUNS };
    let sidecar = sidecar("s1", &[never_ready]).readiness().liveness(3);
    let case = Case::of(vec![sidecar, regular("a", &[Program::RUNS])]);
    let mut world = World::new(&case);
    world.run(4000);
    assert_eq!(world.history(), ["s1 spawns", "a spawns"]);
    assert_eq!(world.phase(), Phase::Running);
    assert!(!world.is_ready());
}

#[test]
fn a_startup_probe_that_fails_before_the_sidecar_has_started_holds_the_next_back() {
    // Kubelet I11.
    let never = Program { starts: None, ..Program::RUNS };
    let case = Case::of(vec![
        sidecar("s1", &[never, Program::RUNS]).startup(2),
        regular("a", &[Program::RUNS]),
    ]);
    let mut world = World::new(&case);
    world.run(5000);
    let expected = ["s1 spawns", "s1 signal", "s1 ends 143", "s1 spawns", "s1 started", "a spawns"];
    assert_eq!(world.history(), expected);
}

#[test]
fn after_initialization_a_sidecar_starts_again_beside_the_others() {
    // Kubelet I10, I11: after any exit, 0 included, under any policy of the pod.
    for policy in [Policy::Always, Policy::OnFailure, Policy::Never] {
        let case = five(&[Program::ends(9000, 0), Program::RUNS], &[DONE]).under(policy);
        let mut world = World::new(&case);
        world.run(30_000);
        let history = world.history();
        assert_eq!(history[10..], ["s1 ends 0", "s1 spawns", "s1 started"], "{policy:?}");
        assert_eq!(world.phase(), Phase::Running);
    }
}

#[test]
fn each_post_start_holds_up_the_next_and_a_failure_does_not() {
    // Kubelet I3, H7, H11.
    let bad = Program { post_start: (Some(700), false), ..Program::RUNS };
    let hangs = Program { post_start: (None, true), ..Program::RUNS };
    let case = Case::of(vec![
        regular("a", &[bad]).post_start(),
        regular("b", &[Program::not_spawned(), Program::RUNS]),
        regular("c", &[hangs]).post_start(),
        regular("d", &[Program::RUNS]),
    ]);
    let mut world = World::new(&case);
    world.run(750);
    let expected = [
        "a spawns",
        "a PostStart",
        "a PostStart over",
        "a signal",
        "b spawns",
        "b is not spawned",
        "c spawns",
        "c PostStart",
    ];
    assert_eq!(world.history(), expected);
    // Kubelet R23.
    world.run(15_000);
    assert_eq!(world.when("d spawns"), None);
    assert_eq!(world.count("b spawns"), 2);
}

#[test]
fn a_start_again_holds_nobody_up() {
    // Kubelet H7 is of one pass: a, which is on its way to its next instance, does not hold c up.
    let fails = Program { spawn: Spawn::NotExecuted(127), ..Program::RUNS };
    let hangs = Program { post_start: (None, true), ..Program::RUNS };
    let slow = Program { post_start: (Some(2000), true), ..Program::RUNS };
    let case = Case::of(vec![
        regular("a", &[fails, hangs]).post_start(),
        regular("b", &[slow]).post_start(),
        regular("c", &[Program::RUNS]),
    ]);
    let mut world = World::new(&case);
    world.run(10_000);
    assert_eq!(world.when("c spawns"), Some(2000));
}

#[test]
fn init_containers_that_fail() {
    // Kubelet I5, I6, I17: how often the first starts within five seconds, and what becomes of the pod.
    let rule = |code, action| vec![Rule { exit_codes: ExitCodes::In(vec![code]), action }];
    let restart = rule(1, RuleAction::Restart);
    let on_zero = rule(0, RuleAction::Restart);
    let oom = Program { out_of_memory: true, ..Program::ends(100, 0) };
    let fails = Program::ends(100, 1);
    use Policy::{Always, Never, OnFailure};
    type Row<'a> = (Policy, Option<(Policy, &'a [Rule])>, Program, usize, Phase);
    let table: [Row<'_>; 10] = [
        (Always, None, fails, 2, Phase::Pending),
        (OnFailure, None, fails, 2, Phase::Pending),
        (Never, None, fails, 1, Phase::Failed),
        (Always, Some((Never, &[])), fails, 1, Phase::Failed),
        (Never, Some((OnFailure, &[])), fails, 2, Phase::Pending),
        (Never, Some((Never, &restart)), fails, 2, Phase::Pending),
        (Always, Some((OnFailure, &on_zero)), DONE, 1, Phase::Running),
        (Always, None, DONE, 1, Phase::Running),
        (Always, None, oom, 2, Phase::Pending),
        (OnFailure, None, oom, 1, Phase::Failed),
    ];
    for (number, (policy, own, program, starts, phase)) in table.into_iter().enumerate() {
        let i = match own {
            Some((own, rules)) => init("i", &[program]).own(own, rules),
            None => init("i", &[program]),
        };
        let mut case = Case::of(vec![i, regular("a", &[Program::RUNS])]);
        for life in &mut case.life.containers {
            life.restart.pod = policy;
        }
        let mut world = World::new(&case);
        world.run(5000);
        assert_eq!((world.count("i spawns"), world.phase()), (starts, phase), "row {number}");
    }
}

#[test]
fn a_start_that_fails_is_tried_again_before_the_next_starts() {
    // Kubelet I4, R23: neither an init container nor a sidecar is passed over.
    let late = [Program::not_spawned(), DONE];
    let case = Case::of(vec![
        init("i", &late),
        sidecar("s", &[Program::not_spawned(), Program::RUNS]),
        regular("a", &[Program::RUNS]),
    ]);
    let mut world = World::new(&case);
    world.run(60_000);
    assert_eq!(world.when("i ends 0"), Some(11_000));
    assert_eq!(world.when("a spawns"), Some(21_000));
}

#[test]
fn a_sidecar_that_starts_again_in_vain_is_passed_over() {
    // Kubelet I4, I10: it has done its part.
    let s = [Program::ends(1000, 1), Program::not_spawned(), Program::RUNS];
    let case = Case::of(vec![
        sidecar("s", &s),
        init("i", &[Program::ends(3000, 0)]),
        regular("a", &[Program::RUNS]),
    ]);
    let mut world = World::new(&case);
    world.run(60_000);
    assert_eq!(world.when("s is not spawned"), Some(1000));
    assert_eq!(world.when("a spawns"), Some(3000));
    assert_eq!(world.count("s spawns"), 3);
}

#[test]
fn what_waits_for_init_containers_says_so() {
    // Kubelet R24.
    let waits = |case: &Case| {
        let world = World::new(case);
        let status = world.status.expect("a status");
        status.containers[0].status.state
    };
    use crate::lifecycle::status::State::Waiting as Waits;
    let a = || regular("a", &[Program { spawns_in: 100, ..Program::RUNS }]);
    assert_eq!(waits(&Case::of(vec![init("i", &[DONE]), a()])), Waits(Waiting::PodInitializing));
    assert_eq!(waits(&Case::of(vec![a()])), Waits(Waiting::ContainerCreating));
}

#[test]
fn fifty_containers() {
    let name = |number: usize| -> &'static str { format!("c{number}").leak() };
    let member = |number| match number {
        0..20 => init(name(number), &[DONE]),
        20..30 => sidecar(name(number), &[Program::RUNS]),
        _ => regular(name(number), &[Program::RUNS]),
    };
    let case = Case::of((0..50).map(member).collect());
    let mut world = World::new(&case);
    world.stop_at(30_000, 5000);
    world.run(20_000);
    assert_eq!(world.when("c49 spawns"), Some(20_000));
    world.run(Ms::MAX);
    // Twenty together, then ten sidecars one by one.
    assert_eq!(world.when("over"), Some(31_100));
}

#[test]
fn turns_are_the_pods_affair() {
    // Nobody else starts, stops or resets a container, and there is none but those of the pod.
    use crate::lifecycle::container::{Event as To, Stop};
    let case = Case::of(vec![init("i", &[DONE]), regular("a", &[Program::RUNS])]);
    let stop = To::Stop(Stop { grace: None, ordered: false, asked: true });
    let mut pod = Pod::new(&case.life);
    let _ = pod.step(ms(0), Event::Start);
    for event in [To::Start, To::Turn, To::Reset, stop] {
        for number in 0..3 {
            let mut told = pod.clone();
            assert_eq!(told.step(ms(1), Event::Container(number, event)), [], "{event:?}");
            assert_eq!(told, pod);
        }
    }
}
