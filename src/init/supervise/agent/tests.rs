//! What init tells its agents, and what it takes from them: the other end of the link is the test.

use super::*;
use crate::init::report::{Level, Style};
use crate::lifecycle::container::Container;
use crate::lifecycle::probe::{Cached, Stage};
use crate::link::LONGEST;
use crate::plan::life::{Hooks, Life, Pace, Policy, Probe, Role, Settings, Terms};

const NO_TIME: Duration = Duration::ZERO;

fn s(seconds: u64) -> Moment {
    Moment::at(Duration::from_secs(seconds))
}

fn log() -> Log {
    Log::new(Style::Text, Level::Error)
}

fn probes(startup: bool, readiness: bool) -> Probes {
    let settings = Settings {
        initial_delay: NO_TIME,
        period: NO_TIME,
        timeout: NO_TIME,
        success_threshold: 1,
        failure_threshold: 1,
    };
    let probe = |exists: bool| exists.then_some(Probe { settings, grace: None });
    Probes { startup: probe(startup), liveness: None, readiness: probe(readiness) }
}

/// An agent's process that is none: no signal is ever sent to this number.
fn connect(agent: &mut Agent<'_>) -> OwnedFd {
    let (ours, theirs) = packets::pair().unwrap();
    let pid = Pid::from_raw(0);
    agent.process = Some(Process { pid, link: Some(ours), was_stopped: false });
    agent.resume(&mut log());
    theirs
}

fn orders(link: &OwnedFd) -> Vec<Order> {
    let mut room = [0; LONGEST];
    let next = || match packets::receive(link, &mut room) {
        Received::Packet(packet) => link::read(packet),
        Received::Nothing | Received::Closed => None,
    };
    std::iter::from_fn(next).collect()
}

fn kept(kind: Kind, instance: u32) -> (Report, Snapshot) {
    let snapshot = Snapshot { cached: Cached::Success, stage: Stage::Quiet };
    (Report::Kept { kind, instance, snapshot }, snapshot)
}

#[test]
fn a_new_agent_goes_on_where_the_one_before_it_was() {
    let mut agent = Agent::new(&[], &probes(true, true), Vec::new(), s(0));
    let link = connect(&mut agent);
    assert_eq!(orders(&link), []);
    agent.run(s(1), Hook::PostStart, 3, &mut log());
    agent.end(Hook::PostStart, &mut log());
    agent.watch(3, s(1), false, &mut log());
    agent.started(&mut log());
    agent.quieten(&mut log());
    agent.run(s(2), Hook::PreStop, 3, &mut log());
    let watch = Order::Watch { instance: 3, since: s(1), started: false };
    let run = Order::Run { hook: Hook::PreStop, instance: 3 };
    let post_start = Order::Run { hook: Hook::PostStart, instance: 3 };
    let told =
        [post_start, Order::End(Hook::PostStart), watch, Order::Started, Order::Quieten, run];
    assert_eq!(orders(&link), told);

    // Of one probe nothing is known yet.
    let (startup, snapshot) = kept(Kind::Startup, 3);
    assert_eq!(agent.heard(startup, 3), None);
    agent.ended(s(2), Exit::Code(0), &mut log());
    let link = connect(&mut agent);
    let watch = Order::Watch { instance: 3, since: s(1), started: true };
    assert_eq!(orders(&link), [watch, Order::Started, Order::Quieten, run]);

    // What is told of another instance is of no use.
    assert_eq!(agent.heard(kept(Kind::Readiness, 2).0, 3), None);
    let link = connect(&mut agent);
    assert_eq!(orders(&link).first(), Some(&watch));

    assert_eq!(agent.heard(kept(Kind::Readiness, 3).0, 3), None);
    let link = connect(&mut agent);
    let restore = |kind| Order::Restore { kind, instance: 3, snapshot };
    let restored = [restore(Kind::Startup), restore(Kind::Readiness)];
    assert_eq!(orders(&link), [&restored[..], &[Order::Started, Order::Quieten, run]].concat());

    agent.unwatch(&mut log());
    let done = Report::HookEnded { hook: Hook::PreStop, instance: 3, well: true };
    assert_eq!(agent.heard(done, 3), Some(Event::HookEnded(Hook::PreStop, true)));
    assert_eq!(agent.heard(done, 3), None, "once is enough");
    assert_eq!(orders(&connect(&mut agent)), []);
}

