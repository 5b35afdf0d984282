//! `--pod`: what a program is given of its manifest, and what is said of a manifest that is wrong.

use crate::common::*;

/// A pod of one container, with these lines in it.
fn pod(container: &str) -> String {
    let lines: String = container.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  containers:\n  - name: app\n{lines}"
    )
}

/// podinit with this manifest, called `pod.yaml`, in the directory it stands in.
fn with(dir: &TempDir, manifest: &str) -> Run {
    dir.write("pod.yaml", 0o644, manifest);
    own().cwd(dir.path()).args(["--pod", "pod.yaml"])
}

#[track_caller]
fn refused(run: Run, says: &str) {
    let finished = run.args(["--", "/bin/echo", "started"]).finish().exits(125);
    assert_eq!((&*finished.stderr, &*finished.stdout), (&*format!("podinit: {says}\n"), ""));
}

fn witness_command(steps: &[&str]) -> String {
    let words = [&[witness()], steps].concat();
    format!("command: {}", serde_json::to_string(&words).unwrap())
}

#[test]
fn the_program_gets_what_its_container_says() {
    let dir = TempDir::new();
    let folder = TempDir::new();
    folder.write("key", 0o644, "from a map");
    folder.write("OTHER", 0o644, "of all");
    let report = dir.file("report");
    let manifest = pod(&format!(
        "{}
args: [report, $(REPORT), exit, '0']
workingDir: /usr
env:
- {{name: REPORT, value: {report}}}
- {{name: KEY, valueFrom: {{configMapKeyRef: {{name: settings, key: key}}}}}}
- {{name: NAME, valueFrom: {{fieldRef: {{fieldPath: metadata.name}}}}}}
- {{name: CPUS, valueFrom: {{resourceFieldRef: {{resource: limits.cpu}}}}}}
- {{name: MEMORY, valueFrom: {{resourceFieldRef: {{resource: limits.memory}}}}}}
- {{name: BOTH, value: $(NAME)-$$(x)}}
- {{name: GIVEN, value: mine}}
envFrom: [{{prefix: P_, configMapRef: {{name: settings}}}}]
securityContext: {{runAsUser: 4242, runAsGroup: 4343, allowPrivilegeEscalation: false}}",
        witness_command(&[])
    ));
    let run = with(&dir, &manifest).env("GIVEN", "theirs").env("KEPT", "as it was");
    let from = format!("settings={}", folder.path().display());
    run.args(["--env-from", &from]).finish().exits(0).silently();
    let report = Report::read(&report).expect("the program ran");
    assert_eq!(report.args().first().map(Vec::as_slice), Some(witness().as_bytes()));
    assert_eq!(report.cwd(), "/usr");
    assert_eq!((report.get("uid"), report.get("gid")), ("4242 4242 4242", "4343 4343 4343"));
    for (name, value) in [
        ("KEY", "from a map"),
        ("NAME", "web"),
        ("BOTH", "web-$(x)"),
        ("GIVEN", "mine"),
        ("KEPT", "as it was"),
        ("P_OTHER", "of all"),
        ("HOME", "/"),
    ] {
        assert_eq!(report.var(name).as_deref(), Some(value), "{name}");
    }
    let number = |name| report.var(name).unwrap().parse::<u64>().unwrap();
    assert!(number("CPUS") >= 1 && number("MEMORY") > 1 << 20);
    assert_eq!(report.env().iter().filter(|entry| entry.starts_with(b"GIVEN=")).count(), 1);
}

/// kubelet E21: COMMAND is what the image would start.
#[test]
fn the_command_line_is_the_image_s() {
    let dir = TempDir::new();
    with(&dir, &pod("image: x")).witness(["exit", "5"]).finish().exits(5);
    with(&dir, &pod("args: [exit, '7']")).witness(["exit", "5"]).finish().exits(7);
    let run = with(&dir, &pod(&witness_command(&["exit", "8"])));
    run.args(["--", "/no/such", "thing"]).finish().exits(8);
    with(&dir, &pod(&witness_command(&["exit", "8"]))).finish().exits(8);
    let says = "--pod pod.yaml: spec.containers[0].command: there is nothing to start: images are not pulled here, so write the command";
    let finished = with(&dir, &pod("image: x")).finish().exits(125);
    assert_eq!(finished.stderr, format!("podinit: {says}\n"));
}

