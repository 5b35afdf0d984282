//! What holds of a pod, each with the moment since when: kubelet R41 to R45 (`pkg/kubelet/status/generate.go`).

use std::borrow::Cow;
use std::fmt;

use super::{Member, Phase};
use crate::lifecycle::Moment;
use crate::plan::life::Role;
use crate::spec::quote::Quoted;

/// What is said of the pod (kubelet R41).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// What containers need before they can be made, such as their files, is there.
    PodReadyToStartContainers,
    Initialized,
    /// It may be given work.
    Ready,
    ContainersReady,
    /// Always true: it is here.
    PodScheduled,
    /// A rule has asked for the whole pod to start over, which has not begun yet.
    AllContainersRestarting,
    /// Somebody else's. Never the name of one of the others.
    Foreign(String),
}

impl Kind {
    const OWN: [Kind; 6] = [
        Kind::PodReadyToStartContainers,
        Kind::Initialized,
        Kind::Ready,
        Kind::ContainersReady,
        Kind::PodScheduled,
        Kind::AllContainersRestarting,
    ];

    /// The kind with this name.
    pub fn named(name: &str) -> Kind {
        let own = Kind::OWN.into_iter().find(|kind| kind.word() == name);
        own.unwrap_or_else(|| Kind::Foreign(name.to_owned()))
    }

    /// The API's word for it.
    pub fn word(&self) -> &str {
        match self {
            Kind::PodReadyToStartContainers => "PodReadyToStartContainers",
            Kind::Initialized => "Initialized",
            Kind::Ready => "Ready",
            Kind::ContainersReady => "ContainersReady",
            Kind::PodScheduled => "PodScheduled",
            Kind::AllContainersRestarting => "AllContainersRestarting",
            Kind::Foreign(name) => name,
        }
    }
}

/// Whether it holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Truth {
    True,
    False,
    Unknown,
}

impl Truth {
    /// The API's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Truth::True => "True",
            Truth::False => "False",
            Truth::Unknown => "Unknown",
        }
    }
}

/// One condition of a pod. An empty reason or message is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition {
    pub kind: Kind,
    pub status: Truth,
    pub reason: Cow<'static, str>,
    pub message: String,
    /// When `status` became what it is.
    pub last_transition: Moment,
}

impl Condition {
    /// This condition as the successor of one of `before`: where that says the same, its time stays (kubelet R41).
    pub fn after(mut self, before: &[Condition]) -> Condition {
        let same = before.iter().find(|old| old.kind == self.kind && old.status == self.status);
        if let Some(same) = same {
            self.last_transition = same.last_transition;
        }
        self
    }
}

/// All that a condition says but its time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    pub status: Truth,
    pub reason: &'static str,
    pub message: String,
}

impl Finding {
    const TRUE: Finding = Finding::of(Truth::True, "");

    const fn of(status: Truth, reason: &'static str) -> Finding {
        Finding { status, reason, message: String::new() }
    }

    /// True without a reason, or false without one.
    pub const fn plain(holds: bool) -> Finding {
        if holds { Finding::TRUE } else { Finding::of(Truth::False, "") }
    }

    pub fn at(self, now: Moment, kind: Kind) -> Condition {
        let Finding { status, reason, message } = self;
        Condition { kind, status, reason: reason.into(), message, last_transition: now }
    }

    /// False with this message, true if there is nothing to say.
    fn unless(reason: &'static str, complaints: Vec<String>) -> Finding {
        if complaints.is_empty() {
            return Finding::TRUE;
        }
        Finding { message: complaints.join(", "), ..Finding::of(Truth::False, reason) }
    }

