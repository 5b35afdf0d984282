//! The pods of `tests/vectors/timelines`, which a real kubelet ran, as real processes under podinit, their time made
//! shorter: which container's instance starts and ends when and how, which signal comes after what, which hooks run and what
//! is said, is what was recorded.
//!
//! `lifecycle/pod/tests/recorded.rs` has the same pods live in virtual time, with their statuses. What is 1.20's own:
//!
//! | 1.20 | here | kubelet | seen to by |
//! | --- | --- | --- | --- |
//! | a probe's attempts keep to a grid of their own | they count from the instance's start | W3 | `Lived::attempts_are_not_early` |
//! | `BackOff` at each pass that is held back | once | R17, M9 | `Recording::read` |
//! | the event of a hook that failed says all | so does the log, before today's words | M12, H10 | `Recording::read` |
//! | what a failed probe or hook killed may end with 0 | 137 | R8, R9 | `Departures::kills_fail` |
//! | after a probe's kill starts at once, and longer pauses | each end counts | R20, R21 | `Departures::other_pauses` |
//! | a preStop hook goes on until its container ends | it is ended, and that is said | H16, M1 | `Departures::ends_pre_stop` |
//!
//! Whose turn it is among containers is for who lives a whole pod: here each has a podinit, and the test has the turns.

use std::time::Duration;

use serde_json::{Value, json};

#[path = "timelines/lived.rs"]
mod lived;
#[path = "timelines/recording.rs"]
mod recording;

use lived::{Lived, Lives};
use recording::Recording;

/// What is 1.20's own in one recording.
#[derive(Clone, Copy)]
struct Departures {
    kills_fail: bool,
    /// Pauses are not compared.
    other_pauses: bool,
    ends_pre_stop: bool,
    /// From here on, in seconds, it is another life.
    until: f64,
}

const NONE: Departures =
    Departures { kills_fail: false, other_pauses: false, ends_pre_stop: false, until: f64::MAX };

/// A recording, and how many times shorter than its life ours is.
struct Pod {
    recording: Recording,
    manifest: Value,
    scale: u32,
    departures: Departures,
}

impl Pod {
    fn new(name: &str, scale: u32, departures: Departures) -> Pod {
        let manifest = serde_json::from_str(&recording::file(name, "pod.json")).unwrap();
        Pod::with(name, manifest, scale, departures)
    }

    fn with(name: &str, manifest: Value, scale: u32, departures: Departures) -> Pod {
        let recording = Recording::read(name, &manifest, departures);
        Pod { recording, manifest, scale, departures }
    }

    /// The life of its one container, `main`, from the first start to the exit code.
    fn lives(&self) -> Lived {
        let lives = Lives::of(&self.manifest, self.scale, self.grace());
        let main = lives.start("main");
        main.has(&self.recording.before_stop("main"), &self.recording);
        main.stop();
        let lived = main.ends();
        self.is(&lived, "main");
        self.is_written(&lives, &lived);
        lived
    }

