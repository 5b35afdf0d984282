//! Probes: what is told of them and when, and what the next agent goes on with.

use podinit::lifecycle::Moment;
use podinit::lifecycle::probe::{Cached, Kind, Stage};
use podinit::link::{Order, Report};
use podinit::plan::life::Settings;
use podinit::plan::supervision::{Check, Errands};
use podinit::signal::Signal;
use podinit::sys::signals::Recipient;
use podinit::sys::{clock, signals};

use crate::harness::*;

pub fn verdicts_are_told_once(folder: &Folder) {
    let port = serve(folder);
    folder.write("status", "200");
    let readiness = Some(probe(&format!("http://127.0.0.1:{port}/ready")));
    let mut agent = Agent::start(folder, &Errands { readiness, ..Errands::default() });
    agent.watch(7);
    agent.hear(Report::Ready { instance: 7, ready: true });
    // It is told first that it is not (kubelet W15), then that it is.
    assert_eq!(agent.reports[0], Report::Ready { instance: 7, ready: false });
    let requests = || folder.text("requests").matches("GET /ready").count();
    let settle = requests() + 2;
    until("more attempts", || (requests() >= settle).then_some(()));
    agent.listen();
    let (told, before) = (agent.reports.len(), requests());
    until("more attempts", || (requests() >= before + 5).then_some(()));
    agent.listen();
    assert_eq!(agent.reports.len(), told, "{:?}", agent.reports);
    assert_eq!(agent.log(), "", "kubelet M18: a success writes nothing");
    folder.write("status", "500");
    until("not ready any more", || {
        agent.listen();
        agent.reports[told..].contains(&Report::Ready { instance: 7, ready: false }).then_some(())
    });
    agent.logs("Warning Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 500");
    agent.tell(Order::Quieten);
    agent.tell(Order::Unwatch);
    let quiet = until("no attempt goes on", || {
        let before = requests();
        std::thread::sleep(WHILE);
        (requests() == before).then_some(before)
    });
    assert!(quiet > before);
}

pub fn startup_comes_first_and_liveness_fails(folder: &Folder) {
    let Check { action, settings } =
        probe("exec:sh -c 'echo no; echo y >> lives; test ! -e broken'");
    let errands = Errands {
        startup: Some(probe("exec:test -e started")),
        liveness: Some(Check { action, settings: Settings { failure_threshold: 2, ..settings } }),
        ..Errands::default()
    };
    let mut agent = Agent::start(folder, &errands);
    let since = Moment::at(clock::monotonic());
    agent.tell(Order::Watch { instance: 0, since, started: false });
    // kubelet W21: a startup probe that fails kills, and is not run again.
    agent.hear(Report::Failed { instance: 0, kind: Kind::Startup });
    agent.logs("Warning Unhealthy: Startup probe failed:");
    assert_eq!(folder.text("lives"), "", "kubelet W11: liveness waits");
    folder.write("started", "");
    agent.tell(Order::Watch { instance: 1, since, started: false });
    agent.hear(Report::Started { instance: 1 });
    agent.tell(Order::Started);
    until("liveness", || (folder.text("lives").lines().count() >= 3).then_some(()));
    agent.listen();
    let failed = Report::Failed { instance: 1, kind: Kind::Liveness };
    assert!(!agent.reports.contains(&failed));
    folder.write("broken", "");
    agent.hear(failed);
    agent.logs("Warning Unhealthy: Liveness probe failed: no");
    agent.listen();
    assert_eq!(agent.reports.iter().filter(|report| **report == failed).count(), 1);
}

pub fn w29_another_agent_goes_on(folder: &Folder) {
    let readiness = Some(probe("exec:sh -c 'echo y >> tries; test ! -e broken'"));
    let errands = Errands { readiness, ..Errands::default() };
    let mut first = Agent::start(folder, &errands);
    first.watch(4);
    first.hear(Report::Ready { instance: 4, ready: true });
    let kind = Kind::Readiness;
    // The verdict, then what has to be kept of it.
    let snapshot = until("it is kept", || {
        first.listen();
        first.reports.iter().find_map(|report| match report {
            Report::Kept { snapshot, instance: 4, .. } if snapshot.cached == Cached::Success => {
                Some(*snapshot)
            }
            _ => None,
        })
    });
    assert!(matches!(snapshot.stage, Stage::Watched(_)));
    first.signal(Signal::KILL);
    first.end();
    let tries = || folder.text("tries").lines().count();
    let before = tries();
    let mut second = Agent::start(folder, &errands);
    second.tell(Order::Restore { kind, instance: 4, snapshot });
    until("attempts go on", || (tries() >= before + 5).then_some(()));
    second.listen();
    assert_eq!(second.reports, [], "the verdict stands");
    folder.write("broken", "");
    second.hear(Report::Ready { instance: 4, ready: false });
}

pub fn w19_an_attempt_that_was_killed(folder: &Folder) {
    let liveness = Some(probe("exec:sh -c 'echo $$ > pid; test -e well || exec sleep 1000'"));
    let mut agent = Agent::start(folder, &Errands { liveness, ..Errands::default() });
    agent.watch(0);
    let command = folder.pid("pid");
    let attempt = until("the attempt", || {
        agent.descendants().into_iter().find(|pid| status(*pid, "PPid") == agent.pid.to_string())
    });
    folder.write("well", "");
    signals::send(Recipient::Process(attempt), Signal::KILL).unwrap();
    agent.logs("Warning ProbeLost: Liveness probe was not made: the attempt was killed by KILL");
    until("its command is gone", || (!lives(command)).then_some(()));
    until("another is made", || (folder.pid("pid") != command).then_some(()));
    agent.listen();
    assert!(!agent.reports.iter().any(|report| matches!(report, Report::Failed { .. })));
}