    /// Every regular container and every sidecar is ready (kubelet R42, R45).
    pub fn containers_ready(members: &[Member<'_>], phase: Phase) -> Finding {
        if members.iter().all(|member| member.status.is_none()) {
            return Finding::of(Truth::False, "UnknownContainerStatuses");
        }
        let count = members.iter().filter(|member| member.role != Role::Init);
        let complaints = Complaints::of(count, |member| member.ready());
        match phase {
            Phase::Failed => Finding::of(Truth::False, "PodFailed"),
            Phase::Succeeded if complaints.unknown.is_empty() => {
                Finding::of(Truth::False, "PodCompleted")
            }
            _ => Finding::unless("ContainersNotReady", complaints.said("unready")),
        }
    }

    /// `containers_ready`, and every one of the readiness `gates` is a condition that holds (kubelet R43).
    pub fn ready(containers_ready: &Finding, gates: &[&str], conditions: &[Condition]) -> Finding {
        if containers_ready.status != Truth::True {
            return containers_ready.clone();
        }
        let complaint = |gate: &&str| {
            let found = conditions.iter().find(|condition| condition.kind.word() == *gate);
            let complaint = Gate { gate, status: found.map(|condition| condition.status) };
            (complaint.status != Some(Truth::True)).then(|| complaint.to_string())
        };
        Finding::unless("ReadinessGatesNotReady", gates.iter().filter_map(complaint).collect())
    }

    /// Every regular init container has succeeded and every sidecar is started, now or at some time before
    /// (kubelet R44, R45).
    pub fn initialized(members: &[Member<'_>], phase: Phase) -> Finding {
        let before = || members.iter().filter(|member| member.role != Role::Regular);
        if before().count() > 0 && members.iter().all(|member| member.status.is_none()) {
            return Finding::of(Truth::False, "UnknownContainerStatuses");
        }
        let complaints = Complaints::of(before(), |member| match member.role {
            Role::Sidecar => member.started(),
            Role::Init | Role::Regular => member.ready(),
        });
        if phase == Phase::Succeeded && complaints.unknown.is_empty() {
            return Finding::of(Truth::True, "PodCompleted");
        }
        if members.iter().any(|member| member.role == Role::Regular && member.has_run()) {
            return Finding::TRUE;
        }
        Finding::unless("ContainersNotInitialized", complaints.said("incomplete"))
    }

    /// The whole pod is being ended to start over (kubelet R11).
    pub fn all_containers_restarting(restarting: bool, phase: Phase) -> Finding {
        match phase {
            Phase::Succeeded => Finding::of(Truth::False, "PodCompleted"),
            Phase::Failed => Finding::of(Truth::False, "PodFailed"),
            Phase::Pending | Phase::Running if restarting => Finding {
                message: "container exited with restart policy rule".to_owned(),
                ..Finding::of(Truth::True, "RestartAllContainersStarted")
            },
            Phase::Pending | Phase::Running => Finding::plain(false),
        }
    }
}

/// The names of the containers that keep a condition from being true.
struct Complaints<'a> {
    unknown: Vec<&'a str>,
    fail: Vec<&'a str>,
}

impl<'a> Complaints<'a> {
    fn of<'m>(
        members: impl Iterator<Item = &'m Member<'a>>,
        holds: impl Fn(&Member<'a>) -> bool,
    ) -> Complaints<'a>
    where
        'a: 'm,
    {
        let mut complaints = Complaints { unknown: Vec::new(), fail: Vec::new() };
        for member in members {
            match member.status {
                None => complaints.unknown.push(member.name),
                Some(_) if !holds(member) => complaints.fail.push(member.name),
                Some(_) => {}
            }
        }
        complaints
    }

    /// A sentence for each of the two lists that is not empty.
    fn said(&self, fail: &str) -> Vec<String> {
        [("unknown", &self.unknown), (fail, &self.fail)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| format!("containers with {what} status: [{}]", names.join(" ")))
            .collect()
    }
}

/// A readiness gate that is not open (kubelet R43).
struct Gate<'a> {
    gate: &'a str,
    /// That of its condition, if there is one.
    status: Option<Truth>,
}

impl fmt::Display for Gate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gate = Quoted(self.gate.as_bytes());
        match self.status {
            None => {
                write!(f, "corresponding condition of pod readiness gate {gate} does not exist.")
            }
            Some(status) => {
                let status = status.word();
                write!(f, "the status of pod readiness gate {gate} is not \"True\", but {status}")
            }
        }
    }
}

#[cfg(test)]
mod tests;
