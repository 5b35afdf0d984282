//! What a real kubelet, v1.20.2, did with six pods: their manifests are read and planned, and the machines live by the
//! facts of the recording. What they ask for, what people are told and each status is what was recorded, in order.
//! Moments differ, as the kubelet takes its time: ours comes first.
//!
//! What is 1.20's own:
//!
//! | 1.20 | here | kubelet | seen to by |
//! | --- | --- | --- | --- |
//! | no `PodReadyToStartContainers` | the first condition | R41 | `said::ours` |
//! | a probe's attempts keep to a grid of their own | they count from the instance's start | W3 | `Replay::attempt` |
//! | `BackOff` at each pass that is held back | once | R17, M9 | `Replay::hear` |
//! | `Created container NAME`, `Started container NAME`, no name in `BackOff` | today's words | M7 to M9 | `said::told` |
//! | the event of a hook that failed says all | its status does | M12, M13, H10, H18 | `said::comparable` |
//! | what a failed probe or hook killed may end with 0 | 137, `Error` | R8, R9 | `kills_fail` |
//! | after a probe's kill a start at once, and longer pauses | each end counts | R20, R21 | `starts_at_once` |
//! | a preStop hook goes on until its container ends | it is ended | H16 | `Replay::perform` |

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;

use super::program::Ms;
use crate::plan::life::Pace;
use crate::plan::pod::{Allocatable, Object, Objects, Options, PodPlan, Take, plan};
use crate::spec::manifest::Manifest;
use crate::spec::quantity::Quantity;

mod replay;
mod said;
mod timeline;

use replay::Replay;
use said::Seen;
use timeline::{Line, What};

/// What is 1.20's own in one recording.
struct Departures {
    kills_fail: bool,
    /// Where ours backs off and theirs starts, somebody asks ours for a new instance. Pauses are not compared.
    starts_at_once: bool,
    /// From here on it is another life.
    until: Ms,
}

const NONE: Departures = Departures { kills_fail: false, starts_at_once: false, until: Ms::MAX };

/// So soon after it began a status of ours was seen, if it still was one: somebody asked each second, and the kubelet
/// took its time. `CrashLoopBackOff` it says one pass late.
fn seen_within(seen: &Seen) -> Ms {
    if seen.iter().any(|line| line.contains("CrashLoopBackOff")) { 17_000 } else { 4_000 }
}

struct Recording {
    pod: String,
    timeline: &'static str,
    statuses: &'static str,
}

macro_rules! recorded {
    ($name:literal, $file:literal) => {
        include_str!(concat!("../../../../tests/vectors/timelines/", $name, "/", $file))
    };
}

macro_rules! recording {
    ($name:literal) => {
        recording!($name, as_a_file(recorded!($name, "pod.json")))
    };
    ($name:literal, $pod:expr) => {
        Recording {
            pod: $pod,
            timeline: recorded!($name, "timeline.txt"),
            statuses: recorded!($name, "status.jsonl"),
        }
    };
}