#[test]
fn an_option_wins_over_the_manifest() {
    let dir = TempDir::new();
    let manifest =
        pod("workingDir: /usr\nenv: [{name: HOME, value: /own}]\nsecurityContext: {runAsUser: 1}");
    let run = with(&dir, &manifest).args(["--chdir", "/tmp", "--user", "4242:4343"]);
    let report = reported(run);
    assert_eq!((report.cwd(), report.get("uid")), ("/tmp".to_owned(), "4242 4242 4242"));
    assert_eq!(report.var("HOME").as_deref(), Some("/own"));
    // And no more is taken than is said.
    let report = reported(with(&dir, &manifest).args(["--take", "hooks,probes"]));
    assert_eq!((report.get("uid"), report.var("HOME")), ("0 0 0", None));
    // `--user` says who it is, whatever the manifest would have it be.
    let root = pod("securityContext: {runAsUser: 0, runAsNonRoot: true}");
    let report = reported(with(&dir, &root).args(["--user", "4242"]));
    assert_eq!(report.get("uid"), "4242 4242 4242");
    let says = "podinit would run it as root (write another runAsUser, or --user)";
    let says = format!("--pod pod.yaml: spec.containers[0].securityContext.runAsNonRoot: {says}");
    refused(with(&dir, &root), &says);
    refused(with(&dir, &root.replace("runAsUser: 0", "runAsUser: 1")).args(["--user", "0"]), &says);
}

#[test]
fn the_grace_period_and_the_stop_signal_are_the_manifest_s() {
    let manifest = pod("lifecycle: {stopSignal: SIGUSR2}")
        .replace("spec:", "spec:\n  os: {name: linux}\n  terminationGracePeriodSeconds: 1");
    for (args, signal) in [(&[][..], libc::SIGUSR2), (&["--stop-signal", "QUIT"], libc::SIGQUIT)] {
        let dir = TempDir::new();
        let (mut running, recording) = recorded(with(&dir, &manifest).args(args), &dir);
        running.signal(libc::SIGTERM);
        running.wait().exits(128 + libc::SIGKILL);
        assert_eq!(recording.signals(), [signal]);
    }
}

#[test]
fn what_is_wrong_with_a_manifest_is_told_with_its_place() {
    let dir = TempDir::new();
    for (manifest, says) in [
        (pod("").replace("name: app", "image: x"), "spec.containers[0].name: Required value"),
        (pod("tty: [1]"), "spec.containers[0].tty: expected a boolean, found a sequence (line 7)"),
        (
            pod("livenessProbe: {httpGet: {port: web, path: /}}"),
            "spec.containers[0].livenessProbe.httpGet.port: the container has no port named \"web\", nor any other (name one in ports)",
        ),
        (
            pod("lifecycle: {stopSignal: SIGUSR1}"),
            "spec.containers[0].lifecycle.stopSignal: Forbidden: may not be set for containers with empty `spec.os.name` (write os: {name: linux} in spec)",
        ),
        (
            pod("envFrom: [{secretRef: {name: s}}]"),
            "spec.containers[0].envFrom[0]: there is no Secret \"s\" (offer a folder with a file for each key, or a file of KEY=VALUE lines: --env-from NAME=PATH)",
        ),
        (
            pod("securityContext: {runAsNonRoot: true}"),
            "spec.containers[0].securityContext.runAsNonRoot: podinit would run it as root (write another runAsUser, or --user)",
        ),
        (
            pod("").replace("spec:", "spec:\n  securityContext: {runAsNonRoot: true}"),
            "spec.securityContext.runAsNonRoot: podinit would run it as root (write another runAsUser, or --user)",
        ),
        (
            pod("").replace("- name: app", "- name: app\n  - name: web"),
            "there are several containers: say which with --container NAME (app, web)",
        ),
        (
            String::new(),
            "no pod in it; write one of Pod, PodTemplate, ReplicationController, ReplicaSet, Deployment, StatefulSet, DaemonSet, Job, CronJob",
        ),
        ("{".to_owned(), "line 1, column 1: EOF while parsing an object"),
    ] {
        refused(with(&dir, &manifest), &format!("--pod pod.yaml: {says}"));
    }
    // All of them, a line each.
    let run = with(&dir, &pod("livenessProbe: {}").replace("name: app", "name: App"));
    let finished = run.finish().exits(125);
    let lines: Vec<&str> = finished.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{finished:?}");
    for (line, field) in lines.iter().zip(["name", "livenessProbe"]) {
        let start = format!("podinit: --pod pod.yaml: spec.containers[0].{field}: ");
        assert!(line.starts_with(&start), "{line}");
    }
}

