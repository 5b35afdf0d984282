//! Starting over: rules that ask for it (kubelet R11), and requests for a new instance.

use super::program::*;
use super::world::*;
use super::*;
use crate::lifecycle::container;
use crate::lifecycle::restart::{ExitCodes, Rule, RuleAction};
use crate::lifecycle::status::condition::{Kind, Truth};
use crate::lifecycle::status::{EndReason, Phase};

const DONE: Program = Program::ends(1000, 0);

fn on_42() -> [Rule; 1] {
    let exit_codes = ExitCodes::In(vec![42]);
    [Rule { exit_codes, action: RuleAction::RestartAllContainers }]
}

/// init [i, s], containers [a, b, c]: a asks for it 5 s after its start, b has preStop, c is done by then.
fn case(i: Program, a: &[Program]) -> Case {
    Case::of(vec![
        init("i", &[i]),
        sidecar("s", &[Program::RUNS]).pre_stop(),
        regular("a", a).own(Policy::Never, &on_42()),
        regular("b", &[Program { yields: None, ..Program::RUNS }]).pre_stop(),
        regular("c", &[DONE]).own(Policy::OnFailure, &[]),
    ])
}

fn restarting(world: &World<'_>) -> Option<Truth> {
    let status = world.status.as_ref()?;
    let of = |kind| status.conditions.iter().find(|found| found.kind == kind);
    of(Kind::AllContainersRestarting).map(|condition| condition.status)
}

#[test]
fn all_end_at_once_and_then_it_begins_anew() {
    let case = case(DONE, &[Program::ends(5000, 42), Program::RUNS]);
    let mut world = World::new(&case);
    world.run(7000);
    assert_eq!(restarting(&world), Some(Truth::True));
    assert!(!world.phase().is_final());
    world.run(20_000);
    let expected = [
        "i spawns",
        "i ends 0",
        "s spawns",
        "a spawns",
        "b spawns",
        "c spawns",
        "c ends 0",
        "a ends 42",
        "a restarts all",
        // No hook, the signal, 2 s, and no order.
        "s signal",
        "b signal",
        "s ends 143",
        "b SIGKILL",
        "b ends 137",
        "i spawns",
        "i ends 0",
        "s spawns",
        "a spawns",
        "b spawns",
        "c spawns",
        "c ends 0",
    ];
    assert_eq!(world.history(), expected);
    assert_eq!((world.when("a restarts all"), world.when("b SIGKILL")), (Some(6000), Some(8000)));
    assert_eq!(restarting(&world), Some(Truth::False));
    let status = world.status.expect("a status");
    for named in status.init_containers.iter().chain(&status.containers) {
        assert_eq!(named.status.restart_count, 1, "{}", named.name);
    }
    let last = status.containers[1].status.last.expect("an end");
    assert_eq!((last.exit_code, last.reason), (137, EndReason::RestartingAllContainers));
}

#[test]
fn an_init_container_can_ask_for_it() {
    let fails = [Program::ends(1000, 42), DONE];
    let case = Case::of(vec![
        init("i1", &[DONE]),
        sidecar("s", &[Program::RUNS]),
        init("i2", &fails).own(Policy::Never, &on_42()),
        regular("a", &[Program::RUNS]),
    ]);
    let mut world = World::new(&case);
    world.run(20_000);
    let history = world.history();
    let expected =
        ["i2 ends 42", "i2 restarts all", "s signal", "s ends 143", "i1 spawns", "i1 ends 0"];
    assert_eq!(history[4..10], expected);
    assert_eq!(history[10..], ["s spawns", "i2 spawns", "i2 ends 0", "a spawns"]);
}

#[test]
fn two_that_ask_at_once_are_answered_once() {
    let asks = [Program::ends(5000, 42), Program::RUNS];
    let mut case = case(DONE, &asks);
    case.programs[3] = asks.to_vec();
    case.life.containers[3].restart = case.life.containers[2].restart.clone();
    let mut world = World::new(&case);
    world.run(60_000);
    assert_eq!((world.count("a restarts all"), world.count("i spawns")), (1, 2));
    assert_eq!((world.count("a spawns"), world.count("b spawns")), (2, 2));
}

#[test]
fn a_pod_that_stops_does_not_start_over() {
    // Before the end that would ask for it, and while the others are on their way to theirs.
    for stop in [5500, 6500] {
        let a = Program { yields: Some(0), stop_code: 42, ..Program::ends(5000, 42) };
        let case = case(DONE, &[a]);
        let mut world = World::new(&case);
        world.stop_at(stop, 10_000);
        world.run(stop);
        assert_eq!(restarting(&world), Some(Truth::False), "from the stop on");
        world.run(Ms::MAX);
        assert_eq!(world.count("i spawns"), 1, "stopped at {stop}");
        assert_eq!(restarting(&world), Some(Truth::False));
        assert_eq!(world.phase(), Phase::Failed);
    }
}

#[test]
fn the_deadline_comes_while_it_starts_over() {
    let mut case = case(DONE, &[Program::ends(5000, 42)]);
    case.life.deadline = Some(Duration::from_millis(7000));
    let mut world = World::new(&case);
    world.run(Ms::MAX);
    assert_eq!(world.count("i spawns"), 1);
    assert_eq!(world.pod.stopping(), Some(Cause::DeadlineExceeded));
    // It keeps the 2 s that it had.
    assert_eq!(world.when("b SIGKILL"), Some(8000));
}

#[test]
fn a_new_instance_can_be_had_of_what_is_done_but_of_no_init_container() {
    // Kubelet I8: regular init containers are never looked at again.
    let restart = |number| Event::Container(number, container::Event::Restart);
    let case = Case::of(vec![
        init("i1", &[DONE]),
        init("i2", &[Program::ends(5000, 0)]),
        regular("a", &[DONE]),
        regular("b", &[Program::RUNS]),
    ]);
    let case = case.under(Policy::Never);
    let mut world = World::new(&case);
    world.ask(2000, restart(0));
    world.ask(2000, restart(3));
    world.ask(8000, restart(0));
    world.ask(8000, restart(2));
    world.ask(8000, restart(3));
    world.run(20_000);
    let counts = ["i1 spawns", "i2 spawns", "a spawns", "b spawns"].map(|line| world.count(line));
    assert_eq!(counts, [1, 1, 2, 2]);
}
