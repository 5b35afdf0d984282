//! The same pods under podinit: their containers' commands with shorter sleeps, in a directory of the test's.

use std::fs;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::recording::{Before, Recording, add_fact, add_line};
use super::{Fact, event};
use crate::common::*;

/// A pod's containers, each with a podinit, which share what the pod shares.
pub struct Lives {
    dir: TempDir,
    manifest: Value,
    scale: u32,
    options: Vec<String>,
}

/// One container.
pub struct Life<'l> {
    lives: &'l Lives,
    running: Running,
    /// What is there when the program listens for TERM, if it ever does.
    listens: Option<String>,
}

/// A container's whole life.
#[derive(Debug)]
pub struct Lived {
    pub facts: Vec<Fact>,
    pub exit: i32,
    /// When each fact was.
    at: Vec<SystemTime>,
    /// Each line that the pod has written down, with its moment.
    log: Vec<(SystemTime, String)>,
    pub stderr: String,
}

/// So much earlier than it was may a moment be written down, by podinit's log and by /proc/uptime.
const TRUNCATED: Duration = Duration::from_millis(15);

impl Lives {
    /// What bounds a time, and was not reached in the recording, is left to a loaded machine: time-outs, and the grace
    /// period if none is given, in seconds.
    pub fn of(manifest: &Value, scale: u32, grace: Option<u32>) -> Lives {
        let dir = TempDir::new();
        ["log", "tmp"].iter().for_each(|name| fs::create_dir(dir.file(name)).unwrap());
        let mut manifest = manifest.clone();
        manifest["apiVersion"] = "v1".into();
        manifest["kind"] = "Pod".into();
        let lists = ["initContainers", "containers"];
        for list in lists {
            for one in manifest["spec"][list].as_array_mut().into_iter().flatten() {
                rewrite(one, &dir, scale);
            }
        }
        dir.write("pod.json", 0o644, manifest.to_string());
        let short = |seconds: u32| format!("{}s", f64::from(seconds) / f64::from(scale));
        let grace = grace.map_or("1m".to_owned(), short);
        let (first, longest) = (short(10), short(300));
        let mut options: Vec<String> =
            ["--restart", "pod", "--log-format", "json", "-vv"].map(str::to_owned).into();
        options.extend(["--grace-period".to_owned(), grace]);
        options.extend(["--restart-delay".to_owned(), format!("{first}..{longest}")]);
        let fresh = format!("exec:/bin/sh -c 'rm -f {}/*'", dir.file("tmp"));
        options.extend(["--post-stop".to_owned(), fresh]);
        if let Some((name, [delay, period])) = probe(&manifest) {
            let (delay, period) = (short(delay), short(period));
            let numbers = format!("delay={delay},period={period},timeout=1m");
            options.extend([format!("--{name}-opts"), numbers]);
        }
        Lives { dir, manifest, scale, options }
    }

    /// Has a podinit live this one.
    pub fn start(&self, container: &str) -> Life<'_> {
        let manifest = self.dir.file("pod.json");
        let run = own().args(["--pod", &manifest, "--container", container]).args(&self.options);
        let listens = self.dir.file("tmp") + "/" + container;
        let listens = Some(listens).filter(|file| self.manifest.to_string().contains(file));
        Life { lives: self, running: run.spawn(), listens }
    }

    /// What has been written down, but by probes; and by those.
    pub fn written(&self, recording: &Recording) -> [Vec<String>; 2] {
        let mut written = [Vec::new(), Vec::new()];
        for (_, line) in self.log() {
            add_line(&mut written[usize::from(recording.is_of_probe(&line))], &line);
        }
        written
    }

    fn log(&self) -> Vec<(SystemTime, String)> {
        let file = fs::read_dir(self.dir.file("log")).unwrap().next();
        let text =
            file.map_or(String::new(), |file| fs::read_to_string(file.unwrap().path()).unwrap());
        let boot = boot();
        let parse = |line: &str| {
            let (uptime, text) = line.strip_suffix('\n')?.split_once(' ').expect("a moment");
            Some((boot + Duration::from_secs_f64(uptime.parse().unwrap()), text.to_owned()))
        };
        text.split_inclusive('\n').filter_map(parse).collect()
    }
}

