//! What was recorded of a pod, line by line: `SECONDS SOURCE TEXT`.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::{Departures, Fact, event};

/// A file of the recording of this name.
pub fn file(name: &str, file: &str) -> String {
    let path = format!("{}/tests/vectors/timelines/{name}/{file}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).expect(&path)
}

pub struct Recording {
    containers: Vec<(String, Recorded)>,
    /// What the pod's programs and hooks wrote down, and before somebody asked for its end.
    pub lines: Vec<String>,
    lines_before_stop: usize,
    /// The same of its probes.
    pub probed: Vec<String>,
    probed_before_stop: usize,
    of_probes: BTreeSet<String>,
}

/// Of one container.
pub struct Recorded {
    pub facts: Vec<Fact>,
    facts_before_stop: usize,
    /// Of podinit in the kubelet's place.
    pub exit: i32,
    pub restarts: u64,
    /// What the kubelet has said last of how long it holds back.
    pause: u64,
}

/// What has been seen of a container when somebody asks for its end.
pub struct Before<'r> {
    pub facts: &'r [Fact],
    pub lines: &'r [String],
    pub probed: &'r [String],
}

impl Recording {
    pub fn read(name: &str, manifest: &Value, departures: Departures) -> Recording {
        let spec = &manifest["spec"];
        let all = ["initContainers", "containers"].map(|list| spec[list].as_array());
        let all: Vec<&Value> = all.into_iter().flatten().flatten().collect();
        let names = all.iter().map(|one| one["name"].as_str().unwrap().to_owned());
        let mut recording = Recording {
            containers: names.map(|name| (name, Recorded::new())).collect(),
            lines: Vec::new(),
            lines_before_stop: usize::MAX,
            probed: Vec::new(),
            probed_before_stop: usize::MAX,
            of_probes: all.iter().flat_map(|one| words_of_probes(one)).collect(),
        };
        let timeline = file(name, "timeline.txt");
        let lines = timeline.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let (at, rest) = line.trim_start().split_once(' ').expect("a moment");
            let (source, text) = rest.trim_start().split_once(' ').expect("a source");
            if at.parse::<f64>().expect("seconds") < departures.until {
                recording.take(source, text.trim_start());
            }
        }
        for (_, recorded) in &mut recording.containers {
            recorded.depart(departures);
        }
        // Somebody counted, too; of a life that is cut short only what was seen of it.
        let counted = file(name, "status.jsonl").lines().last().map(restarts).unwrap();
        let most = recording.containers.iter().map(|(_, recorded)| recorded.restarts).max();
        assert!(most == Some(counted) || departures.until < f64::MAX, "{name}: {counted} restarts");
        recording
    }

    fn take(&mut self, source: &str, text: &str) {
        match source {
            "app" => {
                let is_probes = self.of_probes.contains(text);
                let lines = if is_probes { &mut self.probed } else { &mut self.lines };
                add_line(lines, text);
            }
            "docker" => {
                let (name, what) = text.split_once(' ').expect("a name");
                if name != "POD" {
                    self.recorded(name).docker(what);
                }
            }
            "kubelet" if text.starts_with("SyncLoop (REMOVE,") => {
                self.lines_before_stop = self.lines.len();
                self.probed_before_stop = self.probed.len();
                for (_, recorded) in &mut self.containers {
                    recorded.facts_before_stop = recorded.facts.len();
                }
            }
            "kubelet" => self.kubelet(text),
            // Statuses, of which the other test knows; the hand that did it.
            "/pods" | "operator" => {}
            other => panic!("{other}: {text}"),
        }
    }

    /// Where there is more than one container the message names whom it is about.
    fn kubelet(&mut self, text: &str) {
        let names_one = self.containers.len() > 1;
        let about = |text: &str| text.rsplit(' ').next().filter(|_| names_one).map(str::to_owned);
        if let Some(pause) = text.strip_prefix("back-off ") {
            let (pause, _) = pause.split_once(' ').expect("a pause");
            self.about(None).pause = seconds(pause);
        }
        let Some(event) = text.strip_prefix("EVENT ") else { return };
        let [_, reason, message] = event.splitn(3, ' ').collect::<Vec<_>>()[..] else {
            panic!("{event}")
        };
        let message: String = serde_json::from_str(message).expect("a quoted message");
        // Images are not podinit's business; of the others the runtime has said as much.
        if !["Pulled", "Created", "Started"].contains(&reason) {
            self.about(about(&message).as_deref()).event(reason, &message);
        }
    }

    fn about(&mut self, name: Option<&str>) -> &mut Recorded {
        match name {
            Some(name) => self.recorded(name),
            None => &mut self.containers.first_mut().expect("a container").1,
        }
    }

    fn recorded(&mut self, name: &str) -> &mut Recorded {
        let mut all = self.containers.iter_mut();
        &mut all.find(|(other, _)| other == name).expect(name).1
    }

    pub fn of(&self, name: &str) -> &Recorded {
        &self.containers.iter().find(|(other, _)| other == name).expect(name).1
    }

    pub fn before_stop(&self, name: &str) -> Before<'_> {
        let Recorded { facts, facts_before_stop, .. } = self.of(name);
        Before {
            facts: &facts[..facts.len().min(*facts_before_stop)],
            lines: &self.lines[..self.lines.len().min(self.lines_before_stop)],
            probed: &self.probed[..self.probed.len().min(self.probed_before_stop)],
        }
    }

    pub fn is_of_probe(&self, line: &str) -> bool {
        self.of_probes.contains(line)
    }
}