/// The kubelet's list of pods does not say of each that it is one.
fn as_a_file(pod: &str) -> String {
    pod.replacen('{', r#"{"apiVersion": "v1", "kind": "Pod","#, 1)
}

/// Nothing that these pods refer to.
struct Nothing;

impl Objects for Nothing {
    fn contents(&self, _: &Object) -> Result<Option<BTreeMap<String, Vec<u8>>>, String> {
        Ok(None)
    }
}

fn planned(pod: &str) -> PodPlan {
    let manifest = Manifest::read(pod.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let zero = || Quantity::parse("0").expect("zero");
    let options = Options {
        take: Take::ALL,
        container: None,
        entrypoint: &[],
        cmd: &[],
        grace: None,
        restart: None,
        pace: Pace::DEFAULT,
        allocatable: Allocatable { cpu: zero(), memory: zero(), ephemeral_storage: zero() },
    };
    plan(&manifest.pod, &options, &Nothing).expect("a plan")
}

/// Each with the moment at which it was seen first.
fn statuses(recording: &Recording, departures: &Departures) -> Vec<(Ms, Seen)> {
    let beginning = timeline::beginning(recording.timeline);
    let seen = |line| {
        let line: Value = serde_json::from_str(line).expect("a status");
        let after = line["t"].as_f64().expect("t") - beginning;
        Some(((after * 1000.0) as Ms, said::theirs(&line["status"], departures)?))
    };
    let seen = recording.statuses.lines().filter_map(seen);
    let mut seen: Vec<_> = seen.filter(|(at, _)| *at < departures.until).collect();
    seen.dedup_by(|(_, one), (_, before)| one == before);
    seen
}

/// Each of theirs is among ours, in order, soon after it; and each of ours that stays is among theirs.
fn statuses_agree(ours: &[(Ms, Seen)], stopped: Ms, theirs: &[(Ms, Seen)]) {
    let mut place = 0;
    for (index, (since, seen)) in ours.iter().enumerate() {
        let latest = since + seen_within(seen);
        match theirs.get(place) {
            Some((at, same)) if same == seen => {
                assert!((*since..=latest).contains(at), "{at}: not {since} to {latest}: {seen:#?}");
                place += 1;
            }
            next => {
                let until = ours.get(index + 1).map_or(stopped, |(next, _)| *next).min(stopped);
                assert!(until < latest, "{since} to {until}: {seen:#?}, not {next:#?}");
            }
        }
    }
    assert!(place == theirs.len(), "not in ours: {:#?}, but {ours:#?}", theirs[place]);
}

fn replay<'t>(
    plan: &PodPlan,
    departures: &Departures,
    lines: impl Iterator<Item = &'t Line<'t>>,
    statuses: &[(Ms, Seen)],
) {
    let mut replay = Replay::new(plan, departures);
    lines.for_each(|line| replay.follow(line));
    replay.nothing_left();
    assert_eq!(replay.pod.is_over(), departures.until == Ms::MAX);
    statuses_agree(&replay.seen, replay.stopped.unwrap_or(replay.now), statuses);
}

/// Whether the life would be another one without it: `BackOff` comes many times.
fn counts(what: &What<'_>) -> bool {
    !matches!(what, What::Event(event) if event.reason == "BackOff")
}

/// The life is the recorded one, and is not if any one line is left out.
fn compare(recording: &Recording, departures: &Departures) {
    let plan = planned(&recording.pod);
    let statuses = statuses(recording, departures);
    let mut lines = timeline::lines(recording.timeline);
    lines.retain(|line| line.at < departures.until);
    replay(&plan, departures, lines.iter(), &statuses);
    for (left_out, line) in lines.iter().enumerate().filter(|(_, line)| counts(&line.what)) {
        let others = lines.iter().take(left_out).chain(lines.iter().skip(left_out + 1));
        let replay = AssertUnwindSafe(|| replay(&plan, departures, others, &statuses));
        assert!(catch_unwind(replay).is_err(), "it is the same without {line:?}");
    }
}

#[test]
fn init() {
    compare(&recording!("tl-init"), &NONE);
}

#[test]
fn crash_loop() {
    compare(&recording!("tl-crashloop"), &NONE);
}

#[test]
fn post_start_that_fails() {
    compare(&recording!("tl-poststart-fail"), &Departures { kills_fail: true, ..NONE });
}

#[test]
fn liveness_that_fails() {
    // Their seventh pause is 160 s, ours 40 s.
    let departures = Departures { kills_fail: true, starts_at_once: true, until: 250_000 };
    compare(&recording!("tl-liveness-exec"), &departures);
}

#[test]
fn readiness_that_comes_and_goes() {
    compare(&recording!("tl-readiness-flip"), &NONE);
}

/// Its pod was not recorded; this is what the timeline shows of it.
const SLOW_PRE_STOP: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: tl-stop-prestop-slow-node1, namespace: default}
spec:
  terminationGracePeriodSeconds: 5
  containers:
  - name: main
    command: [/bin/sh, -c, "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"]
    lifecycle:
      preStop:
        exec:
          command:
          - /bin/sh
          - -c
          - L preStop-begin; i=0; while [ $i -lt 30 ]; do sleep 1; i=$((i+1)); L preStop-$i; done
"#;

#[test]
fn pre_stop_that_outlives_the_grace() {
    compare(&recording!("tl-stop-prestop-slow", SLOW_PRE_STOP.to_owned()), &NONE);
}
