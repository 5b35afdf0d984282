//! Every state answers every event.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use super::*;

/// The states of the documented diagram, one letter each.
fn letter(container: &Container) -> char {
    match container.state {
        State::Idle => 'I',
        State::BackingOff { .. } => 'B',
        State::Spawning => 'S',
        State::Running(_) => 'R',
        State::Ending(_, kill) if kill.is_at_pre_stop() => 'P',
        State::Ending(_, kill) if kill.is_at_turn() => 'T',
        State::Ending(_, kill) if kill.is_killed() => 'K',
        State::Ending(..) => 'G',
        State::Clearing { .. } => 'C',
        State::PostStop { .. } => 'O',
        State::Done => 'D',
    }
}

const COLUMNS: [(&str, &[Event]); 19] = [
    ("Start", &[Event::Start]),
    ("Spawned", &[Event::Spawned]),
    ("NotExecuted", &[Event::NotExecuted(127)]),
    ("NotSpawned", &[Event::NotSpawned(Waiting::CreateContainerError)]),
    (
        "Exited, Lost",
        &[
            Event::Exited(Exit { code: 0, out_of_memory: false }),
            Event::Exited(Exit { code: 42, out_of_memory: false }),
            Event::Exited(Exit { code: 43, out_of_memory: true }),
            Event::Lost,
        ],
    ),
    ("Cleared", &[Event::Cleared]),
    (
        "postStart",
        &[Event::HookEnded(Hook::PostStart, true), Event::HookEnded(Hook::PostStart, false)],
    ),
    ("preStop", &[Event::HookEnded(Hook::PreStop, true), Event::HookEnded(Hook::PreStop, false)]),
    (
        "postStop",
        &[Event::HookEnded(Hook::PostStop, true), Event::HookEnded(Hook::PostStop, false)],
    ),
    ("Started", &[Event::Started]),
    ("Ready", &[Event::Ready(true), Event::Ready(false)]),
    (
        "Failed",
        &[
            Event::Failed(Kind::Liveness),
            Event::Failed(Kind::Startup),
            Event::Failed(Kind::Readiness),
        ],
    ),
    (
        "Stop",
        &[Event::Stop(Stop { grace: Some(Duration::from_secs(30)), ordered: true, asked: true })],
    ),
    (
        "Stop",
        &[
            Event::Stop(Stop { grace: None, ordered: false, asked: true }),
            Event::Stop(Stop { grace: Some(Duration::from_secs(1)), ordered: false, asked: true }),
        ],
    ),
    ("Stop 0", &[Event::Stop(Stop { grace: Some(Duration::ZERO), ordered: false, asked: true })]),
    ("Turn", &[Event::Turn]),
    ("Restart", &[Event::Restart]),
    ("Reset", &[Event::Reset]),
    ("Due", &[Event::Due]),
];

/// Where each event can lead out of each state; `.` is no other state.
/// I idle, B backing off, S spawning, R running, P at preStop, T waits for its turn, G signalled, K killed, C clearing,
/// O at postStop, D done. The columns are those above; the first `Stop` is one in order.
const TABLE: &str = "
I    BS     .     .     .     .     .     .     .     .     .     .     .     D     D     D     .     .     .     .
B     .     .     .     .     .     .     .     .     .     .     .     .     D     D     D     .     S     I     S
S     . GKPRT   BDI   BDI     C     .     .     .     .     .     .     .     .     .     .     .     .     .     .
R     .     .     .     .     C     .    KP     .     .     .     .   GKP    PT    GP     K     .   GKP     G     .
P     .     .     .     .     C     .     .    GT     .     .     .     .    GT    GT     K     .     .     G     G
T     .     .     .     .     C     .     .     .     .     .     .     .     .     .     K     G     .     .     G
G     .     .     .     .     C     .     .     .     .     .     .     .     .     .     K     .     .     .     K
K     .     .     .     .     C     .     .     .     .     .     .     .     .     .     .     .     .     .     C
C     .     .     .     .     . BDIOS     .     .     .     .     .     .     .     .     .     .     .     .     .
O     .     .     .     .     .     .     .     .  BDIS     .     .     .     D     D     D     .     .     .  BDIS
D     .     .     .     .     .     .     .     .     .     .     .     .     .     .     .     .     S     I     .
";

fn lives() -> Vec<Life> {
    let mut lives = Vec::new();
    let rule = |code, action| Rule { exit_codes: ExitCodes::In(vec![code]), action };
    for hooks in [Hooks::default(), with_hooks().hooks] {
        for (pod, role, container) in [
            (Policy::Always, Role::Regular, None),
            (Policy::Never, Role::Regular, Some(Policy::Never)),
            (Policy::OnFailure, Role::Init, None),
            (Policy::Never, Role::Sidecar, Some(Policy::Always)),
        ] {
            for (grace, startup) in [(Some(30), false), (None, true), (Some(0), false)] {
                let all = vec![rule(42, RuleAction::RestartAllContainers)];
                let startup = if startup { probe(Some(5)) } else { None };
                lives.push(Life {
                    role,
                    hooks,
                    probes: Probes { startup, liveness: probe(None), readiness: probe(None) },
                    restart: Terms { pod, container, rules: all },
                    grace: grace.map(secs),
                    ..plain()
                });
            }
        }
    }
    lives
}

