//! Whose turn it is to end: kubelet R10, T11 to T20, I14, and `activeDeadlineSeconds`.

use super::program::*;
use super::world::*;
use super::*;
use crate::lifecycle::status::Phase;

const DONE: Program = Program::ends(1000, 0);

/// init [s1, s2], containers [a, b], all with preStop. Each needs a second for the hook and one for the signal.
fn four(a: Program) -> Case {
    let program = Program { pre_stop: (Some(1000), true), yields: Some(1000), ..Program::RUNS };
    let a = Program { pre_stop: program.pre_stop, ..a };
    Case::of(vec![
        sidecar("s1", &[program]).pre_stop(),
        sidecar("s2", &[program]).pre_stop(),
        regular("a", &[a]).pre_stop(),
        regular("b", &[program]).pre_stop(),
    ])
}

/// From the first line of this kind on.
fn since(world: &World<'_>, line: &str) -> Vec<String> {
    world.history().into_iter().skip_while(|found| found != line).collect()
}

#[test]
fn hooks_all_at_once_signals_of_sidecars_last_to_first() {
    // The last of kubelet's section 6 ordering vectors; T11 to T13, T16.
    let case = four(Program { yields: Some(1500), ..Program::RUNS });
    let mut world = World::new(&case);
    world.stop_at(10_000, 30_000);
    world.run(Ms::MAX);
    let expected = [
        "stop",
        "s1 PreStop",
        "s2 PreStop",
        "a PreStop",
        "b PreStop",
        "s1 PreStop over",
        "s2 PreStop over",
        "a PreStop over",
        "a signal",
        "b PreStop over",
        "b signal",
        "b ends 143",
        "a ends 143",
        "s2 signal",
        "s2 ends 143",
        "s1 signal",
        "s1 ends 143",
        "over",
    ];
    assert_eq!(since(&world, "stop"), expected);
    assert_eq!(world.when("s2 signal"), Some(12_500));
    assert_eq!(world.phase(), Phase::Failed);
}

#[test]
fn sidecars_whose_grace_is_over_have_their_signals_together() {
    // Kubelet T4, T5, T15.
    let case = four(Program { yields: None, ..Program::RUNS });
    let mut world = World::new(&case);
    world.stop_at(10_000, 5000);
    world.run(Ms::MAX);
    for (line, at) in [("s1 signal", 15_000), ("s2 signal", 15_000), ("a SIGKILL", 15_000)] {
        assert_eq!(world.when(line), Some(at), "{line}");
    }
    assert_eq!(world.when("over"), Some(16_000));
}

#[test]
fn a_sidecar_does_not_wait_for_ever_for_what_cannot_be_ended() {
    // Kubelet T17: a stays in the kernel. A shorter request later on counts for the sidecar too.
    let stuck = Program { yields: None, dies: None, ..Program::RUNS };
    let case = Case::of(vec![sidecar("s", &[Program::RUNS]), regular("a", &[stuck])]);
    for (second, signal, over) in [(None, 15_000, 17_000), (Some(11_000), 12_000, 14_000)] {
        let mut world = World::new(&case);
        world.stop_at(10_000, 5000);
        if let Some(second) = second {
            world.stop_at(second, 1000);
        }
        world.run(Ms::MAX);
        assert_eq!(world.when("a SIGKILL"), Some(signal));
        assert_eq!(world.when("s signal"), Some(signal));
        assert!(world.when("over").is_some_and(|at| (over..over + 100).contains(&at)));
    }
}

#[test]
fn a_job_ends_its_sidecars_when_it_is_done() {
    // Kubelet R10, I14, R39: what sidecars end with does not count.
    let worker = [Program::ends(3000, 1), Program::ends(3000, 0)];
    let case = Case::of(vec![
        sidecar("s1", &[Program::RUNS]).pre_stop(),
        sidecar("s2", &[Program::RUNS]),
        regular("a", &worker),
        regular("b", &[DONE]),
    ]);
    let case = case.under(Policy::OnFailure);
    let mut world = World::new(&case);
    world.run(Ms::MAX);
    let expected = [
        "a ends 0",
        "s1 PreStop",
        "s2 signal",
        "s1 PreStop over",
        "s2 ends 143",
        "s1 signal",
        "s1 ends 143",
        "over",
    ];
    assert_eq!(since(&world, "a ends 0"), expected);
    assert_eq!(world.pod.stopping(), Some(Cause::Finished));
    assert_eq!(world.phase(), Phase::Succeeded);
    assert_eq!(world.when("over"), Some(6200));
}

#[test]
fn a_pod_is_not_finished_while_one_container_will_be_back() {
    // Kubelet R10: a has failed for good, b waits for its next start.
    let case = Case::of(vec![
        regular("a", &[Program::ends(100, 1)]).own(Policy::Never, &[]),
        regular("b", &[Program::ends(100, 1), Program::ends(100, 1), DONE]),
    ]);
    let case = case.under(Policy::OnFailure);
    let mut world = World::new(&case);
    world.run(5000);
    assert_eq!(world.phase(), Phase::Running);
    world.run(Ms::MAX);
    assert_eq!(world.phase(), Phase::Failed);
    assert_eq!(world.count("b spawns"), 3);
}

