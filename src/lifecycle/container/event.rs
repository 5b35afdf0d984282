//! What a container's machine is told, and what it answers.

use std::time::Duration;

use super::KillReason;
use crate::lifecycle::Moment;
use crate::lifecycle::probe::Kind;
use crate::lifecycle::status::Waiting;

/// What a hook is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub enum Hook {
    /// Beside a new instance, before its probes (kubelet H7).
    PostStart,
    /// Before the stop signal (kubelet H13, H14).
    PreStop,
    /// After an instance and all it left behind. The kubelet has none.
    PostStop,
}

impl Hook {
    /// As a manifest has it.
    pub const fn name(self) -> &'static str {
        match self {
            Hook::PostStart => "postStart",
            Hook::PreStop => "preStop",
            Hook::PostStop => "postStop",
        }
    }
}

/// What has happened. Hooks and probes, and the program itself, speak for one instance: what comes from another than
/// [`super::Container::instance`] is not for the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Its turn has come: from now on it is to run.
    Start,
    /// The program runs.
    Spawned,
    /// It could not be executed, which ends the instance with this code.
    NotExecuted(i32),
    /// No instance came of it; it is tried again.
    NotSpawned(Waiting),
    /// The main process has ended. It counts before [`Event::Spawned`] too, which is not given any more then.
    Exited(Exit),
    /// Whoever watched over the main process is gone, and its exit code with it (kubelet R29).
    Lost,
    /// All that an instance left behind is gone, or will never be.
    Cleared,
    /// A hook has ended: well, or not. Of one that nobody will hear of any more it is to be said that it has not ended
    /// well: the machine itself waits for postStart, and for preStop in an endless grace period, until it is told.
    HookEnded(Hook, bool),
    /// The startup probe has succeeded, or the program has said so.
    Started,
    /// What the readiness probe, or the program, says.
    Ready(bool),
    /// The liveness or the startup probe has failed.
    Failed(Kind),
    /// It is to end for good. Asked for a second time this ends the wait for a hook; the time left only ever shrinks.
    Stop(Stop),
    /// Those it had to wait for have ended: it may have its stop signal (kubelet T13).
    Turn,
    /// Somebody wants a new instance in place of the one that runs.
    Restart,
    /// The whole pod starts over (kubelet R11): this container ends at once and waits for [`Event::Start`].
    Reset,
    /// The moment named by [`super::Container::due`] has come.
    Due,
}

/// How a main process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exit {
    /// 0 to 255, 128 + N for signal N (kubelet T24).
    pub code: i32,
    /// The kernel killed it, or a child of it, for want of memory (kubelet T26).
    pub out_of_memory: bool,
}

/// A request to end for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stop {
    /// From now until SIGKILL; `None` is for ever, zero is SIGKILL at once, with no hook before it.
    pub grace: Option<Duration>,
    /// The stop signal waits for [`Event::Turn`].
    pub ordered: bool,
    /// Somebody asked for it. It is not their first request that ends the wait for a hook, although the pod may have
    /// begun to end by itself before.
    pub asked: bool,
}

/// What is to be done, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Start an instance.
    Spawn,
    /// Run this hook.
    Run(Hook),
    /// End this hook; what it says from now on does not matter.
    End(Hook),
    /// Begin with this instance's probes: [`crate::lifecycle::probe::Event::Running`].
    Watch { since: Moment, started: bool },
    /// Tell them that it has started.
    Started,
    /// Tell them that its end has begun.
    Quieten,
    /// Tell them that it has ended.
    Unwatch,
    /// The stop signal, to the main process or its group.
    Send(KillReason),
    /// SIGKILL, to the instance and all that descends from it.
    KillAll,
    /// TERM to what the instance left behind, SIGKILL at `until`; answered by [`Event::Cleared`]. Said again, it
    /// only changes `until`.
    Clear { until: Option<Moment> },
    /// The whole pod is to start over: [`Event::Reset`] for the others, this one last, then all from the beginning.
    RestartAll,
    /// To be told to people.
    Say(Word),
}

/// What people are told: the kubelet's events (kubelet M4 to M13), and some of podinit's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    Started,
    /// A start failed for this reason.
    Failed(Waiting),
    /// The next start waits so long after the last end.
    BackOff(Duration),
    /// Its end begins. The container will be started again, or will not.
    Killing {
        reason: KillReason,
        restarts: bool,
    },
    PostStartFailed,
    /// Its container has ended before it.
    PostStartCutShort,
    PreStopFailed,
    /// After so long its time was over.
    PreStopTimedOut(Duration),
    PostStopFailed,
    PostStopTimedOut(Duration),
}
