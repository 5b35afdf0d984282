//! One life: a program with probes and hooks, whose agent dies now and then, until it is asked to end.

use crate::common::*;
use crate::famine::Famine;
use libc::{SIGKILL, SIGSTOP, SIGTERM};
use std::fs::{self, File};
use std::io::Write;
use std::time::Duration;

/// Failures in a row at which the liveness probe has the program ended.
const FAILURES: usize = 5;

/// A hung command and its child are called so, by the time they would sleep.
const HUNG: &str = "1000";

/// What came of lives.
#[derive(Default, Clone, Copy)]
pub struct Tally {
    /// By what podinit says.
    pub deaths: usize,
    /// By what was done.
    pub killed: usize,
    pub stopped: usize,
    pub with_family: usize,
    pub starved: usize,
    pub restarts: usize,
}

impl Tally {
    pub fn add(&mut self, other: Tally) {
        self.deaths += other.deaths;
        self.killed += other.killed;
        self.stopped += other.stopped;
        self.with_family += other.with_family;
        self.starved += other.starved;
        self.restarts += other.restarts;
    }
}

pub struct Life<'a> {
    dir: TempDir,
    running: Running,
    chance: Chance,
    famine: Option<&'a Famine>,
    tally: Tally,
    /// The last agent seen.
    last: Option<i32>,
}

