//! `podinit probe exec:…`: kubelet P11 to P19, less what podinit does on purpose otherwise.

use crate::common::*;
use std::fs;

/// A probe of the witness with these steps, with the result as JSON.
fn probe(command: &str) -> Run {
    own().args(["probe", "-o", "json", "--timeout", "20s", &format!("exec:{command}")])
}

fn shell(script: &str) -> Run {
    probe(&format!("/bin/sh -c '{script}'"))
}

#[track_caller]
fn value(finished: &Finished) -> serde_json::Value {
    serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{finished:?}"))
}

// kubelet P11: words, and nothing that only a shell would know.
#[test]
fn p11_no_shell_is_between() {
    let run = probe("printf %s. \"a b\" c\\ d $HOME * ; | > x && true").env("HOME", "/root");
    let expected = "a b.c d.$HOME.*.;.|.>.x.&&.true.";
    assert_eq!(value(&run.finish().exits(0))["output"], expected);
}

// kubelet P12
#[test]
fn p12_zero_is_success_and_all_else_failure() {
    for code in [0, 1, 2, 77, 126, 127, 137, 255] {
        let finished = shell(&format!("exit {code}")).finish().exits(i32::from(code != 0));
        let value = value(&finished);
        assert_eq!(value["result"], if code == 0 { "success" } else { "failure" });
        assert_eq!(
            (&value["seen"], &value["errored"]),
            (&format!("exit {code}").into(), &false.into())
        );
    }
    let finished = shell("kill -9 $$").finish().exits(1);
    assert_eq!(value(&finished)["seen"], "killed by KILL");
}

// kubelet P13: standard output, then standard error, whatever came first.
#[test]
fn p13_output_is_stdout_then_stderr() {
    let finished = shell("echo first >&2; echo second; exit 3").finish().exits(1);
    let value = value(&finished);
    assert_eq!(value["output"], "second\nfirst\n");
    assert_eq!(value["seen"], "exit 3: second first");
}

// kubelet P13: the first 10240 bytes; and whoever prints more is not held up.
#[test]
fn p13_output_is_cut_to_10_kib() {
    let finished =
        shell("head -c 9000 /dev/zero | tr \"\\0\" a; head -c 3000000 /dev/zero >&2").finish();
    let value = value(&finished.exits(0));
    let output = value["output"].as_str().unwrap();
    assert_eq!((output.len(), output.trim_matches('a').len()), (10_240, 1_240));
}

// kubelet P14
#[test]
fn p14_a_timeout_is_a_failure_in_the_kubelets_words() {
    let run = own().args(["probe", "exec:sleep 50", "--timeout", "250ms", "-o", "json"]);
    let value = value(&run.finish().exits(1));
    let expected = "command timed out: \"sleep 50\" timed out after 250ms";
    assert_eq!((&value["output"], &value["result"]), (&expected.into(), &"failure".into()));
}

// kubelet P15: it says nothing about the target. There it is discarded; here it is a failure that says so.
#[test]
fn p15_what_cannot_be_run_is_unknown_and_errored() {
    let dir = TempDir::new();
    dir.write("text", 0o644, "no program");
    dir.write("odd", 0o755, "#!/no/such/interpreter\n");
    for (program, why) in [
        ("no-such-program".to_owned(), "not found in PATH"),
        ("/no/such/program".to_owned(), "no such file or directory"),
        (dir.file("text"), "permission denied"),
        (dir.file("odd"), "no such file or directory"),
        (dir.path().to_str().unwrap().to_owned(), "permission denied"),
    ] {
        let value = value(&probe(&program).finish().exits(1));
        assert_eq!((&value["result"], &value["errored"]), (&"unknown".into(), &true.into()));
        assert_eq!(value["seen"], format!("\"{program}\" cannot be run: {why}"));
    }
}

// kubelet P17: what the container has, podinit passes on; no terminal, nothing to read.
#[test]
fn p17_the_command_has_podinits_environment_and_directory() {
    let dir = TempDir::new();
    let command = format!("{} report {} exit 0", witness(), dir.file("report"));
    probe(&command).cwd("/usr").env("A", "b c").blocked([34]).ignored([2]).finish().exits(0);
    let report = Report::read(&dir.file("report")).unwrap();
    assert_eq!(report.cwd(), "/usr");
    assert!(report.env().contains(&b"A=b c".to_vec()));
    assert_eq!((report.blocked(), report.ignored()), (vec![34], vec![2]));
    assert_eq!(report.descriptors(), [0, 1, 2]);
    assert_eq!(report.get("pid"), report.get("sid"));
    assert_eq!(value(&shell("cat; tty").finish().exits(1))["output"], "not a tty\n");
}

