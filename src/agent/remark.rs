//! What the agent has for the log: each a line, in the kubelet's words where it has some.

use crate::lifecycle::container::Hook;
use crate::lifecycle::probe::{Answer, Kind};
use crate::lifecycle::status::event::{ContainerEvent, Event, PodEvent};
use crate::lifecycle::status::{self, HookError, HookFailure};
use crate::plan::life::Role;
use crate::plan::supervision::Errands;
use crate::probe::{Outcome, Verdict, one_line};
use crate::spec::action::Action;
use crate::sys::{Errno, Pid};

/// So much of what came from elsewhere is shown, in characters.
const SHOWN: usize = 1000;

/// One line for init's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Remark<'a> {
    pub tone: Tone,
    /// What has happened, in one word: the `reason` of the kubelet's event, if it has one.
    pub reason: &'static str,
    /// Fit for one line.
    pub text: &'a str,
}

/// Who is talking.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// A hook's command: shown whatever the level, as the program's own output is.
    Output,
    /// Podinit, of what is not as it should be.
    Warning,
}

type Say<'a> = &'a mut dyn FnMut(Remark<'_>);

/// An attempt of a probe: a success says nothing (kubelet M1, M18).
pub fn attempt(kind: Kind, answer: Answer, outcome: &Outcome, say: Say<'_>) {
    let warning = outcome.verdict == Verdict::Warning;
    let what = ContainerEvent::of_attempt(kind, answer, warning, &outcome.output);
    match (what, answer) {
        (Some(what), _) => event(&container_event(what), "", say),
        (None, Answer::Lost) => {
            let text = format!("{} probe was not made: {}", kind.title(), outcome.seen);
            warn("ProbeLost", &text, say);
        }
        (None, _) => {}
    }
}

/// A line of a hook's output. The kubelet drops it (kubelet H18).
pub fn output(hook: Hook, line: &str, say: Say<'_>) {
    let text = format!("{}: {}", hook.name(), one_line(line, SHOWN));
    say(Remark { tone: Tone::Output, reason: "HookOutput", text: &text });
}

/// There is no process for a hook yet.
pub fn hook_waits(hook: Hook, outcome: &Outcome, say: Say<'_>) {
    warn("HookWaits", &format!("{} has to wait: {}", hook.name(), outcome.seen), say);
}

/// Nobody answers by HTTP.
pub fn no_server(errno: Errno, say: Say<'_>) {
    warn("NotServing", &format!("--listen: nobody can answer there: {}", errno.desc()), say);
}

/// The end of a hook: what was wrong with one that failed (kubelet M16, M17), and that one has fallen back (kubelet M15).
pub fn hook(hook: Hook, action: &Action, outcome: &Outcome, errands: &Errands, say: Say<'_>) {
    let prefix = format!("{}: ", hook.name());
    match outcome.verdict {
        Verdict::Success => {}
        Verdict::Warning => {
            let target = String::from_utf8_lossy(&outcome.output);
            let fallen_back = PodEvent::HookFellBackToHttp { target: &target };
            event(&Event::Pod(fallen_back), &prefix, say);
        }
        Verdict::Failure | Verdict::Unknown => {
            let text = prefix + &failure(action, outcome, errands);
            let event = container_event(match hook {
                Hook::PostStart => ContainerEvent::PostStartFailed,
                Hook::PreStop => ContainerEvent::PreStopFailed,
                Hook::PostStop => ContainerEvent::PostStopFailed,
            });
            warn(event.reason(), &text, say);
        }
    }
}

fn failure(action: &Action, outcome: &Outcome, errands: &Errands) -> String {
    let other = HookError::Other(&outcome.seen);
    let (handler, error) = match action {
        Action::Exec(command) => {
            let output = if outcome.ended.is_some() { &*outcome.output } else { &[] };
            let error = outcome.ended.map_or(other, |ended| HookError::Exited {
                command,
                code: ended.code.into(),
                stderr: output.get(ended.stdout..).unwrap_or_default(),
            });
            (status::Handler::Exec { command, output }, error)
        }
        Action::Http(get) => (status::Handler::Http { path: &get.path }, other),
        Action::Sleep(time) => (status::Handler::Sleep { seconds: time.as_secs() }, other),
        // No hook is one of these.
        _ => return outcome.seen.clone(),
    };
    HookFailure { handler, error, container: &errands.container, pod: &errands.pod }.to_string()
}

/// A message of sd_notify(3) that nobody of the container has sent.
pub fn stranger(sender: Option<Pid>, say: Say<'_>) {
    let who = match sender {
        Some(pid) => format!("pid {pid}, which does not descend from podinit,"),
        None => "another PID namespace".to_owned(),
    };
    warn("NotifyIgnored", &format!("NOTIFY_SOCKET: what {who} says is ignored"), say);
}

/// The role makes no difference to what is said of probes and hooks, nor does the name.
fn container_event(what: ContainerEvent<'_>) -> Event<'_> {
    Event::Container { role: Role::Regular, name: "", what }
}

fn event(event: &Event<'_>, prefix: &str, say: Say<'_>) {
    warn(event.reason(), &format!("{prefix}{event}"), say);
}

fn warn(reason: &'static str, text: &str, say: Say<'_>) {
    say(Remark { tone: Tone::Warning, reason, text: &one_line(text, SHOWN) });
}

#[cfg(test)]
mod tests;
