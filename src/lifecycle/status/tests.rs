//! States and their words.

use super::*;

/// kubelet R24, R26
#[test]
fn r26_the_reasons_of_a_wait() {
    for (waiting, word) in [
        (Waiting::first(true), "PodInitializing"),
        (Waiting::first(false), "ContainerCreating"),
        (Waiting::CrashLoopBackOff { pause: Duration::ZERO }, "CrashLoopBackOff"),
        (Waiting::CreateContainerConfigError, "CreateContainerConfigError"),
        (Waiting::CreateContainerError, "CreateContainerError"),
        (Waiting::RunContainerError, "RunContainerError"),
        (Waiting::PostStartHookError, "PostStartHookError"),
    ] {
        assert_eq!(waiting.reason(), word);
    }
}

/// kubelet R17
#[test]
fn r17_what_is_said_of_a_back_off() {
    let pause = Duration::from_secs(80);
    let said = |pod| {
        let message = Waiting::CrashLoopBackOff { pause }.message("app", pod);
        message.map(|message| message.to_string())
    };
    let alone = "back-off 1m20s restarting failed container=app";
    assert_eq!(said("").as_deref(), Some(alone));
    assert_eq!(said("web_default(u-1)"), Some(format!("{alone} pod=web_default(u-1)")));
    assert_eq!(Waiting::RunContainerError.message("app", ""), None);
}

/// kubelet T25, T28
#[test]
fn t25_the_reasons_of_an_end() {
    for (reason, word) in [
        (EndReason::Completed, "Completed"),
        (EndReason::Error, "Error"),
        (EndReason::OomKilled, "OOMKilled"),
        (EndReason::StartError, "StartError"),
        (EndReason::ContainerStatusUnknown, "ContainerStatusUnknown"),
        (EndReason::RestartingAllContainers, "RestartingAllContainers"),
    ] {
        assert_eq!(reason.word(), word);
    }
}

/// kubelet R27, R39
#[test]
fn r39_the_latest_end_is_the_state_or_the_last_one() {
    let at = |seconds| Moment::at(Duration::from_secs(seconds));
    let end = |exit_code| Terminated {
        exit_code,
        reason: EndReason::Error,
        started: at(0),
        finished: at(1),
    };
    let waiting = State::Waiting(Waiting::ContainerCreating);
    let running = State::Running { since: at(2) };
    for (state, last, expected) in [
        (State::Terminated(end(2)), Some(end(1)), Some(end(2))),
        (State::Terminated(end(2)), None, Some(end(2))),
        (waiting, Some(end(1)), Some(end(1))),
        (running, Some(end(1)), Some(end(1))),
        (waiting, None, None),
        (running, None, None),
    ] {
        let status =
            ContainerStatus { state, last, ready: false, started: false, restart_count: 0 };
        assert_eq!(status.latest_end(), expected, "{state:?}");
    }
}
