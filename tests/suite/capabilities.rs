//! `securityContext.capabilities` of a manifest: what the program, its hooks and its probes are left with.

use crate::common::*;

const NET_BIND_SERVICE: u64 = 1 << 10;
const SETPCAP: u64 = 1 << 8;

/// Leaves its capability sets in a file of this name.
fn leaves(dir: &TempDir, name: &str) -> String {
    format!("grep ^Cap /proc/self/status >{0}.new && mv {0}.new {0}", dir.file(name))
}

/// A pod whose program, hooks and probe each leave theirs; the program ends when the others have.
fn pod(dir: &TempDir, context: &str) -> String {
    let command = |name: &str| format!("[/bin/sh, -c, \"{}\"]", leaves(dir, name));
    let main = format!(
        "{}; until [ -e {} ] && [ -e {} ]; do sleep 0.02; done; exit 6",
        leaves(dir, "main"),
        dir.file("hook"),
        dir.file("probe")
    );
    let manifest = format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: web}}
spec:
  containers:
  - name: app
    command: [/bin/sh, -c, \"{main}\"]
    lifecycle: {{postStart: {{exec: {{command: {}}}}}}}
    readinessProbe: {{exec: {{command: {}}}, periodSeconds: 1, timeoutSeconds: 60}}
    securityContext: {context}
",
        command("hook"),
        command("probe")
    );
    std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777))
        .unwrap();
    dir.write("pod.yaml", 0o644, manifest)
}

/// Inheritable, permitted, effective, bounding, ambient.
fn sets(text: &str) -> [u64; 5] {
    let sets: Vec<u64> = text
        .lines()
        .filter_map(|line| line.strip_prefix("Cap")?.split_once(":\t"))
        .map(|(_, set)| u64::from_str_radix(set, 16).unwrap())
        .collect();
    sets.try_into().unwrap()
}

fn own_bounding() -> u64 {
    sets(&std::fs::read_to_string("/proc/self/status").unwrap())[3]
}

/// What all three have been left with, which is the same, and what podinit said.
#[track_caller]
fn left(context: &str, how: impl Fn(Run) -> Run) -> ([u64; 5], String) {
    let dir = TempDir::new();
    let file = pod(&dir, context);
    let finished = how(own()).args(["--pod", &file]).finish().exits(6);
    let [main, others @ ..] = ["main", "hook", "probe"]
        .map(|name| sets(&std::fs::read_to_string(dir.file(name)).unwrap()));
    assert_eq!(others, [main; 2], "{context}: {finished:?}");
    // But for how it ended.
    let said = finished.stderr.lines().filter(|line| line.starts_with("podinit: "));
    (main, said.map(|line| line.replace(&file, "FILE") + "\n").collect())
}

#[test]
fn program_hooks_and_probes_have_what_is_left() {
    let all = own_bounding();
    for (capabilities, kept) in [
        ("{drop: [ALL]}", 0),
        ("{drop: [ALL], add: [NET_BIND_SERVICE]}", NET_BIND_SERVICE),
        ("{drop: [all], add: [cap_net_bind_service, KILL]}", NET_BIND_SERVICE | 1 << 5),
        ("{drop: [CHOWN, SETPCAP, SETUID, SETGID]}", all & !(1 | SETPCAP | 1 << 7 | 1 << 6)),
        ("{add: [CHOWN], drop: [KILL]}", all & !(1 << 5)),
        ("{}", all),
    ] {
        for run in [|run: Run| run, Run::pid1] {
            let (sets, said) = left(&format!("{{capabilities: {capabilities}}}"), run);
            assert_eq!((sets, &*said), ([0, kept, kept, kept, 0], ""), "{capabilities}");
        }
    }
}

/// As under a kubelet: to be another user leaves nothing but the bounding set.
#[test]
fn an_added_one_gives_another_user_nothing() {
    let context = "{runAsUser: 4242, capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}";
    let (sets, said) = left(context, |run| run);
    assert_eq!((sets, &*said), ([0, 0, 0, NET_BIND_SERVICE, 0], ""));
}

/// Those that podinit was given as ambient ones are for the program too, unless they are dropped.
#[test]
fn ambient_ones_are_dropped_too() {
    let user = unused_user().to_string();
    let ambient = ["/usr/bin/setpriv", "--reuid", &user, "--clear-groups"];
    let both = ["--inh-caps=+chown,+kill", "--ambient-caps=+chown,+kill"];
    let given = || [&ambient[..], &both].concat();
    let context = "{allowPrivilegeEscalation: false, capabilities: {drop: [CHOWN]}}";
    let (sets, said) = left(context, |run| run.via(given()));
    let (kill, all) = (1 << 5, own_bounding());
    assert_eq!((sets, &*said), ([kill, kill, kill, all, kill], ""));
}

#[test]
fn where_podinit_is_switched_off_the_program_has_them_too() {
    let dir = TempDir::new();
    let file = pod(&dir, "{capabilities: {drop: [ALL], add: [KILL]}}");
    dir.write("hook", 0o644, "");
    dir.write("probe", 0o644, "");
    own().env("PODINIT_DISABLED", "1").args(["--pod", &file]).finish().exits(6).silently();
    let kill = 1 << 5;
    let main = std::fs::read_to_string(dir.file("main")).unwrap();
    assert_eq!(sets(&main), [0, kill, kill, kill, 0]);
}

