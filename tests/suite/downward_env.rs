//! `podinit downward env`: a container's variables, in forms that are read back.

use crate::common::*;
use std::collections::BTreeMap;
use std::fs;

const POD: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  initContainers:
  - {name: first, image: x, env: [{name: A, value: of first}]}
  containers:
  - name: app
    image: x
    resources: {limits: {cpu: 1500m}}
    envFrom: [{prefix: C_, configMapRef: {name: settings}}]
    env:
    - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: APP, valueFrom: {fieldRef: {fieldPath: "metadata.labels['app']"}}}
    - {name: CPUS, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
    - {name: MEMORY, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Gi}}}
    - {name: LATER, value: "$(QUOTED)"}
    - {name: QUOTED, value: "it's \"$(NAME)\" `$$(id)` \\ $(C_key)"}
    - {name: LINES, value: "a\n b\t\n"}
    - {name: EMPTY}
"#;

fn env(dir: &TempDir, arguments: &[&str]) -> Run {
    fs::create_dir_all(dir.file("settings")).unwrap();
    dir.write("settings/key", 0o644, "from a map");
    let all = ["downward", "env", "-f", "pod.yaml", "--node-allocatable", "memory=3Gi"];
    own().cwd(dir.path()).args(all).args(arguments)
}

const APP: [&str; 4] = ["--container", "app", "--env-from", "settings=settings"];

fn expected() -> BTreeMap<String, String> {
    let pairs = [
        ("C_key", "from a map"),
        ("NAME", "web"),
        ("APP", "web"),
        ("CPUS", "2"),
        ("MEMORY", "3"),
        ("LATER", "$(QUOTED)"),
        ("QUOTED", "it's \"web\" `$(id)` \\ from a map"),
        ("LINES", "a\n b\t\n"),
        ("EMPTY", ""),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn split(text: &str) -> BTreeMap<String, String> {
    let one = |entry: &str| {
        let (name, value) = entry.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    };
    text.split_terminator('\0').map(one).collect()
}

/// kubelet E9 to E13
#[test]
fn the_whole_environment_in_each_format() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, POD);
    let printed = |format: &str| {
        let run = env(&dir, &APP).args(["--format", format]);
        let finished = run.finish().exits(0);
        assert_eq!(finished.stderr, "");
        finished.stdout
    };
    assert_eq!(split(&printed("null")), expected());
    let json: BTreeMap<String, String> = serde_json::from_str(&printed("json")).unwrap();
    assert_eq!(json, expected());
    assert_eq!(env(&dir, &APP).finish().exits(0).stdout, printed("dotenv"));
    for (before, text) in [("set -a; ", printed("dotenv")), ("", printed("export"))] {
        let file = dir.write("variables", 0o644, text);
        let script = format!("{before}. '{file}'; exec cat /proc/self/environ");
        let read = Run::program("/bin/sh").args(["-c", &script]).finish().exits(0).stdout;
        let mut read = split(&read);
        read.retain(|name, _| expected().contains_key(name));
        assert_eq!(read, expected());
    }
    assert_eq!(env(&dir, &["--container", "first"]).finish().exits(0).stdout, "A='of first'\n");
}

#[test]
fn what_is_wrong_is_told_and_nothing_is_printed() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, POD);
    let odd = POD.replace("{name: EMPTY}", "{name: my.name, value: x}");
    dir.write("odd.yaml", 0o644, odd);
    for (run, says) in [
        (
            env(&dir, &["--container", "db"]),
            "pod.yaml: spec.containers: there is no container \"db\"",
        ),
        (
            env(&dir, &["--container", "app"]),
            "pod.yaml: spec.containers[0].envFrom[0]: there is no ConfigMap \"settings\" (offer a folder with a file for each key, or a file of KEY=VALUE lines: --env-from NAME=PATH)",
        ),
        (
            env(&dir, &["--container", "app", "--env-from", "x"]),
            "--env-from: \"x\" is not NAME=PATH (try settings=/etc/settings)",
        ),
        (
            env(&dir, &[&APP[..], &["-f", "odd.yaml"]].concat()),
            "the argument '--file <POD>' cannot be used multiple times",
        ),
    ] {
        let finished = run.finish().exits(125);
        assert_eq!(
            (&*finished.stderr, &*finished.stdout),
            (&*format!("podinit: downward: {says}\n"), "")
        );
    }
    let odd = |format: &str| {
        let known = ["downward", "env", "-f", "odd.yaml", "--format", format];
        own().cwd(dir.path()).args(known).args(APP).finish()
    };
    let refused = odd("export").exits(125);
    let says = "podinit: downward: --format: no shell has a variable \"my.name\" (try --format null, or json)\n";
    assert_eq!((&*refused.stderr, &*refused.stdout), (says, ""));
    assert!(odd("json").exits(0).stdout.contains("\"my.name\":\"x\""));
    let finished = env(&dir, &[&APP[..], &["--format", "xml"]].concat()).finish().exits(125);
    let says =
        "invalid value 'xml' for '--format <FORMAT>' [possible values: dotenv, export, json, null]";
    assert_eq!(finished.stderr, format!("podinit: downward: {says}\n"));
}

/// Nobody reads: no error. No room: one.
#[test]
fn where_it_is_printed_to() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, POD);
    env(&dir, &APP).stdout(Stdio::Fd(pipe_without_reader())).finish().exits(0).silently();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let finished = env(&dir, &APP).stdout(Stdio::Fd(full.into())).finish().exits(125);
    assert_eq!(finished.stderr, "podinit: downward: standard output: No space left on device\n");
    let finished = env(&dir, &APP).stdout(Stdio::Closed).finish().exits(125);
    assert_eq!(finished.stderr, "podinit: downward: standard output: Bad file number\n");
}