impl Life<'_> {
    /// It has come so far.
    pub fn has(&self, before: &Before<'_>, recording: &Recording) {
        self.running.until("all of that has happened", || {
            let [lines, probed] = self.lives.written(recording);
            let (facts, _) = facts(&self.running.stderr(), self.lives.scale);
            let (ours, theirs) = (count(&facts), count(before.facts));
            let all = ours.iter().zip(theirs).all(|(ours, theirs)| *ours >= theirs)
                && lines.len() >= before.lines.len()
                && probed.len() >= before.probed.len();
            let lives = !matches!(facts.last(), Some(Fact::Die(_) | Fact::BackOff(_)));
            let listens = self.listens.as_ref().filter(|_| lives);
            (all && listens.is_none_or(|file| fs::exists(file).unwrap())).then_some(())
        });
    }

    /// It has written this down.
    pub fn wrote(&self, wanted: &str) {
        self.running.until(wanted, || {
            self.lives.log().iter().any(|(_, line)| line == wanted).then_some(())
        });
    }

    pub fn stop(&self) {
        self.running.signal(libc::SIGTERM);
    }

    pub fn ends(mut self) -> Lived {
        let finished = self.running.wait();
        let (facts, at) = facts(&finished.stderr, self.lives.scale);
        let (exit, log) = (finished.exit_code(), self.lives.log());
        Lived { facts, exit, at, log, stderr: finished.stderr }
    }
}

impl Lived {
    /// How long it took from the first event of this kind to that.
    pub fn between(&self, reason: &str, to: &Fact) -> Duration {
        let from =
            |fact: &Fact| matches!(fact, Fact::Event { reason: other, .. } if other == reason);
        let from = self.facts.iter().position(from).expect(reason);
        let to = self.facts.iter().position(|fact| fact == to).expect("it happened");
        self.at[to].duration_since(self.at[from]).unwrap_or_default() + TRUNCATED
    }

    // kubelet R13: from the end of one to the start of the next.
    pub fn pauses_are_waited_out(&self, scale: u32) {
        for (index, fact) in self.facts.iter().enumerate() {
            let Fact::BackOff(seconds) = fact else { continue };
            let ended = (0..index).rev().find(|i| matches!(self.facts[*i], Fact::Die(_)));
            let Some(next) = (index..self.facts.len()).find(|i| self.facts[*i] == Fact::Start)
            else {
                continue;
            };
            let pause = Duration::from_secs(*seconds) / scale;
            let earliest = self.at[ended.expect("an end")] + pause;
            assert!(self.at[next] + TRUNCATED >= earliest, "{pause:?}: {self:#?}");
        }
    }

    // kubelet W3 to W5: each attempt comes by the clock that began with its instance, or later.
    pub fn attempts_are_not_early(&self, recording: &Recording, manifest: &Value, scale: u32) {
        let Some((_, numbers)) = probe(manifest) else { return };
        let [delay, period] = numbers.map(|seconds| Duration::from_secs(seconds.into()) / scale);
        let moments = self.facts.iter().zip(&self.at);
        let starts: Vec<_> = moments.filter(|(fact, _)| **fact == Fact::Start).collect();
        let mut counts = vec![0; starts.len()];
        for (at, _) in self.log.iter().filter(|(_, line)| recording.is_of_probe(line)) {
            // The last attempt at one instance may come as late as the start of the next, but none at that.
            let has_begun = |start: SystemTime| start + delay / 2 <= *at + TRUNCATED;
            let instance = starts.iter().rposition(|(_, start)| has_begun(**start));
            let instance = instance.expect("it was started");
            let earliest = *starts[instance].1 + delay + period * counts[instance];
            assert!(*at + TRUNCATED >= earliest, "{:?}: {self:#?}", counts);
            counts[instance] += 1;
        }
        assert!(counts.iter().all(|count| *count > 0), "{counts:?}: {self:#?}");
    }

    /// How often this has been written down.
    pub fn count(&self, wanted: &str) -> usize {
        self.log.iter().filter(|(_, line)| line == wanted).count()
    }
}

/// Pauses, of which a recording may have been relieved, and all else.
fn count(facts: &[Fact]) -> [usize; 2] {
    let pauses = facts.iter().filter(|fact| matches!(fact, Fact::BackOff(_))).count();
    [pauses, facts.len() - pauses]
}

