use super::*;
use crate::probe::Ended;
use crate::spec::action;
use crate::sys::Errno;

/// What is said, as `tone reason: text`.
fn said(speak: impl FnOnce(Say<'_>)) -> Vec<String> {
    let mut lines = Vec::new();
    speak(&mut |remark| {
        let Remark { tone, reason, text } = remark;
        lines.push(format!("{tone:?} {reason}: {text}"));
    });
    lines
}

fn outcome(verdict: Verdict, seen: &str, output: &[u8]) -> Outcome {
    let lost = Outcome::no_process(Errno::EAGAIN);
    let (seen, output) = (seen.to_owned(), output.to_vec());
    Outcome { verdict, errored: false, lost: false, seen, output, ..lost }
}

// kubelet M1, M2, M3, M18
#[test]
fn m01_what_is_said_of_attempts() {
    let failed = outcome(Verdict::Failure, "exit 1", b"not\nyet \x1b[2J\n");
    let warned = outcome(Verdict::Warning, "302", b"Probe terminated redirects");
    let well = outcome(Verdict::Success, "200 OK", b"ok");
    let none: &[&str] = &[];
    for (answer, outcome, expected) in [
        (
            Answer::Failure,
            &failed,
            &["Warning Unhealthy: Readiness probe failed: not yet \\u{1b}[2J"][..],
        ),
        (
            Answer::Errored,
            &failed,
            &[
                "Warning Unhealthy: Readiness probe errored and resulted in failure state: not yet \\u{1b}[2J",
            ],
        ),
        (
            Answer::Success,
            &warned,
            &["Warning ProbeWarning: Readiness probe warning: Probe terminated redirects"],
        ),
        (Answer::Success, &well, none),
        (
            Answer::Lost,
            &Outcome::no_process(Errno::EAGAIN),
            &[
                "Warning ProbeLost: Readiness probe was not made: no process can be made for it: the limit on processes is reached",
            ],
        ),
    ] {
        assert_eq!(said(|say| attempt(Kind::Readiness, answer, outcome, say)), expected);
    }
}

#[test]
fn a_long_output_makes_one_bounded_line() {
    let long = outcome(Verdict::Failure, "exit 1", &b"0123456789\n".repeat(900));
    let lines = said(|say| attempt(Kind::Liveness, Answer::Failure, &long, say));
    assert_eq!(lines.len(), 1);
    assert!(lines[0].chars().count() < SHOWN + 30 && lines[0].ends_with('…'), "{}", lines[0]);
}

// kubelet M15, M16, M17
#[test]
fn m16_m17_what_is_said_of_hooks() {
    let action = |text| Action::parse(text, action::Role::Hook).unwrap();
    let exec = action("exec:a 'b c'");
    let errands =
        Errands { container: "app".into(), pod: "web_default(u-1)".into(), ..Errands::default() };
    let exited = Outcome {
        ended: Some(Ended { code: 3, stdout: 4 }),
        ..outcome(Verdict::Failure, "exit 3: out err", b"out\nerr\n")
    };
    let end = r#"for Container "app" in Pod "web_default(u-1)" failed - error:"#;
    for (which, action, outcome, expected) in [
        (
            Hook::PostStart,
            &exec,
            exited,
            "FailedPostStartHook: postStart: Exec lifecycle hook ([a b c]) {end} \
             command 'a b c' exited with 3: err , message: \"out\\nerr\\n\"",
        ),
        (
            Hook::PreStop,
            &exec,
            outcome(Verdict::Unknown, "\"a\" cannot be run: not found in PATH", b"\"a\" cannot"),
            "FailedPreStopHook: preStop: Exec lifecycle hook ([a b c]) {end} \
             \"a\" cannot be run: not found in PATH, message: \"\"",
        ),
        (
            Hook::PostStop,
            &action("http://:8080/stop"),
            outcome(Verdict::Failure, "EOF", b"EOF"),
            "FailedPostStopHook: postStop: HTTP lifecycle hook (/stop) {end} EOF",
        ),
        (
            Hook::PreStop,
            &action("https://:8443/stop"),
            outcome(Verdict::Warning, "200 OK", b"127.0.0.1:8443"),
            "LifecycleHTTPFallback: preStop: request to HTTPS lifecycle hook 127.0.0.1:8443 got HTTP \
             response, retry with HTTP succeeded",
        ),
    ] {
        let lines = said(|say| hook(which, action, &outcome, &errands, say));
        assert_eq!(lines, [format!("Warning {}", expected.replace("{end}", end))]);
    }
    let well = outcome(Verdict::Success, "exit 0", b"out");
    assert!(said(|say| hook(Hook::PreStop, &exec, &well, &errands, say)).is_empty());
}

// kubelet H18, which podinit departs from
#[test]
fn h18_a_hooks_output_names_it() {
    let lines = said(|say| output(Hook::PreStop, "draining\t3 \x07", say));
    assert_eq!(lines, ["Output HookOutput: preStop: draining 3 \\u{7}"]);
}
