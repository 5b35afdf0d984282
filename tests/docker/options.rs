//! podinit's own options, in images that have what they are about.

use serde_json::Value;

use crate::engine::{Run, Volume};
use crate::images::{BARE, SHELL};

/// Runs with a mistake in it: exit code 125 and one line that names the mistake.
fn refuses<'a>(options: impl IntoIterator<Item = &'a str>, mistake: &str) {
    let output = Run::new(&SHELL).options(options).words(["/app", "exit", "0"]).finish();
    assert_eq!((output.code, output.stdout.as_str()), (125, ""), "{output:?}");
    assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
    assert!(output.stderr.contains(mistake), "no {mistake:?} in {output:?}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn the_app_runs_as_a_named_user_with_groups_and_home() {
    let output = Run::new(&SHELL).options(["--user", "worker"]).words(["/app", "who"]).finish();

    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:?}");
    output.says("uid 1500 1500 1500");
    output.says("gid 1500 1500 1500");
    // The group the user has anyway may stand among the supplementary ones, as with initgroups(3).
    let groups: Vec<u32> = serde_json::from_str(output.line("groups ")).expect("a list");
    let others: Vec<u32> = groups.into_iter().filter(|&group| group != 1500).collect();
    assert_eq!(others, [700, 701], "{output:?}");
    output.says("home /home/worker");
    output.says("CapEff: 0000000000000000");
}

#[test]
#[ignore = "needs a Docker engine"]
fn the_app_runs_as_a_named_user_of_a_named_group() {
    let output =
        Run::new(&SHELL).options(["--user", "worker:staff"]).words(["/app", "who"]).finish();

    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:?}");
    output.says("uid 1500 1500 1500");
    output.says("gid 1600 1600 1600");
    // As with `docker run --user worker:staff`, the group asked for is the only one.
    assert!(["[]", "[1600]"].contains(&output.line("groups ")), "{output:?}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_numeric_user_needs_no_passwd() {
    let output = Run::new(&BARE).options(["--user", "4321:8765"]).words(["/app", "who"]).finish();

    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:?}");
    output.says("uid 4321 4321 4321");
    output.says("gid 8765 8765 8765");
}

#[test]
#[ignore = "needs a Docker engine"]
fn an_app_of_another_user_is_stopped_and_reaped_all_the_same() {
    let app = Run::new(&SHELL).env("PODINIT_USER", "worker").words(["/app", "report"]).start();
    app.line("app ready");
    app.kill("USR1");
    app.line("app got USR1 from 1");

    app.stop(40);

    assert_eq!(app.wait(), 0);
    assert_eq!(app.logs().stderr, "");
}

#[test]
#[ignore = "needs a Docker engine"]
fn the_app_starts_in_the_folder_asked_for() {
    let output =
        Run::new(&SHELL).options(["--chdir", "/home/worker"]).words(["/app", "who"]).finish();

    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:?}");
    output.says("folder /home/worker");
}

#[test]
#[ignore = "needs a Docker engine"]
fn the_app_starts_in_the_images_folder_otherwise() {
    let output =
        Run::new(&SHELL).flags(["--workdir", "/home/worker"]).words(["/app", "who"]).finish();

    output.says("folder /home/worker");
}

