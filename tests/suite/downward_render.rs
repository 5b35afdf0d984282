//! `podinit downward render`: the volume as its user gets it, whole whatever happens.

use crate::common::*;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const ITEMS: &str = "
      - {path: labels, fieldRef: {fieldPath: metadata.labels}}
      - {path: annotations, fieldRef: {fieldPath: metadata.annotations}}
      - {path: a/name, fieldRef: {fieldPath: metadata.name}, mode: 0400}
      - {path: cpu, resourceFieldRef: {containerName: app, resource: limits.cpu}}
      - {path: memory, resourceFieldRef: {containerName: app, resource: limits.memory, divisor: 1Mi}}
      - {path: storage, resourceFieldRef: {containerName: app, resource: limits.ephemeral-storage, divisor: 1Gi}}";

/// A pod with one annotation.
pub fn pod(annotation: &str) -> String {
    let annotation = serde_json::to_string(annotation).unwrap();
    format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: web, labels: {{app: web, tier: \"1\"}}, annotations: {{note: {annotation}}}}}
spec:
  containers: [{{name: app, image: x}}]
  volumes:
  - name: podinfo
    downwardAPI:
      items:{ITEMS}
"
    )
}

/// Renders `pod.yaml` of this directory to its folder `out`.
pub fn render(dir: &TempDir) -> Run {
    let arguments = ["downward", "render", "-f", "pod.yaml", "--volume", "podinfo", "--out", "out"];
    own().cwd(dir.path()).args(arguments)
}

fn rendered(manifest: &str, name: &str) -> String {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, manifest);
    render(&dir).finish().exits(0).silently();
    fs::read_to_string(dir.path().join("out").join(name)).unwrap()
}

/// What is at the top, the timestamped folder as `..T`.
pub fn names(out: &Path) -> Vec<String> {
    let entries = fs::read_dir(out).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        names.map(|name| if name.starts_with("..2") { "..T".to_owned() } else { name }).collect();
    names.sort();
    names
}

/// What is at the top of it.
pub const ALL: [&str; 8] =
    ["..T", "..data", "a", "annotations", "cpu", "labels", "memory", "storage"];

#[test]
fn the_volume_as_the_kubelet_writes_it() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, pod("two\nlines"));
    let allocatable = ["--node-allocatable", "cpu=2500m,memory=8Gi,ephemeral-storage=100Gi"];
    render(&dir).args(allocatable).umask(0o077).finish().exits(0).silently();
    let out = dir.path().join("out");
    assert_eq!(names(&out), ALL);
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    assert_eq!(read("labels"), "app=\"web\"\ntier=\"1\"");
    assert_eq!(read("annotations"), "note=\"two\\nlines\"");
    assert_eq!((read("a/name"), read("cpu")), ("web".into(), "3".into()));
    assert_eq!((read("memory"), read("storage")), ("8192".into(), "100".into()));
    let mode = |name: &str| fs::metadata(out.join(name)).unwrap().mode() & 0o7777;
    assert_eq!(
        (mode("."), mode("..data"), mode("labels"), mode("a/name")),
        (0o755, 0o755, 0o644, 0o400)
    );
    // kubelet D25: these are the umask's.
    assert_eq!(mode("a"), 0o700);
    let before = fs::read_link(out.join("..data")).unwrap();
    render(&dir).args(allocatable).finish().exits(0).silently();
    assert_eq!(fs::read_link(out.join("..data")).unwrap(), before);
    dir.write("pod.yaml", 0o644, pod("other"));
    render(&dir).args(allocatable).finish().exits(0).silently();
    assert_ne!(fs::read_link(out.join("..data")).unwrap(), before);
    assert_eq!(
        (read("annotations"), names(&out)),
        ("note=\"other\"".into(), ALL.map(str::to_owned).into())
    );
}

/// Where nothing is said of the node, it is this machine.
#[test]
fn without_a_node_it_is_this_machine() {
    let cpus: usize = rendered(&pod(""), "cpu").parse().unwrap();
    assert!(cpus >= 1);
    let memory: u64 = rendered(&pod(""), "memory").parse().unwrap();
    assert!(memory > 16, "{memory}");
}

