//! How a container is to live: what `lifecycle` decides by. Numbers and flags only; what a hook or a probe does
//! stands elsewhere in the plan, under the same place.

use std::time::Duration;

/// What a container is to its pod (kubelet I1 to I3, I13).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub enum Role {
    /// Runs to its end, before all that comes after it.
    Init,
    /// An init container whose own restart policy is `Always`: runs beside all that comes after it.
    Sidecar,
    Regular,
}

/// The life of one container, over all its instances.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Life {
    pub role: Role,
    pub hooks: Hooks,
    pub probes: Probes,
    /// The program says itself when it has started and is ready, as systemd's services do.
    pub notifies: bool,
    pub restart: Terms,
    pub pace: Pace,
    /// From the first word of an end to SIGKILL; `None` is for ever, zero is SIGKILL at once.
    pub grace: Option<Duration>,
}

/// The life of a pod.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodLife {
    /// Init containers and sidecars, then regular containers, each in the order of the manifest.
    pub containers: Vec<Life>,
    /// So long after its start the pod is ended: `activeDeadlineSeconds`.
    pub deadline: Option<Duration>,
    /// What an end that nobody asked for is given; `None` is for ever.
    pub grace: Option<Duration>,
}

/// Which hooks there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Hooks {
    pub post_start: bool,
    pub pre_stop: bool,
    pub post_stop: bool,
}

/// Which probes there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Probes {
    pub startup: Option<Probe>,
    pub liveness: Option<Probe>,
    pub readiness: Option<Probe>,
}

/// One probe, less its action.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Probe {
    pub settings: Settings,
    /// Its own grace period for the kill it leads to (kubelet T1).
    pub grace: Option<Duration>,
}

/// How a probe is run. Defaults and minima are the manifest's business; a threshold of zero means one here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Settings {
    /// From the container's start to the first attempt.
    pub initial_delay: Duration,
    /// From the beginning of one attempt to that of the next.
    pub period: Duration,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// So many successes in a row make a success.
    pub success_threshold: u32,
    /// So many failures in a row make a failure.
    pub failure_threshold: u32,
}

impl Settings {
    /// So many successes, or failures, in a row make one.
    pub const fn threshold(&self, success: bool) -> u32 {
        if success { self.success_threshold } else { self.failure_threshold }
    }
}

/// When a container is started again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub enum Policy {
    Always,
    OnFailure,
    Never,
}

/// What a manifest says of a container's restarts. A sidecar is a container whose own policy is `Always` (kubelet R5).
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Terms {
    pub pod: Policy,
    pub container: Option<Policy>,
    /// They count only beside a policy of the container's own (kubelet R2).
    pub rules: Vec<Rule>,
}

/// One of a container's `restartPolicyRules`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Rule {
    pub exit_codes: ExitCodes,
    pub action: RuleAction,
}

/// The exit codes a rule is for (kubelet R4). Without any values `In` matches nothing and `NotIn` everything.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub enum ExitCodes {
    In(Vec<i32>),
    NotIn(Vec<i32>),
}

/// What a rule asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub enum RuleAction {
    Restart,
    RestartAllContainers,
}

/// The first pause between an end and the next start, and the longest; each is twice as long as the one before
/// (kubelet R13).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Pace {
    first: Duration,
    longest: Duration,
}

impl Pace {
    /// The kubelet's own.
    pub const DEFAULT: Pace =
        Pace { first: Duration::from_secs(10), longest: Duration::from_secs(300) };

    /// A `first` above `longest` is cut to that.
    pub fn new(first: Duration, longest: Duration) -> Pace {
        Pace { first: first.min(longest), longest }
    }

    pub fn first(self) -> Duration {
        self.first
    }

    /// The pause after this one.
    pub fn after(self, pause: Duration) -> Duration {
        pause.saturating_mul(2).min(self.longest)
    }
}