#[test]
fn phases_of_whole_lives() {
    // Kubelet R38, R39.
    use Policy::{Always, Never, OnFailure};
    let fails = Program::ends(1000, 1);
    let out = Program { spawn: Spawn::NotExecuted(127), ..Program::RUNS };
    type Row<'a> = (&'a str, Policy, &'a [Program], &'a [Program], Phase);
    let table: [Row<'_>; 6] = [
        ("both succeed", Never, &[DONE], &[DONE], Phase::Succeeded),
        ("both fail", Never, &[fails], &[fails], Phase::Failed),
        ("one fails", Never, &[DONE], &[fails], Phase::Failed),
        ("one is not executed", Never, &[DONE], &[out], Phase::Failed),
        ("one needs a second try", OnFailure, &[fails, DONE], &[DONE], Phase::Succeeded),
        ("they end again and again", Always, &[DONE], &[DONE], Phase::Running),
    ];
    for (what, policy, a, b, phase) in table {
        let case = Case::of(vec![regular("a", a), regular("b", b)]).under(policy);
        let mut world = World::new(&case);
        world.run(100_000);
        assert_eq!(world.phase(), phase, "{what}");
        assert_eq!(world.pod.is_over(), phase != Phase::Running, "{what}");
    }
}

#[test]
fn a_pod_that_cannot_start_waits_and_can_be_stopped() {
    // Kubelet R23, R38 (3): no instance, no end.
    let case =
        Case::of(vec![sidecar("s", &[Program::RUNS]), regular("a", &[Program::not_spawned()])]);
    let case = case.under(Policy::Never);
    let mut world = World::new(&case);
    world.stop_at(65_000, 1000);
    world.run(64_000);
    assert_eq!((world.phase(), world.count("a spawns")), (Phase::Pending, 7));
    world.run(Ms::MAX);
    assert_eq!(since(&world, "stop"), ["stop", "s signal", "s ends 143", "over"]);
    assert_eq!(world.phase(), Phase::Failed);
}

#[test]
fn a_stop_in_every_part_of_initialization() {
    // Kubelet T14, T18: nothing that has not begun begins.
    let slow = Program { spawns_in: 500, ..Program::ends(2000, 0) };
    let s1 = Program { spawns_in: 500, starts: Some(1500), ..Program::RUNS };
    let case = Case::of(vec![
        init("i1", &[slow]),
        sidecar("s1", &[s1]).startup(30),
        init("i2", &[Program { yields: None, ..slow }]),
        regular("a", &[slow]),
    ]);
    let table: [(Ms, &[&str], Ms); 6] = [
        // i1 is being started: its signal comes as soon as it can.
        (100, &["i1 spawns", "stop", "i1 signal", "i1 ends 143", "over"], 600),
        (1000, &["i1 signal", "i1 ends 143", "over"], 1100),
        (2600, &["s1 spawns", "stop", "s1 signal", "s1 ends 143", "over"], 3100),
        // Its startup probe has not succeeded yet.
        (3500, &["stop", "s1 signal", "s1 ends 143", "over"], 3600),
        // T13 is about regular containers: an init container that ignores its signal holds no sidecar up.
        (
            6000,
            &["stop", "i2 signal", "s1 signal", "s1 ends 143", "i2 SIGKILL", "i2 ends 137", "over"],
            7010,
        ),
        (
            8000,
            &["a spawns", "stop", "a signal", "a ends 143", "s1 signal", "s1 ends 143", "over"],
            8205,
        ),
    ];
    for (at, expected, over) in table {
        let mut world = World::new(&case);
        world.stop_at(at, 1000);
        world.run(Ms::MAX);
        let history = world.history();
        assert_eq!(history[history.len() - expected.len()..], *expected, "stopped at {at}");
        assert_eq!(world.when("over"), Some(over), "stopped at {at}");
        assert_eq!(world.phase(), Phase::Failed);
    }
}

#[test]
fn a_stop_before_the_start_is_the_end() {
    let case = Case::of(vec![init("i", &[DONE]), regular("a", &[DONE])]);
    let mut world = World::before(&case);
    world.tell(Event::Stop { grace: None });
    world.tell(Event::Start);
    world.run(Ms::MAX);
    assert_eq!(world.history(), ["stop", "over"]);
    assert_eq!(world.phase(), Phase::Failed);
}

