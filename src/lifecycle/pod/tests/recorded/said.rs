//! What people are told, made alike: statuses and events, the recording's and ours.

use serde_json::Value;

use super::Departures;
use super::timeline::Told;
use crate::lifecycle::restart::CrashLoopMessage;
use crate::lifecycle::status::condition::Kind;
use crate::lifecycle::status::event::{ContainerEvent, Event};
use crate::lifecycle::status::{NamedStatus, PodStatus, State, Terminated, Waiting};
use crate::plan::life::Role;

/// A status, as lines: the phase, each condition, each container. Moments are left out.
pub type Seen = Vec<String>;

/// One of ours, of the pod called `NAME_NAMESPACE(UID)`.
pub fn ours(status: &PodStatus, pod: &str, departures: &Departures) -> Seen {
    let mut seen = vec![status.phase.word().to_owned()];
    // 1.20 did not know it yet.
    let known = status.conditions.iter().filter(|one| one.kind != Kind::PodReadyToStartContainers);
    seen.extend(
        known.map(|one| condition(one.kind.word(), one.status.word(), &one.reason, &one.message)),
    );
    let containers = status.init_containers.iter().chain(&status.containers);
    seen.extend(containers.map(|named| container(named, pod, departures)));
    seen
}

fn container(
    NamedStatus { name, status }: &NamedStatus,
    pod: &str,
    departures: &Departures,
) -> String {
    let state = match status.state {
        State::Running { .. } => "running".to_owned(),
        State::Terminated(end) => terminated(&end),
        State::Waiting(why) => {
            let message = match why {
                Waiting::CrashLoopBackOff { pause } => {
                    CrashLoopMessage { pause, container: name, pod }.to_string()
                }
                _ => String::new(),
            };
            waiting(why.reason(), &message, departures)
        }
    };
    let last = status.last.map_or(String::new(), |end| terminated(&end));
    line(name, [status.ready, status.started], status.restart_count.into(), &state, &last)
}

fn terminated(end: &Terminated) -> String {
    format!("terminated {} {}", end.exit_code, end.reason.word())
}

/// One that was recorded; `None` before there was anything to say.
pub fn theirs(status: &Value, departures: &Departures) -> Option<Seen> {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let conditions = status["conditions"].as_array()?;
    let mut seen = vec![text(status, "phase")];
    seen.extend(conditions.iter().map(|one| {
        let [kind, status, reason, message] =
            ["type", "status", "reason", "message"].map(|key| text(one, key));
        condition(&kind, &status, &reason, &message)
    }));
    let terminated = |end: &Value| {
        let (mut code, mut reason) =
            (end["exitCode"].as_i64().expect("a code"), text(end, "reason"));
        if departures.kills_fail && (code, &reason[..]) == (0, "Completed") {
            (code, reason) = (137, "Error".to_owned());
        }
        format!("terminated {code} {reason}")
    };
    let container = |one: &Value| {
        let (kind, state) = one["state"].as_object().and_then(|state| state.iter().next())?;
        let state = match kind.as_str() {
            "waiting" => waiting(&text(state, "reason"), &text(state, "message"), departures),
            "terminated" => terminated(state),
            _ => kind.clone(),
        };
        let last = one["lastState"].get("terminated").map_or(String::new(), terminated);
        let flags = ["ready", "started"].map(|key| one[key].as_bool().unwrap_or_default());
        Some(line(&text(one, "name"), flags, one["restartCount"].as_u64()?, &state, &last))
    };
    for list in ["initContainerStatuses", "containerStatuses"] {
        let list = status[list].as_array().into_iter().flatten();
        seen.extend(list.map(|one| container(one).expect("a state")));
    }
    Some(seen)
}

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> String {
    format!("{kind} {status} {reason} {message}")
}

fn line(name: &str, [ready, started]: [bool; 2], restarts: u64, state: &str, last: &str) -> String {
    format!("{name} ready={ready} started={started} restarts={restarts}: {state}; last: {last}")
}

/// What a hook said is left out: 1.20 had it in the reason too, and `status/hook_failure.rs` compares it (kubelet H10).
fn waiting(reason: &str, message: &str, departures: &Departures) -> String {
    let reason = reason.split(": ").next().unwrap_or_default();
    let message = match message.split_once(" restarting ") {
        _ if reason == "PostStartHookError" => "",
        Some((_, rest)) if departures.starts_at_once => rest,
        _ => message,
    };
    format!("waiting {reason} {message}")
}

/// An event of ours in the words of 1.20.
pub fn told(role: Role, name: &str, what: ContainerEvent<'_>) -> Told {
    let event = Event::Container { role, name, what };
    let message = match what {
        // Kubelet M7 to M9.
        ContainerEvent::Created => format!("Created container {name}"),
        ContainerEvent::Started => format!("Started container {name}"),
        ContainerEvent::BackOff { .. } => "Back-off restarting failed container".to_owned(),
        _ => event.to_string(),
    };
    let (severity, reason) = (event.severity().word().to_owned(), event.reason().to_owned());
    comparable(Told { severity, reason, message })
}

/// Kubelet M12, M13, H18: in 1.20 events said what exactly failed.
pub fn comparable(told: Told) -> Told {
    match &told.reason[..] {
        "FailedPostStartHook" | "FailedPreStopHook" => Told { message: String::new(), ..told },
        _ => told,
    }
}