impl Recorded {
    fn new() -> Recorded {
        let facts_before_stop = usize::MAX;
        Recorded { facts: Vec::new(), facts_before_stop, exit: 0, restarts: 0, pause: 0 }
    }

    /// `VERB[: COMMAND] [{ATTRIBUTES}] id=…`
    fn docker(&mut self, what: &str) {
        let (said, _) = what.rsplit_once(" id=").expect("an id");
        let (verb, attributes) = match said.rfind(" {\"") {
            Some(from) => (&said[..from], serde_json::from_str(&said[from..]).expect("attributes")),
            None => (said, Value::Null),
        };
        let number = |key: &str| attributes[key].as_str().unwrap().parse().unwrap();
        match verb.split(':').next().unwrap() {
            "start" => self.facts.push(Fact::Start),
            "kill" => self.facts.push(Fact::Signal(number("signal"))),
            "die" => self.facts.push(Fact::Die(number("exitCode"))),
            // What they do is written down by those who do it.
            "exec_create" | "exec_start" | "exec_die" => {}
            "create" | "stop" | "destroy" => {}
            other => panic!("docker {other}"),
        }
    }

    fn event(&mut self, reason: &str, message: &str) {
        let fact = match reason {
            "BackOff" => Fact::BackOff(self.pause),
            // The detail is behind the command, which is another here.
            "FailedPostStartHook" => {
                let (_, detail) = message.rsplit_once(" exited with ").expect("a code");
                self.facts.push(event(reason, detail));
                event(reason, "PostStartHook failed")
            }
            // That it is killed is our own.
            "FailedPreStopHook" => event(reason, ""),
            _ => event(reason, message),
        };
        add_fact(&mut self.facts, fact);
    }

    fn depart(&mut self, departures: Departures) {
        if departures.other_pauses {
            self.facts.retain(|fact| !matches!(fact, Fact::BackOff(_)));
        }
        if departures.ends_pre_stop {
            let failed = event("FailedPreStopHook", "");
            let event = self.facts.iter().position(|fact| *fact == failed);
            let signal = self.facts.iter().position(|fact| matches!(fact, Fact::Signal(_)));
            self.facts[signal.unwrap()..=event.unwrap()].rotate_right(1);
        }
        let count = |wanted: &Fact| self.facts.iter().filter(|fact| *fact == wanted).count();
        self.restarts = count(&Fact::Start).saturating_sub(1) as u64;
        let last = self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Die(code) => Some(*code),
            _ => None,
        });
        let last = last.expect("it ended");
        self.exit = if last == 0 && departures.kills_fail { 137 } else { last };
    }
}

/// Whether it counts: what is said at each pass is told once, and that a program is not ready is said as often as there
/// is time.
pub fn add_fact(facts: &mut Vec<Fact>, fact: Fact) -> bool {
    let repeats = match &fact {
        Fact::BackOff(_) => true,
        Fact::Event { message, .. } => message.starts_with("Readiness probe failed"),
        _ => false,
    };
    let counts = !repeats || facts.last() != Some(&fact);
    if counts {
        facts.push(fact);
    }
    counts
}

/// Lines that count, or say the same again, come as often as there is time: of some in a row there is one, less its number.
pub fn add_line(lines: &mut Vec<String>, line: &str) {
    let line = line.trim_end_matches(|last: char| last.is_ascii_digit());
    if !line.ends_with('-') && !line.starts_with("probe")
        || lines.last().is_none_or(|last| last != line)
    {
        lines.push(line.to_owned());
    }
}

/// What a container's probes write down: `L WORD` in their commands.
fn words_of_probes(container: &Value) -> Vec<String> {
    let probes = ["startupProbe", "livenessProbe", "readinessProbe"];
    let commands = probes.map(|probe| container[probe]["exec"]["command"].as_array());
    let scripts = commands.into_iter().flatten().flatten().filter_map(Value::as_str);
    let words = scripts.flat_map(|script| script.split("L ").skip(1));
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    words.map(|rest| rest.split(|c| !is_word(c)).next().unwrap().to_owned()).collect()
}

/// The most restarts of a container in a status.
fn restarts(line: &str) -> u64 {
    let status: Value = serde_json::from_str(line).unwrap();
    let containers = status["status"]["containerStatuses"].as_array().unwrap();
    containers.iter().map(|one| one["restartCount"].as_u64().unwrap()).max().unwrap()
}

/// `2m40s`
fn seconds(text: &str) -> u64 {
    let minutes_and_seconds = text.strip_suffix('s').expect(text).split('m');
    minutes_and_seconds.fold(0, |sum, part| sum * 60 + part.parse::<u64>().expect(text))
}
