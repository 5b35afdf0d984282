//! What was seen of a pod, line by line: `SECONDS SOURCE TEXT`.

use serde_json::Value;

use crate::lifecycle::pod::tests::program::Ms;
use crate::lifecycle::probe::Kind;

/// One line that matters.
#[derive(Debug)]
pub struct Line<'t> {
    pub at: Ms,
    pub what: What<'t>,
}

#[derive(Debug)]
pub enum What<'t> {
    /// The kubelet has a new pod, and is to end it.
    Add,
    Remove,
    /// Of the container of this name.
    Create(&'t str),
    Start(&'t str),
    Kill(&'t str, i32),
    Die(&'t str, i32),
    /// A command in it, which begins and ends.
    Exec {
        name: &'t str,
        id: String,
        command: &'t str,
    },
    ExecDie {
        name: &'t str,
        id: String,
        code: i32,
    },
    /// What the kubelet took from a probe's attempt; `output` only if it failed, less the last line's end.
    Answer {
        name: &'t str,
        probe: Kind,
        well: bool,
        output: &'t str,
    },
    Event(Told),
}

/// An event, as people read it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    pub severity: String,
    pub reason: String,
    pub message: String,
}

/// When the kubelet first named the pod, in seconds since 1970.
pub fn beginning(text: &str) -> f64 {
    let epoch = text.split_once("t0 = ").and_then(|(_, rest)| rest.split_whitespace().next());
    epoch.expect("t0").parse().expect("seconds")
}

pub fn lines(text: &str) -> Vec<Line<'_>> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(line).collect()
}

fn line(line: &str) -> Option<Line<'_>> {
    let (at, rest) = line.trim_start().split_once(' ').expect("a moment");
    let (source, text) = rest.trim_start().split_once(' ').expect("a source");
    let what = match source {
        "docker" => docker(text),
        "kubelet" => kubelet(text.trim_start()),
        _ => None,
    }?;
    Some(Line { at: millis(at), what })
}

fn millis(seconds: &str) -> Ms {
    (seconds.parse::<f64>().expect("seconds") * 1000.0).round() as Ms
}

/// `NAME VERB[: COMMAND] [{ATTRIBUTES}] id=…`
fn docker(text: &str) -> Option<What<'_>> {
    let (name, rest) = text.trim_start().split_once(' ').expect("a name");
    let (said, _) = rest.rsplit_once(" id=").expect("an id");
    let (said, attributes) = match said.rfind(" {\"") {
        Some(from) => (&said[..from], serde_json::from_str(&said[from..]).expect("attributes")),
        None => (said, Value::Null),
    };
    let (verb, command) = said.split_once(": ").unwrap_or((said, ""));
    let number = |key: &str| attributes[key].as_str().and_then(|text| text.parse().ok());
    let id = || attributes["execID"].as_str().expect("an execID").to_owned();
    match verb {
        _ if name == "POD" => None,
        "create" => Some(What::Create(name)),
        "start" => Some(What::Start(name)),
        "kill" => Some(What::Kill(name, number("signal").expect("a signal"))),
        "die" => Some(What::Die(name, number("exitCode").expect("a code"))),
        "exec_create" => Some(What::Exec { name, id: id(), command }),
        "exec_die" => {
            Some(What::ExecDie { name, id: id(), code: number("exitCode").expect("a code") })
        }
        "exec_start" | "stop" | "destroy" => None,
        other => panic!("docker {other}"),
    }
}

fn kubelet(text: &str) -> Option<What<'_>> {
    if text.starts_with("SyncLoop (ADD,") {
        return Some(What::Add);
    }
    if text.starts_with("SyncLoop (REMOVE,") {
        return Some(What::Remove);
    }
    if let Some(event) = text.strip_prefix("EVENT ") {
        let [severity, reason, message] = event.splitn(3, ' ').collect::<Vec<_>>()[..] else {
            panic!("event {event}")
        };
        // Images are not the lifecycle's business.
        if reason == "Pulled" {
            return None;
        }
        let message = serde_json::from_str(message).expect("a quoted message");
        let (severity, reason) = (severity.to_owned(), reason.to_owned());
        return Some(What::Event(Told { severity, reason, message }));
    }
    let of_probe = |kind: &Kind| text.strip_prefix(kind.title())?.strip_prefix(" probe for \"");
    let kinds = [Kind::Startup, Kind::Liveness, Kind::Readiness];
    let (probe, rest) = kinds.iter().find_map(|kind| Some((*kind, of_probe(kind)?)))?;
    let (target, said) = rest.split_once("\" ").expect("a target");
    let (_, name) = target.split_once(':').expect("a container");
    let failure = said.strip_prefix("failed (failure): ");
    assert!(failure.is_some() || said == "succeeded", "{said}");
    let output = failure.unwrap_or_default();
    Some(What::Answer { name, probe, well: failure.is_none(), output })
}