#[test]
fn a_second_stop_ends_hooks_and_can_only_shorten() {
    // Kubelet T8; design: a second stop ends the wait for hooks.
    let hangs = Program { pre_stop: (None, true), yields: None, ..Program::RUNS };
    let case = Case::of(vec![regular("a", &[hangs]).pre_stop(), regular("b", &[hangs])]);
    // The second stop's grace, and when a is killed, whose hook it ends 1 s after the first.
    for (second, killed) in [(5000, 16_000), (60_000, 20_000), (0, 11_000)] {
        let mut world = World::new(&case);
        world.stop_at(10_000, 10_000);
        world.stop_at(11_000, second);
        world.run(Ms::MAX);
        let signal = (second > 0).then_some(11_000);
        assert_eq!(world.when("a signal"), signal, "{second}");
        for line in ["a SIGKILL", "b SIGKILL"] {
            assert_eq!(world.when(line), Some(killed), "{line} after {second}");
        }
    }
}

#[test]
fn the_first_request_ends_no_hook_of_a_pod_that_ends_by_itself() {
    // Kubelet H14: a is done, s runs its preStop hook for that when somebody asks, and asks again.
    let slow = Program { pre_stop: (Some(8000), true), ..Program::RUNS };
    let mut case = Case::of(vec![sidecar("s", &[slow]).pre_stop(), regular("a", &[DONE])]);
    case = case.under(Policy::Never);
    for (deadline, requests, signal) in [
        (None, &[2000][..], 9000),
        (None, &[2000, 3000], 3000),
        // Nor is the pod's own time a request.
        (Some(500), &[2000], 8500),
        (Some(500), &[2000, 3000], 3000),
    ] {
        case.life.deadline = deadline.map(Duration::from_millis);
        let mut world = World::new(&case);
        for at in requests {
            world.stop_at(*at, 60_000);
        }
        world.run(Ms::MAX);
        assert_eq!(world.when("s signal"), Some(signal), "{deadline:?} {requests:?}");
    }
}

#[test]
fn a_grace_of_zero_is_sigkill_for_all_at_once() {
    // Kubelet H15; there is no order, as there is no time.
    let case = four(Program::RUNS);
    let mut world = World::new(&case);
    world.stop_at(10_000, 0);
    world.run(Ms::MAX);
    let expected = ["stop", "s1 SIGKILL", "s2 SIGKILL", "a SIGKILL", "b SIGKILL"];
    assert_eq!(since(&world, "stop")[..5], expected);
    assert_eq!(world.when("over"), Some(10_010));
}

#[test]
fn what_a_probe_kills_is_ended_out_of_order_and_alone() {
    // Kubelet T19; after the stop has begun, T18.
    let fails = Program { fails: Some(5000), yields: Some(2000), ..Program::RUNS };
    let case = Case::of(vec![
        sidecar("s", &[fails]).liveness(1),
        regular("a", &[Program { yields: Some(3000), ..Program::RUNS }]),
    ]);
    let mut world = World::new(&case);
    world.stop_at(6000, 10_000);
    world.run(Ms::MAX);
    let expected = ["s signal", "stop", "a signal", "s ends 143", "a ends 143", "over"];
    assert_eq!(since(&world, "s signal"), expected);
}

#[test]
fn a_probe_kill_that_is_at_its_hook_comes_into_line() {
    // Kubelet T13, T16: the stop comes while s runs its preStop hook for its liveness probe.
    let fails = Program { fails: Some(5000), pre_stop: (Some(2000), true), ..Program::RUNS };
    let case = Case::of(vec![
        sidecar("s", &[fails]).liveness(1).pre_stop(),
        regular("a", &[Program { yields: Some(3000), ..Program::RUNS }]),
    ]);
    let mut world = World::new(&case);
    world.stop_at(6000, 10_000);
    world.run(Ms::MAX);
    let expected =
        ["s PreStop", "stop", "a signal", "s PreStop over", "a ends 143", "s signal", "s ends 143"];
    assert_eq!(since(&world, "s PreStop")[..7], expected);
}

#[test]
fn the_deadline_ends_a_pod_wherever_it_is() {
    use crate::lifecycle::status::PodFailure::DeadlineExceeded;
    let case = Case::of(vec![
        init("i", &[Program::ends(4000, 0)]),
        sidecar("s", &[Program::RUNS]),
        regular("a", &[DONE]).own(Policy::Always, &[]),
    ]);
    for (deadline, line) in [(2000, "i signal"), (10_000, "s signal")] {
        let mut case = case.clone();
        case.life.deadline = Some(Duration::from_millis(deadline));
        let mut world = World::new(&case);
        world.run(Ms::MAX);
        assert_eq!(world.when(line), Some(deadline));
        assert_eq!(world.pod.stopping(), Some(Cause::DeadlineExceeded));
        assert_eq!(world.phase(), Phase::Failed);
        assert_eq!(world.status.expect("a status").failure, Some(DeadlineExceeded));
    }
}

#[test]
fn a_stop_before_the_deadline_is_a_stop() {
    let mut case = Case::of(vec![regular("a", &[Program { yields: None, ..Program::RUNS }])]);
    case.life.deadline = Some(Duration::from_secs(5));
    let mut world = World::new(&case);
    world.stop_at(4000, 3000);
    world.run(Ms::MAX);
    assert_eq!(world.when("a SIGKILL"), Some(7000));
    assert_eq!(world.pod.stopping(), Some(Cause::Asked));
}