/// Of a container what differs from one life to the other: where it writes, how long it sleeps. The directory `/tmp` of
/// an instance is its own, as no other file system is here; what the recording had the luck of is waited for: that the
/// program listens for TERM when its hook has it sent.
fn rewrite(container: &mut Value, dir: &TempDir, scale: u32) {
    let listens = dir.file("tmp") + "/" + container["name"].as_str().unwrap();
    let path = dir.path().to_str().unwrap();
    let mut change = |place: &str, more: &dyn Fn(String) -> String| {
        let words = container.pointer_mut(place).and_then(Value::as_array_mut);
        let Some(script) = words.and_then(|words| words.last_mut()) else { return };
        let text = script.as_str().unwrap();
        let text = text.replace("/tmp/", "@/tmp/").replace("/log/", "@/log/").replace('@', path);
        *script = more(shorten(&text, scale)).into();
    };
    let then = format!(" TERM; : >{listens};");
    let wait = format!("until [ -e {listens} ]; do sleep 0.01; done; ");
    change("/command", &|text| text.replacen(" TERM;", &then, 1));
    change("/lifecycle/postStart/exec/command", &|text| wait.clone() + &text);
    change("/lifecycle/preStop/exec/command", &|text| text);
    change("/livenessProbe/exec/command", &|text| text);
    change("/readinessProbe/exec/command", &|text| text);
}

/// `sleep SECONDS` in a script, that many times shorter.
fn shorten(script: &str, scale: u32) -> String {
    let mut parts = script.split("sleep ");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| {
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let end = part.find(|c| !is_number(c)).unwrap_or(part.len());
        let seconds = part[..end].parse::<f64>().expect(script) / f64::from(scale);
        format!("{text}sleep {seconds}{}", &part[end..])
    })
}

/// The first container's probe, and its delay and period in seconds.
fn probe(manifest: &Value) -> Option<(&'static str, [u32; 2])> {
    let main = &manifest["spec"]["containers"][0];
    ["liveness", "readiness"].into_iter().find_map(|name| {
        let probe =
            main.get(format!("{name}Probe")).filter(|probe| !probe["exec"]["command"].is_null())?;
        let number = |key: &str| probe[key].as_u64().unwrap_or(0) as u32;
        Some((name, [number("initialDelaySeconds"), number("periodSeconds")]))
    })
}

/// What podinit has said, as facts with their moments.
fn facts(stderr: &str, scale: u32) -> (Vec<Fact>, Vec<SystemTime>) {
    let (mut all, mut at) = (Vec::new(), Vec::new());
    let whole =
        stderr.split_inclusive('\n').filter(|line| line.starts_with('{') && line.ends_with('\n'));
    for line in whole {
        let value: Value = serde_json::from_str(line).expect(line);
        if let Some(fact) = fact(&value, scale)
            && add_fact(&mut all, fact)
        {
            at.push(humantime::parse_rfc3339(value["ts"].as_str().unwrap()).unwrap());
        }
    }
    (all, at)
}

fn fact(line: &Value, scale: u32) -> Option<Fact> {
    let text = |key: &str| line[key].as_str().unwrap();
    let code = || line["exit"].as_i64().unwrap() as i32;
    Some(match text("event") {
        "started" => Fact::Start,
        "forwarded" if line["signal"] == "TERM" => Fact::Signal(libc::SIGTERM),
        "ended" => Fact::Die(code()),
        "BackOff" => {
            Fact::BackOff((line["pauseSeconds"].as_f64().unwrap() * f64::from(scale)).round() as u64)
        }
        "FailedPostStartHook" => {
            let message = text("msg");
            event("FailedPostStartHook", message.rsplit(" exited with ").next().unwrap())
        }
        // What it says is our own.
        "FailedPreStopHook" => event("FailedPreStopHook", ""),
        reason @ ("Unhealthy" | "Killing") => event(reason, text("msg")),
        "manifest" | "reaped" | "leftovers-told" | "HookOutput" | "terminated" => return None,
        _ => Fact::Other(line.to_string()),
    })
}

/// When the machine was started, by today's clock.
fn boot() -> SystemTime {
    let mut up = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a place for the answer.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &mut up) }, 0);
    SystemTime::now() - Duration::new(up.tv_sec as u64, up.tv_nsec as u32)
}
