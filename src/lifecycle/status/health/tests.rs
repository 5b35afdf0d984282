use super::*;
use crate::lifecycle::Moment;
use crate::lifecycle::status::Waiting;
use std::time::Duration;

const PING: Check<'_> = Check { name: "ping", trouble: None };
const BAD: Check<'_> = Check { name: "bad", trouble: Some("this will fail") };

/// The cases of `testMultipleChecks` in the API server's `healthz_test.go`, and their like.
#[test]
fn in_the_api_servers_wording() {
    let unknown = "warn: some health checks cannot be excluded: no matches for";
    for (checks, excluded, verbose, holds, text) in [
        (&[PING][..], &[][..], false, true, "ok".to_owned()),
        (&[], &[], false, true, "ok".to_owned()),
        (&[], &[], true, true, "livez check passed\n".to_owned()),
        (&[PING], &[], true, true, "[+]ping ok\nlivez check passed\n".to_owned()),
        (&[PING], &["dontexist"], false, true, "ok".to_owned()),
        (&[PING, BAD], &["bad"], false, true, "ok".to_owned()),
        (
            &[PING, BAD],
            &["bad"],
            true,
            true,
            "[+]ping ok\n[+]bad excluded: ok\nlivez check passed\n".to_owned(),
        ),
        (
            &[PING],
            &["dontexist"],
            true,
            true,
            format!("[+]ping ok\n{unknown} \"dontexist\"\nlivez check passed\n"),
        ),
        (
            &[PING, BAD],
            &["a", "ping", "b\n"],
            false,
            false,
            format!(
                "[+]ping excluded: ok\n[-]bad failed: reason withheld\n{unknown} \"a\", \"b\\n\"\nlivez check failed\n"
            ),
        ),
        (
            &[PING, BAD],
            &[],
            false,
            false,
            "[+]ping ok\n[-]bad failed: reason withheld\nlivez check failed\n".to_owned(),
        ),
    ] {
        let health = of_group(Group::Livez, checks, excluded, verbose);
        assert_eq!(health, Health { holds, text });
    }
    assert_eq!(of_check(&PING), Health { holds: true, text: "ok".to_owned() });
    let text = "service unavailable: this will fail\n".to_owned();
    assert_eq!(of_check(&BAD), Health { holds: false, text });
}

#[test]
fn what_a_container_is() {
    let running = State::Running { since: Moment::at(Duration::ZERO) };
    let waiting = State::Waiting(Waiting::ContainerCreating);
    let vitals = |state, started, ready, ending, failed| {
        let status = ContainerStatus { state, last: None, ready, started, restart_count: 0 };
        Vitals { status, ending, failed }
    };
    let (all, none) = ([true; 4], [false; 4]);
    for (what, vitals, holds, failing) in [
        ("it runs", vitals(running, true, true, false, false), all, ""),
        (
            "it does not",
            vitals(waiting, false, false, false, false),
            none,
            "startup liveness readiness shutdown",
        ),
        (
            "it starts",
            vitals(running, false, false, false, false),
            [true, false, false, true],
            "startup readiness",
        ),
        (
            "it is not ready",
            vitals(running, true, false, false, false),
            [true, false, true, true],
            "readiness",
        ),
        (
            "it is asked to end",
            vitals(running, true, false, true, false),
            [true, false, true, true],
            "readiness shutdown",
        ),
        (
            "its liveness probe has failed",
            vitals(running, true, false, true, true),
            [false, false, true, false],
            "liveness readiness shutdown",
        ),
    ] {
        let found =
            Group::ALL.map(|group| of_group(group, &checks(group, &vitals), &[], false).holds);
        assert_eq!(found, holds, "{what}");
        let ready = checks(Group::Readyz, &vitals);
        let found: Vec<_> =
            ready.iter().filter(|check| !check.holds()).map(|check| check.name).collect();
        assert_eq!(found.join(" "), failing, "{what}");
    }
}