impl<'a> Life<'a> {
    /// Starts it. Everything it does is a word in a file; the readiness probe hangs, with a child in its session.
    pub fn of(number: u64, famine: Option<&'a Famine>) -> Life<'a> {
        let mut chance = Chance(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let dir = TempDir::new();
        let path = dir.path().to_str().unwrap();
        let shell = |script: &str| format!("exec:/bin/sh -c '{}'", script.replace('@', path));
        let startup = shell("echo startup >>@/words");
        let liveness =
            shell("test ! -e @/sick && echo live >>@/words || { echo sick >>@/words; exit 1; }");
        let readiness = shell(&format!("sleep {HUNG} & sleep {HUNG}"));
        let pre_stop = shell("echo stop >>@/words; rm -f @/sick; sleep 0.1");
        // What is on its way from one instance is over before the next.
        let post_stop = shell("sleep 0.1");
        let options = [
            ["--startup", &startup],
            ["--startup-opts", "period=20ms,timeout=1m,failure=1000"],
            ["--liveness", &liveness],
            ["--liveness-opts", &format!("period=20ms,timeout=1m,failure={FAILURES}")],
            ["--readiness", &readiness],
            ["--readiness-opts", "timeout=5m"],
            ["--pre-stop", &pre_stop],
            ["--post-stop", &post_stop],
            ["--restart", "always"],
            ["--restart-delay", "10ms..10ms"],
            ["--grace-period", "18s"],
        ];
        let run = if chance.below(2) == 0 { own().pid1() } else { own() };
        let program = format!("echo main >>{path}/words; exec sleep 999");
        let running = run.args(options.iter().flatten()).env("LIFE", path).script(&program).spawn();
        Life { dir, running, chance, famine, tally: Tally::default(), last: None }
    }

    pub fn live(mut self) -> Tally {
        let deaths = 3 + self.chance.below(4);
        let turn = self.chance.below(deaths + 1);
        for at in 0..deaths {
            if at == turn {
                self.needs_a_restart();
            }
            self.dies();
        }
        if turn < deaths {
            self.running.until("it is restarted", || (self.count("main") >= 2).then_some(()));
        }
        self.running.until("no command outlives its agent", || self.none_is_left().then_some(()));
        // The end, before, with, and after another death.
        match self.chance.below(3) {
            0 => self.running.signal(SIGTERM),
            1 => {
                self.kill_agent();
                self.running.signal(SIGTERM);
            }
            _ => {
                self.running.signal(SIGTERM);
                self.chance.pause();
                self.kill_agent();
            }
        }
        self.ended()
    }

    /// The program ends, or its liveness probe fails from now on.
    fn needs_a_restart(&mut self) {
        self.running.until("it lives", || (self.count("live") > 0).then_some(()));
        if self.chance.below(2) == 0 {
            self.dir.write("sick", 0o644, "");
        } else {
            self.running.until("the program is killed", || {
                let is_it = |pid: &i32| words_of(*pid) == ["sleep", "999"];
                let program = children(self.running.pid()).into_iter().find(is_it)?;
                let mut words = File::options().append(true).open(self.dir.file("words")).unwrap();
                writeln!(words, "stop").unwrap();
                kill(program, SIGKILL);
                Some(())
            });
        }
    }

    /// The agent dies one death or another, at some moment.
    fn dies(&mut self) {
        let last = self.last;
        let agent = self
            .running
            .until("there is another agent", || self.agent().filter(|pid| Some(*pid) != last));
        self.last = Some(agent);
        self.chance.pause();
        match (self.chance.below(8), self.famine) {
            (0 | 1, _) => {
                self.tally.stopped += 1;
                // The first time it is continued.
                self.running.until("one that is stopped again is replaced", || {
                    match state(agent) {
                        Some('T') => {}
                        Some(state) if state != 'Z' && state != 'X' => kill(agent, SIGSTOP),
                        _ => return Some(()),
                    }
                    None
                });
            }
            (2 | 3, _) => {
                self.tally.with_family += 1;
                let attempts = children(agent);
                let all = attempts.into_iter().chain([agent]);
                if self.chance.below(2) == 0 {
                    all.rev().for_each(|pid| kill(pid, SIGKILL));
                } else {
                    all.for_each(|pid| kill(pid, SIGKILL));
                }
            }
            (4, Some(famine)) if famine.strikes(agent) => {
                self.tally.starved += 1;
                // One that needs no memory lives.
                poll_until(Duration::from_millis(300), || (!is_alive(agent)).then_some(()));
                kill(agent, SIGKILL);
            }
            _ => {
                self.tally.killed += 1;
                kill(agent, SIGKILL);
            }
        }
    }

    /// One that has made its session, as no program has before its exec; or an attempt that one has left behind.
    fn agent(&self) -> Option<i32> {
        let init = self.running.pid();
        let is_it = |pid: &i32| {
            is_alive(*pid)
                && status(*pid, "Name") == status(init, "Name")
                && group_and_session(*pid).is_some_and(|(_, session)| session == *pid)
        };
        children(init).into_iter().find(is_it)
    }

    fn kill_agent(&mut self) {
        if let Some(agent) = self.agent() {
            kill(agent, SIGKILL);
        }
    }

    fn ended(mut self) -> Tally {
        let finished = self.running.wait().exits(128 + SIGTERM);
        let said = &finished.stderr;
        let line = said.lines().last().unwrap();
        assert!(
            line.contains(" podinit: terminated: ") && !line.contains("SIGKILL"),
            "{finished:?}"
        );
        eventually("no process is left", || self.processes().is_empty());
        self.tally.deaths = said.matches("process for hooks and probes ended").count();
        let words = fs::read_to_string(self.dir.file("words")).unwrap();
        self.tally.restarts = self.count("main") - 1;
        assert!(!asks_again(&words), "{words}\n{said}");
        // Failures are counted on: a death costs the attempt that was under way.
        let failures = words.lines().filter(|word| *word == "sick").count();
        assert!(failures <= FAILURES + self.tally.deaths + 1, "{words}\n{said}");
        self.tally
    }

    /// Whether all hung commands are below the agent there is.
    fn none_is_left(&self) -> bool {
        let below = self.agent().map(descendants).unwrap_or_default();
        let hung = |pid: &i32| words_of(*pid) == ["sleep", HUNG];
        self.processes().iter().filter(|pid| hung(pid)).all(|pid| below.contains(pid))
    }

    /// All that live, by their environment.
    fn processes(&self) -> Vec<i32> {
        let own = format!("LIFE={}\0", self.dir.path().display()).into_bytes();
        let all = fs::read_dir("/proc").unwrap();
        let pids = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let is_ours = |pid: &i32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.windows(own.len()).any(|part| part == own)
        };
        pids.filter(|pid| is_ours(pid) && is_alive(*pid)).collect()
    }

    fn count(&self, word: &str) -> usize {
        let words = fs::read_to_string(self.dir.file("words")).unwrap_or_default();
        words.lines().filter(|known| *known == word).count()
    }
}

/// Whether somebody asks anew whether an instance has started, of which that was known: else it would not be probed
/// for liveness. Between two instances nothing can be said.
fn asks_again(words: &str) -> bool {
    let mut probed = None;
    words.lines().any(|word| {
        match word {
            "main" => probed = Some(0),
            "stop" => probed = None,
            "live" | "sick" => probed = probed.map(|times| times + 1),
            _ => {}
        }
        // Once may be the instance before it still.
        word == "startup" && probed >= Some(2)
    })
}

/// It may be gone.
fn kill(pid: i32, signal: i32) {
    // SAFETY: no memory is involved.
    unsafe { libc::kill(pid, signal) };
}

fn words_of(pid: i32) -> Vec<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// Numbers that nobody chose (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end
    }

    /// Not to wait for anything: what follows comes at some moment.
    fn pause(&mut self) {
        let micros = self.below(100_000) as u64;
        std::thread::sleep(Duration::from_micros(micros));
    }
}