// kubelet P18, departed from: the whole tree goes, wherever it has moved.
#[test]
fn p18_a_timeout_kills_all_that_was_started() {
    let dir = TempDir::new();
    let witness = witness();
    let daemons: String =
        (0..3).map(|n| format!("{witness} daemon {}; ", dir.file(&format!("d{n}")))).collect();
    let script = format!("{daemons} (setsid sleep 77 &) ; sleep 77");
    for run in [own(), own().pid1()] {
        let action = format!("exec:/bin/sh -c '{script}'");
        let running = run.args(["probe", &action, "--timeout", "4s"]).spawn();
        let started = || {
            (0..3).all(|n| fs::read(dir.file(&format!("d{n}"))).is_ok_and(|text| !text.is_empty()))
        };
        let below = running.until("all run", || {
            let below = descendants(running.pid());
            (started() && below.len() >= 7).then_some(below)
        });
        let mut running = running;
        running.wait().exits(1);
        for pid in below {
            eventually("it is gone", || !is_alive(pid));
        }
        (0..3).for_each(|n| fs::remove_file(dir.file(&format!("d{n}"))).unwrap());
    }
}

// kubelet P18, departed from: nor does it outlive the probe, however that ends.
#[test]
fn p18_a_stop_ends_the_command_too() {
    for signal in [libc::SIGTERM, libc::SIGKILL] {
        let mut running = own().args(["probe", "exec:sleep 77", "--timeout", "1h"]).spawn();
        let command = running.until("it runs", || {
            let below = descendants(running.pid());
            below.into_iter().find(|pid| status(*pid, "Name").as_deref() == Some("sleep"))
        });
        running.signal(signal);
        running.wait();
        eventually("the command is gone", || !is_alive(command));
    }
}

// kubelet P19, departed from: the exit code decides, not who else holds the pipe; and that one lives on.
#[test]
fn p19_a_background_child_that_holds_the_pipe_does_not_hold_the_probe() {
    let dir = TempDir::new();
    let script = format!("{} daemon {}; echo started", witness(), dir.file("daemon"));
    let running = own().pid1().args([
        "--grace-period",
        "0",
        "--",
        &Subject::podinit().path().display().to_string(),
    ]);
    let mut running =
        running.args(["wait", &format!("exec:/bin/sh -c '{script}'"), "--", "sleep", "77"]).spawn();
    running.until("the command is exec'd", || {
        descendants(running.pid())
            .iter()
            .any(|pid| status(*pid, "Name").as_deref() == Some("sleep"))
            .then_some(())
    });
    let daemon = || {
        descendants(running.pid())
            .into_iter()
            .find(|pid| status(*pid, "Name").as_deref() == Some("witness"))
    };
    assert!(daemon().is_some(), "the daemon was ended");
    running.signal(libc::SIGTERM);
    running.wait().exits(137);
}

/// Processes that were podinit's children before are none of the command's.
#[test]
fn a_timeout_leaves_strangers_alone() {
    let binary = Subject::podinit();
    let script = format!(
        "sleep 77 & echo $!; exec {} probe 'exec:sleep 78' --timeout 300ms",
        binary.path().display()
    );
    let finished = Run::program("/bin/sh").args(["-c", &script]).finish().exits(1);
    let stranger: i32 = finished.stdout.lines().next().unwrap().parse().unwrap();
    assert!(is_alive(stranger), "{finished:?}");
    send(stranger, libc::SIGKILL);
}

/// A fork bomb that does not want to die.
#[test]
fn a_timeout_ends_those_who_go_on_forking() {
    let script = "f() { f | f & }; trap \"\" TERM INT HUP; while :; do sleep 0.01 & done";
    let action = format!("exec:/bin/sh -c '{script}'");
    let mut running = own().pid1().args(["probe", &action, "--timeout", "500ms"]).spawn();
    let finished = running.wait().exits(1);
    assert!(finished.stdout.starts_with("command timed out"), "{finished:?}");
}