#[test]
fn what_is_wrong_with_its_options_is_named() {
    let dir = TempDir::new();
    let manifest = pod("");
    let folder = format!("s={}", dir.file("none"));
    for (args, says) in [
        (&["--container", "db"][..], "--container: pod.yaml has no container \"db\" (it has app)"),
        (&["--take", "hook"], "--take: \"hook\" is none of hooks, probes, env, security"),
        (&["--env-from", "x"], "--env-from: \"x\" is not NAME=PATH (try settings=/etc/settings)"),
        (
            &["--env-from", "=/x"],
            "--env-from: \"=/x\" is not NAME=PATH (try settings=/etc/settings)",
        ),
    ] {
        refused(with(&dir, &manifest).args(args), says);
    }
    for (args, name) in [
        (["--container", "app"], "--container"),
        (["--take", "env"], "--take"),
        (["--env-from", "x=/x"], "--env-from"),
    ] {
        refused(own().args(args), &format!("{name}: is about a manifest: write --pod FILE too"));
    }
    let manifest = pod("envFrom: [{secretRef: {name: s}}]");
    let why = format!("{}: No such file or directory", dir.file("none"));
    refused(
        with(&dir, &manifest).args(["--env-from", &folder]),
        &format!(
            "--pod pod.yaml: spec.containers[0].envFrom[0]: the Secret \"s\" cannot be read: {why}"
        ),
    );
}

/// As the kubelet mounts one: what is exchanged at once lies in folders of two dots.
#[test]
fn a_mounted_folder_is_an_object() {
    let dir = TempDir::new();
    let folder = dir.file("mounted");
    std::fs::create_dir_all(format!("{folder}/..2026_01")).unwrap();
    std::fs::write(format!("{folder}/..2026_01/KEY"), b"\xff bytes\n").unwrap();
    std::os::unix::fs::symlink("..2026_01", format!("{folder}/..data")).unwrap();
    std::os::unix::fs::symlink("..data/KEY", format!("{folder}/KEY")).unwrap();
    let manifest =
        pod("envFrom: [{secretRef: {name: s}}, {configMapRef: {name: t, optional: true}}]");
    // One given twice is the latter.
    let from = format!("s=/no/such,s={folder}");
    let report = reported(with(&dir, &manifest).env("PODINIT_ENV_FROM", &from));
    let keys = report.env().into_iter().filter(|entry| entry.starts_with(b"KEY"));
    assert_eq!(keys.collect::<Vec<_>>(), [b"KEY=\xff bytes\n"]);
    assert!(!report.env().iter().any(|entry| entry.starts_with(b"..")));
    std::fs::write(format!("{folder}/a=b"), "").unwrap();
    let run = with(&dir, &manifest).args(["--env-from", &from]).witness(["exit", "6"]);
    let says = "podinit: pod.yaml: spec.containers[0].envFrom: no variable can be called \"a=b\"\n";
    assert_eq!(run.finish().exits(6).stderr, says);
    std::fs::write(format!("{folder}/BIG"), vec![b'x'; 3 << 19]).unwrap();
    refused(
        with(&dir, &manifest).args(["--env-from", &format!("s={folder}")]),
        &format!(
            "--pod pod.yaml: spec.containers[0].envFrom[0]: the Secret \"s\" cannot be read: {folder}: larger than 1572864 bytes, which is the most"
        ),
    );
}