    /// In seconds, if it was all used.
    fn grace(&self) -> Option<u32> {
        let grace = self.manifest["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap();
        self.departures.ends_pre_stop.then_some(grace as u32)
    }

    fn is(&self, lived: &Lived, container: &str) {
        let recorded = self.recording.of(container);
        let mut facts = lived.facts.clone();
        if self.departures.other_pauses {
            facts.retain(|fact| !matches!(fact, Fact::BackOff(_)));
        }
        assert_eq!(facts, recorded.facts, "{lived:#?}");
        assert_eq!(lived.exit, recorded.exit, "{lived:#?}");
        let starts = lived.facts.iter().filter(|fact| **fact == Fact::Start).count();
        assert_eq!(starts as u64, recorded.restarts + 1, "{lived:#?}");
        lived.pauses_are_waited_out(self.scale);
        lived.attempts_are_not_early(&self.recording, &self.manifest, self.scale);
    }

    fn is_written(&self, lives: &Lives, lived: &Lived) {
        let [lines, probed] = lives.written(&self.recording);
        assert_eq!(lines, self.recording.lines, "{lived:#?}");
        assert_eq!(probed, self.recording.probed, "{lived:#?}");
    }
}

/// What is seen of an instance, by the kubelet and the container's runtime there, by podinit's log here.
#[derive(Clone, PartialEq, Debug)]
enum Fact {
    Start,
    Signal(i32),
    Die(i32),
    Event {
        reason: String,
        message: String,
    },
    /// So many seconds, before the time was made shorter.
    BackOff(u64),
    /// What no recording has.
    Other(String),
}

/// On one line, as podinit writes it.
fn event(reason: &str, message: &str) -> Fact {
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    Fact::Event { reason: reason.to_owned(), message }
}

// kubelet R13 to R17
#[test]
fn crash_loop() {
    Pod::new("tl-crashloop", 25, NONE).lives();
}

// kubelet H10, H13, R15
#[test]
fn post_start_that_fails() {
    let departures = Departures { kills_fail: true, until: 100.0, ..NONE };
    Pod::new("tl-poststart-fail", 20, departures).lives();
}

// kubelet W16, W18, W21, R6
#[test]
fn liveness_that_fails() {
    let departures = Departures { kills_fail: true, other_pauses: true, until: 70.0, ..NONE };
    Pod::new("tl-liveness-exec", 8, departures).lives();
}

// kubelet W22, M1, M18
#[test]
fn readiness_that_comes_and_goes() {
    let lived = Pod::new("tl-readiness-flip", 5, NONE).lives();
    let said = lived.stderr.matches("Readiness probe failed").count();
    assert_eq!(said, lived.count("probe-fail"), "{lived:#?}");
}

/// Its pod was not recorded; this is what the timeline shows of it. The runtime's delays, with which the hook's fifth second is
/// over after the grace period is and not with it, are part of its sleeps.
fn slow_pre_stop() -> Value {
    let hook = "L(){ read u _ </proc/uptime; echo \"$u $1\" >>/log/log; }; L preStop-begin; i=0; \
                while [ $i -lt 30 ]; do sleep 1.2; i=$((i+1)); L preStop-$i; done";
    let main = "L(){ read u _ </proc/uptime; echo \"$u $1\" >>/log/log; }; L main-start; \
                trap \"L main-got-TERM; exit 0\" TERM; while :; do sleep 1 & wait $!; done";
    json!({
        "metadata": {"name": "tl-stop-prestop-slow-node1", "namespace": "default"},
        "spec": {"terminationGracePeriodSeconds": 5, "containers": [{
            "name": "main",
            "command": ["/bin/sh", "-c", main],
            "lifecycle": {"preStop": {"exec": {"command": ["/bin/sh", "-c", hook]}}},
        }]},
    })
}

// kubelet H14, H16
#[test]
fn pre_stop_that_outlives_the_grace() {
    let departures = Departures { ends_pre_stop: true, ..NONE };
    let pod = Pod::with("tl-stop-prestop-slow", slow_pre_stop(), 2, departures);
    let lived = pod.lives();
    let grace = Duration::from_secs(pod.grace().unwrap().into()) / pod.scale;
    assert!(lived.between("Killing", &Fact::Signal(15)) >= grace, "{lived:#?}");
}

// kubelet I1, I2, R5: what is to begin before others ends for good, whatever the pod's restart policy.
#[test]
fn init_containers() {
    let pod = Pod::new("tl-init", 10, NONE);
    let lives = Lives::of(&pod.manifest, pod.scale, None);
    for name in ["i1", "i2"] {
        pod.is(&lives.start(name).ends(), name);
    }
    let both = ["main", "main2"].map(|name| {
        let life = lives.start(name);
        life.wrote(&format!("{name}-start"));
        (name, life)
    });
    for (name, life) in &both {
        life.has(&pod.recording.before_stop(name), &pod.recording);
    }
    both.iter().for_each(|(_, life)| life.stop());
    let [_, last] = both.map(|(name, life)| {
        let lived = life.ends();
        pod.is(&lived, name);
        lived
    });
    pod.is_written(&lives, &last);
}
