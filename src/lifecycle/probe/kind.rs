//! The three kinds of probes: what each begins with, and what follows from its results.

/// What a probe is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub enum Kind {
    /// Whether the container has started; the other two wait for it.
    Startup,
    /// Whether it is to be killed.
    Liveness,
    /// Whether it is to be given work.
    Readiness,
}

impl Kind {
    /// The kubelet's word in messages (kubelet R7).
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Startup => "startup",
            Kind::Liveness => "liveness",
            Kind::Readiness => "readiness",
        }
    }

    /// The same with a capital, at the beginning of messages (kubelet M1).
    pub const fn title(self) -> &'static str {
        match self {
            Kind::Startup => "Startup",
            Kind::Liveness => "Liveness",
            Kind::Readiness => "Readiness",
        }
    }

    /// What a new instance begins with (kubelet W15).
    pub const fn initial(self) -> Cached {
        match self {
            Kind::Startup => Cached::Unknown,
            Kind::Liveness => Cached::Success,
            Kind::Readiness => Cached::Failure,
        }
    }

    /// What follows when the cached result of a running instance becomes this (kubelet W21).
    pub const fn consequence(self, cached: Cached) -> Option<Consequence> {
        match (self, cached) {
            (Kind::Liveness | Kind::Startup, Cached::Failure) => Some(Consequence::Kill),
            (Kind::Startup, Cached::Success) => Some(Consequence::Started),
            (Kind::Readiness, _) => Some(Consequence::Ready(matches!(cached, Cached::Success))),
            (Kind::Liveness | Kind::Startup, _) => None,
        }
    }
}

/// The result that counts: what the last run of equal answers that reached its threshold said (kubelet W14, W16).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub enum Cached {
    Unknown,
    Success,
    Failure,
}

/// What follows from a change of the cached result (kubelet W21).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Consequence {
    /// The instance is to be killed. A later success does not call that off (kubelet W24): there is none, as the
    /// probe is on hold.
    Kill,
    /// The instance is started.
    Started,
    /// As far as the probe can tell the instance is ready, or is not.
    Ready(bool),
}