/// As `kubectl create configmap --from-env-file` reads it.
#[test]
fn an_object_can_be_a_file_of_lines() {
    let dir = TempDir::new();
    let manifest = pod("envFrom: [{configMapRef: {name: s}}]");
    dir.write("lines", 0o644, "\u{feff}# settings\n\n  ONE=1 = one \r\nTWO=\n");
    let file = dir.file("lines");
    let from = format!("s={file}");
    let report = reported(with(&dir, &manifest).args(["--env-from", &from]));
    let var = |name| report.var(name).unwrap_or_default();
    assert_eq!((var("ONE").as_str(), var("TWO").as_str()), ("1 = one ", ""));
    assert_eq!(report.var("# settings"), None);
    for (lines, says) in [
        (&b"A=1\nsecret\n"[..], "line 2 is not KEY=VALUE"),
        (b"=secret", "line 1 is not KEY=VALUE"),
        (b"A=\xff", "stream did not contain valid UTF-8"),
        (&[b'#'; (3 << 19) + 1], "larger than 1572864 bytes, which is the most"),
    ] {
        dir.write("lines", 0o644, lines);
        let run = with(&dir, &manifest).args(["--env-from", &from]);
        let place =
            "--pod pod.yaml: spec.containers[0].envFrom[0]: the ConfigMap \"s\" cannot be read";
        refused(run, &format!("{place}: {file}: {says}"));
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let dir = TempDir::new();
    dir.write("huge", 0o644, vec![b' '; (3 << 19) + 1]);
    dir.write("largest", 0o644, vec![b' '; 3 << 19]);
    for (file, says) in [
        ("none", "No such file or directory"),
        (".", "Is a directory"),
        ("/dev/zero", "neither a file nor a pipe"),
        ("huge", "larger than 1572864 bytes, which is the most"),
    ] {
        let run = own().cwd(dir.path()).args(["--pod", file]);
        refused(run, &format!("--pod {file}: {says}"));
    }
    let finished = own().cwd(dir.path()).args(["--pod", "largest", "--", "x"]).finish().exits(125);
    assert!(finished.stderr.contains("no pod in it"), "{finished:?}");
    dir.write("secret", 0o000, pod(""));
    let user = unused_user();
    let run = own().cwd(dir.path()).args(["--pod", "secret"]).user(user, user, &[]);
    refused(run, "--pod secret: Permission denied");
    let run = own().env("PODINIT_POD", "no\nsuch");
    refused(run, "PODINIT_POD no\\nsuch: No such file or directory");
}

/// As a variable, with COMMAND's own words after it.
#[test]
fn warnings_are_told_once_and_start_the_program() {
    let dir = TempDir::new();
    let other = "\n  - name: other\n    resizePolicy: []\n    securityContext: {privileged: true}";
    let manifest = pod("livenesProbe: {}
terminationMessagePath: /x
terminationMessagePolicy: FallbackToLogsOnError
resources: {limits: {cpu: 1}}
volumeMounts: [{name: v, mountPath: /v}]
securityContext: {capabilities: {drop: [KILL]}, privileged: false}")
    .replace("spec:", "spec:\n  affinity: {}\n  activeDeadlineSeconds: 5\n  hostNetwork: true\n  hostname: h
  shareProcessNamespace: true\n  resources: {limits: {memory: 1Gi}}\n  volumes: [{name: v, emptyDir: {}}]");
    let run = with(&dir, &(manifest.clone() + &other[1..] + "\n"));
    let finished = run.args(["--container", "app"]).witness(["exit", "6"]).finish().exits(6);
    let own = "spec.containers[0]";
    let expected = [
        "podinit: pod.yaml: spec.containers[0].livenesProbe: unknown field (line 14): did you mean livenessProbe?".to_owned(),
        format!("podinit: pod.yaml: not honoured here: spec.affinity, {own}.securityContext.privileged, spec.hostNetwork, spec.hostname, \
                 spec.resources.limits, spec.shareProcessNamespace, spec.activeDeadlineSeconds, \
                 {own}.resources.limits, {own}.volumeMounts, {own}.terminationMessagePolicy"),
    ];
    assert_eq!(finished.stderr.lines().collect::<Vec<_>>(), expected);
    // Nobody misses what was not asked for.
    let run = with(&dir, &manifest).args(["--take", "env"]).witness(["exit", "6"]);
    assert!(!run.finish().exits(6).stderr.contains("securityContext"));
    with(&dir, &manifest).arg("-q").witness(["exit", "6"]).finish().exits(6).silently();
    let json = with(&dir, &manifest).args(["--log-format", "json"]).witness(["exit", "6"]);
    let json = json.finish().exits(6);
    assert_eq!(json.stderr.lines().count(), 2);
    for line in json.stderr.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((&line["level"], &line["event"]), (&"warning".into(), &"manifest".into()));
        assert!(line["msg"].as_str().unwrap().starts_with("pod.yaml: "));
    }
    let run = with(&dir, &pod("")).env("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    let finished = run.witness(["exit", "6"]).finish().exits(6);
    assert_eq!(
        finished.stderr,
        "podinit: pod.yaml: KUBERNETES_SERVICE_HOST is set: a kubelet that has this manifest does all that it says too\n"
    );
}

#[test]
fn where_podinit_is_switched_off_the_program_still_gets_its_user_directory_and_variables() {
    let dir = TempDir::new();
    let manifest =
        pod("workingDir: /usr\nenv: [{name: A, value: b}]\nsecurityContext: {runAsUser: 4242}");
    let report = reported(with(&dir, &manifest).env("PODINIT_DISABLED", "1"));
    assert_eq!((report.cwd(), report.get("uid")), ("/usr".to_owned(), "4242 4242 4242"));
    assert_eq!(report.var("A").as_deref(), Some("b"));
    let finished =
        own().env("PODINIT_DISABLED", "1").env("PODINIT_POD", "/no").args(["--", "/bin/true"]);
    finished.finish().exits(125);
}