/// The init keeps what it needs to signal the program and to start the next; so does its agent.
#[test]
fn podinit_keeps_its_own() {
    let dir = TempDir::new();
    let manifest = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: app, \
        readinessProbe: {exec: {command: ['true']}}, \
        securityContext: {runAsUser: 4242, capabilities: {drop: [ALL]}}}]}";
    let file = dir.write("pod.yaml", 0o644, manifest);
    std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777))
        .unwrap();
    let mut running = own().pid1().args(["--pod", &file]).witness(["hold"]).spawn();
    let agent = running.until("there is an agent", || running.agent());
    for pid in [running.pid(), agent] {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let all = own_bounding();
        assert_eq!(sets(&status), [0, all, all, all, 0]);
    }
    running.signal(libc::SIGTERM);
    running.wait().exits(128 + libc::SIGTERM);
}

/// In a network of its own, where the first unprivileged port is 1024.
#[test]
fn a_low_port_can_be_bound_and_nothing_else_be_done() {
    for (added, expected) in [("NET_BIND_SERVICE", "bound\nkept\n"), ("KILL", "kept\n")] {
        let dir = TempDir::new();
        let file = dir.write(
            "pod.yaml",
            0o644,
            format!(
                "apiVersion: v1\nkind: Pod\nspec: {{containers: [{{name: app, \
                 securityContext: {{capabilities: {{drop: [ALL], add: [{added}]}}}}}}]}}"
            ),
        );
        let owned = dir.write("owned", 0o644, "");
        let script = format!("{} bind 80 && echo bound; chown 1 {owned} || echo kept", witness());
        let run = own().via(["/usr/bin/unshare", "-n"]).args(["--pod", &file]).script(&script);
        assert_eq!(run.finish().exits(0).stdout, expected);
    }
}

#[test]
fn what_podinit_has_not_got_is_told_by_name_and_is_not_fatal() {
    let all = own_bounding();
    let without = |sets: &'static str| move |run: Run| run.via(["/usr/bin/setpriv", sets]);
    let less = without("--bounding-set=-net_admin,-sys_time");
    let of = "podinit: FILE: spec.containers[0].securityContext.capabilities.";
    let missing = 1 << 12 | 1 << 25;
    for (added, said) in [
        ("NET_ADMIN", "add: NET_ADMIN: podinit has not got that"),
        ("KILL, SYS_TIME, NET_ADMIN", "add: NET_ADMIN, SYS_TIME: podinit has not got that"),
        ("ALL", "add: ALL: podinit has not got that"),
        ("KILL", ""),
    ] {
        let (sets, told) = left(&format!("{{capabilities: {{add: [{added}]}}}}"), less);
        let kept = all & !missing;
        assert_eq!(sets, [0, kept, kept, kept, 0], "{added}");
        let said = if said.is_empty() { String::new() } else { format!("{of}{said}\n") };
        assert_eq!(told, said);
    }
}

/// Without SETPCAP the bounding set stays, and with it what a program that is executed as root gets.
#[test]
fn what_can_be_had_again_is_told_by_name() {
    let all = own_bounding();
    let less = |run: Run| run.via(["/usr/bin/setpriv", "--bounding-set=-setpcap"]);
    let (sets, told) = left("{capabilities: {drop: [KILL, CHOWN]}}", less);
    let bounding = all & !SETPCAP;
    assert_eq!(sets, [0, bounding, bounding, bounding, 0]);
    let says = "podinit: FILE: spec.containers[0].securityContext.capabilities.drop: CHOWN, KILL: what is executed as root \
                can have that again, as podinit has not got SETPCAP (try allowPrivilegeEscalation: false)\n";
    assert_eq!(told, says);
    // And that helps.
    let kept = bounding & !(1 << 5 | 1);
    let context = "{allowPrivilegeEscalation: false, capabilities: {drop: [KILL, CHOWN]}}";
    assert_eq!(left(context, less), ([0, kept, kept, bounding, 0], String::new()));
    let (sets, told) =
        left("{capabilities: {drop: [KILL, CHOWN]}}", |run| less(run).no_new_privs());
    assert_eq!((sets, &*told), ([0, kept, kept, bounding, 0], ""));
}

#[test]
fn who_has_none_starts_all_the_same() {
    let user = unused_user();
    let dropped = "{capabilities: {drop: [ALL]}}";
    // What is executed as root could have them.
    let (sets, told) = left(dropped, |run| run.user(user, user, &[]));
    assert_eq!(sets, [0, 0, 0, own_bounding(), 0]);
    assert!(told.contains(".drop: ALL: what is executed as root can have that again"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    let id = user.to_string();
    let user = ["--reuid", &id, "--regid", &id, "--clear-groups"];
    let none = [&["/usr/bin/setpriv", "--bounding-set=-all"], &user[..]].concat();
    let (sets, told) = left(dropped, |run| run.via(&none));
    assert_eq!((sets, &*told), ([0; 5], ""));
}

#[test]
fn what_is_no_capability_is_refused_with_its_place() {
    let dir = TempDir::new();
    for (capabilities, says) in [
        (
            "{add: [KILL, NET_ADMN]}",
            "add[1]: \"NET_ADMN\" is not a capability: did you mean NET_ADMIN?",
        ),
        (
            "{drop: [EVERYTHING]}",
            "drop[0]: \"EVERYTHING\" is not a capability (try NET_BIND_SERVICE)",
        ),
    ] {
        let file = pod(&dir, &format!("{{capabilities: {capabilities}}}"));
        let finished = own().args(["--pod", &file]).finish().exits(125);
        let of = "spec.containers[0].securityContext.capabilities.";
        assert_eq!(finished.stderr, format!("podinit: --pod {file}: {of}{says}\n"));
    }
}
