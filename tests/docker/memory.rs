//! An app that runs out of its container's memory, as the kernel's count in the cgroup tells (kubelet T25, T26).

use serde_json::Value;

use crate::engine::{Output, Run};
use crate::images::SHELL;

/// Takes memory until somebody is killed.
const EAT: &str = "x=x; while :; do x=$x$x; done";

fn run(options: &[&str], script: &str) -> Output {
    let options = ["--status-fd", "1"].iter().chain(options).copied();
    let run = Run::new(&SHELL).flags(["--memory", "32m", "--memory-swap", "32m"]);
    run.options(options).script(script).finish()
}

/// (exit code, reason) of each instance.
fn ends(output: &Output) -> Vec<(i64, String)> {
    let lines = output.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let ended = lines.filter(|line: &Value| line["event"] == "Terminated");
    let end = ended.map(|line| line["status"]["state"]["terminated"].clone());
    end.map(|end| {
        let reason = end["reason"].as_str().expect("a reason").to_owned();
        (end["exitCode"].as_i64().expect("an exit code"), reason)
    })
    .collect()
}

#[test]
#[ignore = "needs a Docker engine"]
fn t25_an_app_that_runs_out_of_memory() {
    let script = format!("[ -e /tmp/once ] && exit 0; echo >/tmp/once; {EAT}");
    for probe in [&[][..], &["--readiness", "exec:true"]] {
        let output = run(&[&["--restart", "on-failure"], probe].concat(), &script);
        assert_eq!(output.code, 0, "{output:?}");
        let expected = [(137, "OOMKilled".to_owned()), (0, "Completed".to_owned())];
        assert_eq!(ends(&output), expected, "{output:?}");
    }
    let output = run(&[], "kill -9 $$");
    assert_eq!(ends(&output), [(137, "Error".to_owned())], "{output:?}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn t26_a_child_that_runs_out_of_memory() {
    let script = format!("({EAT}); exit 0");
    let output = run(&[], &script);
    assert_eq!((output.code, ends(&output)), (0, vec![(0, "OOMKilled".to_owned())]), "{output:?}");
    // With a probe it may have been the victim.
    let output = run(&["--readiness", "exec:true"], &script);
    assert_eq!((output.code, ends(&output)), (0, vec![(0, "Completed".to_owned())]), "{output:?}");
}
