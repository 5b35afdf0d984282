//! `securityContext.capabilities` beside what the engine makes of the same lists.

use crate::engine::{Output, Run};
use crate::images::SHELL;

const WHO: [&str; 3] = ["/bin/grep", "^Cap", "/proc/self/status"];

/// What a program of podinit's is left with, of what the engine gives by these flags.
fn left(flags: &[&str], context: &str) -> Output {
    let manifest = format!(
        r#"{{"apiVersion": "v1", "kind": "Pod", "spec": {{"containers": [{{"name": "app", "securityContext": {context}}}]}}}}"#
    );
    let start = "echo \"$MANIFEST\" >/dev/shm/pod && exec /podinit --pod /dev/shm/pod -- \"$@\"";
    let run = Run::new(&SHELL).env("MANIFEST", &manifest).flags(flags.iter().copied());
    run.entrypoint("/bin/sh").words(["-c", start, "sh"]).words(WHO).finish()
}

fn given(flags: &[&str]) -> Output {
    let [grep, words @ ..] = WHO;
    Run::new(&SHELL).flags(flags.iter().copied()).entrypoint(grep).words(words).finish()
}

#[test]
#[ignore = "needs a Docker engine"]
fn they_are_what_the_engine_gives() {
    for (user, context) in [(None, ""), (Some("4242"), "\"runAsUser\": 4242, ")] {
        for (drop, add) in [
            (&["ALL"][..], &[][..]),
            (&["ALL"], &["NET_BIND_SERVICE", "CHOWN"]),
            (&["MKNOD", "SETPCAP", "SETUID"], &["KILL"]),
            (&[], &[]),
        ] {
            let flags = drop.iter().flat_map(|name| ["--cap-drop", name]);
            let flags = flags.chain(add.iter().flat_map(|name| ["--cap-add", name]));
            let user = user.iter().flat_map(|user| ["--user", user]);
            let flags: Vec<&str> = flags.chain(user).collect();
            let context =
                format!("{{{context}\"capabilities\": {{\"drop\": {drop:?}, \"add\": {add:?}}}}}");
            let (left, given) = (left(&[], &context), given(&flags));
            assert_eq!((left.code, &*left.stderr), (0, ""), "{context}: {left:?}");
            assert_eq!(left.stdout, given.stdout, "{context}");
        }
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn what_the_engine_has_not_given_is_named() {
    let left = left(&[], r#"{"capabilities": {"add": ["NET_ADMIN"]}}"#);
    assert_eq!(left.code, 0, "{left:?}");
    let says = "podinit: /dev/shm/pod: spec.containers[0].securityContext.capabilities.add: NET_ADMIN: podinit has not got that\n";
    assert_eq!((&*left.stderr, &*left.stdout), (says, &*given(&[]).stdout));
}

#[test]
#[ignore = "needs a Docker engine"]
fn without_any_it_starts_all_the_same() {
    let dropped = r#"{"capabilities": {"drop": ["ALL"]}}"#;
    for user in [&[][..], &["--user", "4242"]] {
        let flags = [&["--cap-drop", "ALL"], user].concat();
        let left = left(&flags, dropped);
        assert_eq!((left.code, &*left.stderr), (0, ""), "{left:?}");
        assert_eq!(left.stdout, given(&flags).stdout);
    }
}