/// All that tells one kind of situation from another: the whole machine, less its times and counts.
fn kind(container: &Container) -> String {
    let (hooked, settled, started) = match container.state {
        State::Running(it) | State::Ending(it, _) => (it.hooked, it.settled, it.started),
        _ => (false, false, false),
    };
    let next = match container.state {
        State::Clearing { next, .. } | State::PostStop { next, .. } => Some(next),
        _ => None,
    };
    let (asked, stopping) = match container.asked {
        Asked::Stop(it) => ('s', Some((it.ordered, it.at_once, it.deadline.is_some()))),
        Asked::Nothing => ('n', None),
        Asked::Restart => ('r', None),
        Asked::Reset => ('z', None),
    };
    let kill = match container.state {
        State::Ending(_, kill) => Some((kill.reason(), kill.ordered)),
        _ => None,
    };
    let error = container.start_error.map(Waiting::reason);
    let bits = (hooked, settled, started, next, asked, stopping, kill, error);
    let paused = container.back_off.due().is_some();
    format!("{} {bits:?} {} {paused}", letter(container), container.ended.is_some())
}

/// What holds in every state, whatever came.
fn check(container: &Container, now: Moment) {
    let status = container.status();
    assert!(!status.ready || status.started || container.life.role == Role::Init);
    let running = matches!(status.state, status::State::Running { .. });
    assert!(!status.started || running);
    assert!(!(status.started && container.life.role == Role::Init));
    if let status::State::Terminated(end) = status.state {
        assert_eq!(Some(end), container.latest_end());
    } else {
        assert_eq!(status.last, container.latest_end());
    }
    assert_eq!(status.latest_end(), container.latest_end());
    assert!(container.due().is_none_or(|due| due > now), "{container:?} at {now:?}");
    let waits = matches!(letter(container), 'I' | 'S' | 'R' | 'C' | 'D');
    assert!(!waits || container.due().is_none());
    assert_eq!(container.is_done(), letter(container) == 'D');
    assert_eq!(container.is_idle(), letter(container) == 'I');
    assert_eq!(container.is_ending(), "PTGK".contains(letter(container)));
    let account = container.account();
    assert_eq!(
        account.is_some_and(|account| account.over.is_none()),
        "PTGKCO".contains(letter(container))
    );
    assert!(
        !(container.is_done() && container.stopping().is_none()) || container.start_error.is_none()
    );
}

/// Brings the machine into every kind of situation that there is, gives it every event there, on time and late, and
/// draws up what leads where.
#[test]
fn every_state_answers_every_event_as_documented() {
    let mut leads: BTreeMap<(char, usize), BTreeSet<char>> = BTreeMap::new();
    let mut situations = 0;
    let mut most = 0;
    for life in lives() {
        let mut known = HashSet::new();
        let mut open = VecDeque::from([(Container::new(&life), s(0))]);
        while let Some((container, now)) = open.pop_front() {
            if !known.insert(kind(&container)) {
                continue;
            }
            situations += 1;
            let on_time = now + Duration::from_millis(10);
            let due = container.due();
            let late = due.unwrap_or(now) + secs(5000);
            for (column, (_, events)) in COLUMNS.into_iter().enumerate() {
                for event in events {
                    let is_due = *event == Event::Due;
                    let first = if is_due { due.unwrap_or(on_time) } else { on_time };
                    for (at, punctual) in [(now, !is_due), (first, true), (late, false)] {
                        if at < now {
                            continue;
                        }
                        let mut next = container.clone();
                        let count = next.step(at, *event).into_iter().count();
                        most = most.max(count);
                        check(&next, at);
                        assert!(next.status().restart_count >= container.status().restart_count);
                        let from = letter(&container);
                        let to = letter(&next);
                        if punctual && at == first && from != to {
                            leads.entry((from, column)).or_default().insert(to);
                        }
                        // What has not changed is known.
                        if next != container {
                            open.push_back((next, at));
                        }
                    }
                }
            }
        }
    }
    assert!(situations > 1000, "{situations}");
    assert_eq!(most, 3, "an answer has room for one more");
    let mut drawn = String::from("\n");
    for from in "IBSRPTGKCOD".chars() {
        drawn.push(from);
        for column in 0..COLUMNS.len() {
            let to: String =
                leads.get(&(from, column)).map_or(".".to_owned(), |to| to.iter().collect());
            drawn.push_str(&format!("{to:>6}"));
        }
        drawn.push('\n');
    }
    assert_eq!(drawn, TABLE, "{drawn}");
}