#[test]
fn what_is_said_of_another_instance_is_nothing_to_this_one() {
    let mut agent = Agent::new(&[], &probes(true, true), Vec::new(), s(0));
    let table = [
        (Report::Started { instance: 2 }, Event::Started),
        (Report::Ready { instance: 2, ready: true }, Event::Ready(true)),
        (Report::Failed { instance: 2, kind: Kind::Liveness }, Event::Failed(Kind::Liveness)),
    ];
    for (report, event) in table {
        assert_eq!(agent.heard(report, 2), Some(event));
        assert_eq!(agent.heard(report, 3), None, "{report:?}");
    }
}

#[test]
fn one_that_reads_nothing_or_has_closed_its_end_is_given_up() {
    let mut agent = Agent::new(&[], &probes(false, true), Vec::new(), s(0));
    let link = connect(&mut agent);
    let orders = (0..100_000).take_while(|_| {
        agent.started(&mut log());
        agent.link().is_some()
    });
    assert!(orders.count() < 100_000);
    drop(link);
    drop(connect(&mut agent));
    assert!(agent.next_message(&mut [0; LONGEST]).is_none() && agent.link().is_none());
}

#[test]
fn the_pauses_grow_while_agents_do_not_live_long() {
    let mut agent = Agent::new(&[], &probes(false, true), Vec::new(), s(0));
    let mut pauses = Vec::new();
    let mut now = s(0);
    for _ in 0..9 {
        agent.began = now;
        agent.ended(now, Exit::Code(1), &mut log());
        let next = agent.due().unwrap();
        pauses.push(next.since(now).as_millis());
        assert!(agent.is_due(next) && (next == now || !agent.is_due(now)));
        now = next;
    }
    assert_eq!(pauses, [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    agent.began = now;
    agent.ended(now + PATIENCE, Exit::Code(1), &mut log());
    assert_eq!(agent.due(), Some(now + PATIENCE));
}

#[test]
fn a_hook_that_nobody_runs_fails_in_the_end() {
    let mut agent = Agent::new(&[], &probes(false, false), Vec::new(), s(0));
    agent.ended(s(1), Exit::Code(1), &mut log());
    agent.next = None;
    agent.run(s(10), Hook::PreStop, 1, &mut log());
    assert_eq!(agent.due(), Some(s(15)));
    assert_eq!(agent.failed_hook(s(14), &mut log()), None);
    let failed = Event::HookEnded(Hook::PreStop, false);
    assert_eq!(agent.failed_hook(s(15), &mut log()), Some(failed));
    assert_eq!((agent.due(), agent.failed_hook(s(16), &mut log())), (None, None));
}

/// What has not been heard waits in it.
#[test]
fn each_agent_is_given_the_socket_of_the_instance() {
    let mut agent = Agent::new(&[], &probes(false, false), Vec::new(), s(0));
    let (reading, writing) = descriptors::pipe().unwrap();
    agent.listen(4, writing, &mut log());
    for byte in [1, 2] {
        let link = connect(&mut agent);
        let mut room = [0; LONGEST];
        let (packet, given) = packets::receive_with(&link, &mut room);
        let Received::Packet(packet) = packet else { panic!("{packet:?}") };
        assert_eq!(link::read(packet), Some(Order::Listen { instance: 4 }));
        descriptors::write_byte(given.unwrap().as_fd(), byte);
        assert_eq!(descriptors::read_byte(reading.as_fd()), Ok(Some(byte)));
        assert_eq!(orders(&link), []);
    }
}

#[test]
fn an_agent_that_is_asked_is_told_what_has_changed_and_the_next_what_is() {
    let life = Life {
        role: Role::Regular,
        hooks: Hooks::default(),
        probes: probes(false, false),
        notifies: false,
        restart: Terms { pod: Policy::Never, container: None, rules: Vec::new() },
        pace: Pace::DEFAULT,
        grace: None,
    };
    let before = Container::new(&life).vitals();
    let after = Vitals { ending: true, ..before };
    // Any descriptor does.
    let (listener, _other) = descriptors::pipe().unwrap();
    let mut agent = Agent::new(&[], &life.probes, vec![listener], s(0));
    let link = connect(&mut agent);
    for vitals in [before, before, after, after] {
        agent.tell(vitals, &mut log());
    }
    assert_eq!(orders(&link), [Order::Status(before), Order::Status(after)]);
    let link = connect(&mut agent);
    assert_eq!(orders(&link), [Order::Status(after)]);
    let mut unasked = Agent::new(&[], &life.probes, Vec::new(), s(0));
    let link = connect(&mut unasked);
    unasked.tell(before, &mut log());
    assert_eq!(orders(&link), []);
}
