//! The process: what it takes along, what it outlives, what it keeps.

use podinit::lifecycle::container::Hook;
use podinit::link::{Order, Report};
use podinit::plan::life::Settings;
use podinit::plan::supervision::{Check, Errands};
use podinit::signal::Signal;
use podinit::sys::credentials::{Credentials, Gid, Uid};
use podinit::sys::signals::Recipient;
use podinit::sys::wait::Exit;
use podinit::sys::{Pid, signals};
use std::time::Duration;

use crate::harness::*;

pub fn another_users_commands_end_too(folder: &Folder) {
    if !Uid::effective().is_root() {
        return println!("  (skipped: needs root)");
    }
    let credentials = Credentials {
        uid: Uid::from_raw(65534),
        gid: Gid::from_raw(65534),
        supplementary: vec![],
        home: c"/".into(),
    };
    let errands =
        Errands { post_start: hook("exec:sh -c 'id -u; sleep 1000 & wait'"), ..Errands::default() };
    let start = || {
        let agent = Agent::start_as(folder, &errands, Some(&credentials));
        agent.tell(Order::Run { hook: Hook::PostStart, instance: 0 });
        let all = until("its processes", || Some(agent.descendants()).filter(|all| all.len() >= 3));
        (agent, all)
    };
    let (agent, all) = start();
    agent.logs("postStart: 65534");
    agent.signal(Signal::KILL);
    until("they are gone", || (!all.iter().any(|pid| lives(*pid))).then_some(()));
    // Also where whoever watches over the command is gone: a change of user must not have called that off.
    let (agent, all) = start();
    let child_of = |parent: Pid| {
        let own = parent.to_string();
        all.iter().copied().find(|pid| status(*pid, "PPid") == own).unwrap()
    };
    let attempt = child_of(agent.pid);
    signals::send(Recipient::Process(attempt), Signal::KILL).unwrap();
    until("the others are gone", || (!all.iter().any(|pid| lives(*pid))).then_some(()));
}

pub fn no_command_outlives_a_killed_agent(folder: &Folder) {
    let stubborn = |name: &str| {
        format!(
            "exec:sh -c 'trap : TERM HUP; echo $$ > {name}; setsid sleep 1000 & echo $! > {name}2; wait; wait; sleep 1000'"
        )
    };
    let errands = Errands {
        liveness: Some(probe(&stubborn("live"))),
        readiness: Some(probe(&stubborn("ready"))),
        pre_stop: hook(&stubborn("hook")),
        ..Errands::default()
    };
    let agent = Agent::start(folder, &errands);
    agent.watch(0);
    agent.tell(Order::Run { hook: Hook::PreStop, instance: 0 });
    let names = ["live", "live2", "ready", "ready2", "hook", "hook2"];
    let pids = names.map(|name| folder.pid(name));
    assert!(pids.iter().all(|pid| lives(*pid)));
    agent.signal(Signal::KILL);
    assert_eq!(agent.end(), Exit::Signal(Signal::KILL));
    until("none is left", || (!pids.iter().any(|pid| lives(*pid))).then_some(()));
}

pub fn only_the_links_end_ends_it(folder: &Folder) {
    let errands =
        Errands { pre_stop: hook("exec:sh -c 'echo $$ > pid; sleep 1000'"), ..Errands::default() };
    let mut agent = Agent::start(folder, &errands);
    agent.tell(Order::Run { hook: Hook::PreStop, instance: 0 });
    let command = folder.pid("pid");
    for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT, Signal::USR1, Signal::PIPE]
    {
        agent.signal(signal);
    }
    std::thread::sleep(WHILE);
    assert!(agent.listen() && lives(agent.pid));
    agent.hang_up();
    assert_eq!(agent.end(), Exit::Code(0));
    until("its command is gone", || (!lives(command)).then_some(()));
    // The watchdog's signal does what it does to all.
    let hung = Agent::start(folder, &errands);
    hung.tell(Order::Run { hook: Hook::PreStop, instance: 0 });
    until("it runs", || (!hung.descendants().is_empty()).then_some(()));
    hung.signal(Signal::ALRM);
    assert_eq!(hung.end(), Exit::Signal(Signal::ALRM));
}

/// As without processes: nothing fails for it, and all goes on once there are some.
pub fn without_descriptors(folder: &Folder) {
    let errands = Errands {
        liveness: Some(probe("exec:sh -c 'echo y >> tries'")),
        post_start: hook("exec:true"),
        ..Errands::default()
    };
    let mut agent = Agent::start(folder, &errands);
    until("its signalfd", || (agent.descriptors().len() == 5).then_some(()));
    // One more, for the log, and no pipe.
    agent.limit_descriptors(6);
    agent.watch(0);
    agent.tell(Order::Run { hook: Hook::PostStart, instance: 0 });
    let waits = "Warning HookWaits: postStart has to wait: no process can be made for it: too many open files";
    let told = || agent.log().matches(waits).count();
    agent.logs(waits);
    agent.logs("Warning ProbeLost: Liveness probe was not made: no process can be made for it");
    until("it tries again", || (told() >= 3).then_some(()));
    // Enough for an attempt's process, and not for its command.
    agent.limit_descriptors(8);
    let before = told();
    until("it still tries", || (told() >= before + 2).then_some(()));
    agent.limit_descriptors(64);
    agent.hear(Report::HookEnded { hook: Hook::PostStart, instance: 0, well: true });
    until("probes go on", || (!folder.text("tries").is_empty()).then_some(()));
    agent.listen();
    assert!(!agent.reports.iter().any(|report| matches!(report, Report::Failed { .. })));
}

pub fn it_keeps_to_itself_and_idles(folder: &Folder) {
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let liveness = Some(Check {
        settings: Settings {
            initial_delay: Duration::from_secs(3600),
            ..probe("exec:true").settings
        },
        ..probe("exec:true")
    });
    let mut agent = Agent::start(folder, &Errands { liveness, ..Errands::default() });
    agent.watch(0);
    until("it is told of", || {
        agent.listen();
        (!agent.reports.is_empty()).then_some(())
    });
    let targets = agent.descriptors();
    // 0, 1, 2, the link, the signalfd.
    assert_eq!(targets.len(), 5, "{targets:?}");
    assert_eq!(
        targets.iter().filter(|target| target.starts_with("socket:")).count(),
        1,
        "{targets:?}"
    );
    drop(held);
    let score = std::fs::read_to_string(format!("/proc/{}/oom_score_adj", agent.pid)).unwrap();
    assert!(score.trim().parse::<i32>().unwrap() >= 800, "{score}");
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", agent.pid)).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    assert_eq!(fields[3], agent.pid.to_string(), "a session of its own");
    until("it sleeps without waking", || {
        let wakes = || status(agent.pid, "voluntary_ctxt_switches");
        let before = wakes();
        std::thread::sleep(WHILE);
        (wakes() == before).then_some(())
    });
}