#[test]
#[ignore = "needs a Docker engine"]
fn exit_codes_are_the_apps() {
    for code in ["0", "1", "125", "255"] {
        let output = Run::new(&BARE).words(["/app", "exit", code]).finish();
        assert_eq!(
            (output.code.to_string().as_str(), output.stderr.as_str()),
            (code, ""),
            "{output:?}"
        );
    }
    for (signal, code) in [("KILL", 137), ("SEGV", 139), ("64", 192)] {
        let output = Run::new(&SHELL).script(&format!("kill -{signal} $$")).finish();
        assert_eq!((output.code, output.stderr.as_str()), (code, ""), "{output:?}");
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_command_that_cannot_run_is_named() {
    for (command, code) in [("/none", 127), ("none", 127), ("/etc/passwd", 126), ("/tmp", 126)] {
        let output = Run::new(&SHELL).words([command]).finish();
        assert_eq!((output.code, output.stdout.as_str()), (code, ""), "{output:?}");
        assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
        assert!(output.stderr.contains(command), "{output:?}");
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_mistake_in_the_options_is_named() {
    refuses(["--grace-period", "soon"], "soon");
    refuses(["--no-such-option"], "--no-such-option");
    refuses(["--stop-signal", "SIGNONE"], "SIGNONE");
    refuses(["--user", "noone"], "noone");
    refuses(["--chdir", "/none"], "/none");
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_user_that_cannot_be_become_is_an_error() {
    let run = Run::new(&SHELL).flags(["--cap-drop", "ALL"]).options(["--user", "worker"]);

    let output = run.words(["/app", "exit", "0"]).finish();

    assert_eq!((output.code, output.stdout.as_str()), (125, ""), "{output:?}");
    assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn disabled_it_makes_way_for_the_app() {
    let run = Run::new(&SHELL).env("PODINIT_DISABLED", "1");

    let output = run
        .clone()
        .options(["--user", "worker", "--chdir", "/tmp"])
        .words(["/app", "who"])
        .finish();

    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:?}");
    assert!(output.stdout.contains("pid 1 parent 0"), "{output:?}");
    output.says("uid 1500 1500 1500");
    output.says("folder /tmp");
    assert_eq!(run.words(["/none"]).finish().code, 127);
}

#[test]
#[ignore = "needs a Docker engine"]
fn an_image_without_podinit_gets_it_from_a_volume() {
    let volume = Volume::new();
    let shared = format!("{}:/shared", volume.name);
    let install = Run::new(&BARE)
        .flags(["--volume", &shared])
        .entrypoint("/podinit")
        .words(["install", "/shared"]);
    // The second time it replaces what is there, even while that runs.
    for _ in 0..2 {
        let output = install.finish();
        assert_eq!(
            (output.code, output.stdout.as_str(), output.stderr.as_str()),
            (0, "", ""),
            "{output:?}"
        );
    }

    let other =
        Run::new(&SHELL).flags(["--volume", &format!("{shared}:ro")]).entrypoint("/bin/stat");
    let output = other.words(["-c", "%a %u %h", "/shared/podinit"]).finish();
    assert_eq!(output.stdout, "755 0 1\n", "{output:?}");
    let other = Run::new(&SHELL)
        .flags(["--volume", &shared, "--user", "65534"])
        .entrypoint("/shared/podinit");
    let running = other.clone().words(["--", "/app", "report"]).start();
    running.line("app ready");
    assert_eq!(install.finish().code, 0);
    running.stop(40);
    assert_eq!(running.wait(), 0);
    assert_eq!(other.words(["--", "/app", "orphan"]).finish().code, 0);
}

#[test]
#[ignore = "needs a Docker engine"]
fn json_log_lines_are_json() {
    let run = Run::new(&SHELL).options(["--log-format", "json", "-v", "--grace-period", "1s"]);
    let app = run.words(["/app", "report", "deaf"]).start();
    app.line("app ready");

    app.stop(40);

    assert_eq!(app.wait(), 137);
    let logs = app.logs();
    assert_ne!(logs.stderr, "", "verbose, and yet silent");
    for line in logs.stderr.lines() {
        let value: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        assert!(value.is_object(), "{line:?}");
    }
    assert!(logs.stdout.lines().all(|line| line.starts_with("app ")), "{logs:?}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn text_log_lines_are_podinits_own_and_apart_from_the_apps_output() {
    let output = Run::new(&SHELL).options(["-v"]).words(["/app", "exit", "0"]).finish();

    assert_eq!((output.code, output.stdout.as_str()), (0, ""), "{output:?}");
    assert_ne!(output.stderr, "", "verbose, and yet silent");
}