/// Of which a container has what its control group allows, in both versions of these.
#[test]
fn without_a_node_the_control_group_counts() {
    let dir = TempDir::new();
    let millis = [
        "{path: cpu, resourceFieldRef: {containerName: app, resource: limits.cpu",
        ", divisor: 1m",
    ];
    dir.write("pod.yaml", 0o644, pod("").replace(millis[0], &millis.concat()));
    let rendered = |version: &str, files: &[(&str, &str)]| {
        for (name, content) in files {
            let path = dir.path().join(version).join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let podinit = Subject::podinit();
        let script = format!(
            "set -e; mount --bind {version} /sys/fs/cgroup
             '{}' downward render -f pod.yaml --volume podinfo --out out
             cat out/cpu; echo; cat out/memory",
            podinit.path().display()
        );
        let run = Run::program("/usr/bin/unshare").args(["--mount", "/bin/sh", "-c", &script]);
        run.cwd(dir.path()).finish().exits(0).stdout
    };
    let second = [("memory.max", "67108864\n"), ("cpu.max", "50000 100000\n")];
    assert_eq!(rendered("second", &second), "500\n64");
    let first = [
        ("memory/memory.limit_in_bytes", "67108864\n"),
        ("cpu/cpu.cfs_quota_us", "25000\n"),
        ("cpu/cpu.cfs_period_us", "100000\n"),
    ];
    assert_eq!(rendered("first", &first), "250\n64");
    let whole = rendered("neither", &[("memory.max", "max\n"), ("cpu.max", "max 100000\n")]);
    let (cpu, memory) = whole.split_once('\n').unwrap();
    assert!(cpu.parse::<u64>().unwrap() >= 1000 && memory.parse::<u64>().unwrap() > 64, "{whole}");
}

#[test]
fn a_megabyte_of_annotations() {
    // Half of it is written with a backslash.
    let text: String = (0..1 << 19).map(|n| if n % 2 == 0 { 'é' } else { '"' }).collect();
    let quoted = format!("note=\"{}\"", text.replace('"', "\\\""));
    assert_eq!(text.len(), 3 << 18);
    assert_eq!(rendered(&pod(&text), "annotations"), quoted);
    let text = "x".repeat(1 << 20);
    assert_eq!(rendered(&pod(&text), "annotations").len(), (1 << 20) + "note=\"\"".len());
}

#[test]
fn odd_names() {
    let dir = TempDir::new();
    let odd = ["sp ace", "ünï/😀", ".hidden", "x..y", "-n", "*", "new\nline", "q\"'\\", "a/..x"];
    let items: Vec<_> = odd
        .into_iter()
        .map(|path| serde_json::json!({"path": path, "fieldRef": {"fieldPath": "metadata.name"}}))
        .collect();
    let pod = serde_json::json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"},
        "spec": {
            "containers": [{"name": "app", "image": "x"}],
            "volumes": [{"name": "podinfo", "downwardAPI": {"items": items}}],
        },
    });
    dir.write("pod.yaml", 0o644, pod.to_string());
    render(&dir).finish().exits(0).silently();
    for path in odd {
        assert_eq!(
            fs::read_to_string(dir.path().join("out").join(path)).unwrap(),
            "web",
            "{path:?}"
        );
    }
}

#[test]
fn what_is_wrong_is_told_and_nothing_is_written() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, pod(""));
    dir.write("file", 0o644, "");
    let with = |arguments: &[&str]| {
        let all = [&["downward", "render"], arguments].concat();
        own().cwd(dir.path()).args(all).finish().exits(125)
    };
    let all = |file: &str, volume: &str, out: &str, more: &[&str]| {
        let known = ["-f", file, "--volume", volume, "--out", out];
        with(&[&known, more].concat())
    };
    for (finished, says) in [
        (
            with(&[]),
            "the following required arguments were not provided: --file <POD> --volume <NAME> --out <DIR>",
        ),
        (all("none.yaml", "podinfo", "out", &[]), "none.yaml: No such file or directory"),
        (all("file", "podinfo", "out", &[]), "file: no pod in it"),
        (
            all("pod.yaml", "data", "out", &[]),
            "pod.yaml: spec.volumes: there is no volume \"data\" (there are: podinfo)",
        ),
        (all("pod.yaml", "podinfo", "no/such", &[]), "--out no/such: No such file or directory"),
        (all("pod.yaml", "podinfo", "file", &[]), "--out file: Not a directory"),
        (
            all("pod.yaml", "podinfo", "out", &["--node-allocatable", "gpu=1"]),
            "--node-allocatable: \"gpu\" is none of cpu, memory, ephemeral-storage",
        ),
        (
            all("pod.yaml", "podinfo", "out", &["--node-allocatable", "cpu"]),
            "--node-allocatable: \"cpu\" is not NAME=AMOUNT (try cpu=2,memory=8Gi)",
        ),
        (
            all("pod.yaml", "podinfo", "out", &["--node-allocatable", "cpu=-1"]),
            "--node-allocatable: \"cpu=-1\" is less than nothing (try cpu=2,memory=8Gi)",
        ),
        (
            all("pod.yaml", "podinfo", "out", &["--exec", "exec:true"]),
            "the following required arguments were not provided: --watch",
        ),
    ] {
        let told = finished.stderr.strip_prefix("podinit: downward: ").unwrap_or_default();
        assert!(told.starts_with(says), "{finished:?}");
        assert_eq!((finished.stderr.lines().count(), &*finished.stdout), (1, ""));
    }
    assert!(!dir.path().join("out").exists());
    for (arguments, says) in [
        (&["downward"][..], "'podinit downward' requires a subcommand but one was not provided"),
        (&["downward", "rendr"], "unrecognized subcommand 'rendr'"),
    ] {
        let finished = own().args(arguments).finish().exits(125);
        assert!(finished.stderr.starts_with(&format!("podinit: downward: {says}")), "{finished:?}");
    }
    let help = own().args(["downward", "render", "--help"]).finish().exits(0);
    assert!(help.stdout.contains("--node-allocatable"), "{help:?}");
}

/// A field that only looks right is told, and what hides an item too.
#[test]
fn warnings() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, pod("").replace("image: x", "imagee: x"));
    fs::create_dir(dir.file("out")).unwrap();
    dir.write("out/labels", 0o644, "mine");
    let finished = render(&dir).finish().exits(0);
    let lines: Vec<&str> = finished.stderr.lines().collect();
    assert!(
        lines[0]
            .starts_with("podinit: downward: pod.yaml: spec.containers[0].imagee: unknown field"),
        "{finished:?}"
    );
    assert_eq!(
        lines[1],
        "podinit: downward: --out out: labels: something else has this name, and hides the file (remove it)"
    );
    assert_eq!(fs::read_to_string(dir.file("out/labels")).unwrap(), "mine");
}
