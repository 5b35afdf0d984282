//! Our own command line: every flag is a variable too, and what is wrong is named with its remedy.

use crate::common::*;
use libc::{SIGKILL, SIGTERM, SIGUSR1, SIGUSR2};

#[test]
fn every_flag_is_a_variable_and_the_flag_wins() {
    let dir = TempDir::new();
    let record = |run: Run, name: &str| {
        let running = run.witness(["record", &dir.file(name)]).spawn();
        let recording = Recording::of(&running, &dir, name);
        (running, recording)
    };
    // Grace period, stop signal, stop set, rewriting.
    let run = own().env("PODINIT_GRACE_PERIOD", "100ms").env("PODINIT_STOP_SIGNAL", "QUIT");
    let run = run.env("PODINIT_STOP_ON", "USR1,PWR").env("PODINIT_REWRITE", "HUP:USR2,WINCH:0");
    let (mut running, recording) = record(run, "a");
    running.signal(libc::SIGHUP);
    recording.receives(&running, SIGUSR2);
    running.signal(libc::SIGWINCH);
    assert_eq!(recording.all_so_far(&running), [SIGUSR2]);
    running.signal(SIGUSR1);
    running.wait().exits(128 + SIGKILL);
    assert_eq!(recording.signals().last(), Some(&libc::SIGQUIT));
    // The flag wins, and replaces a list whole.
    let run = own().env("PODINIT_GRACE_PERIOD", "0").env("PODINIT_STOP_ON", "USR1");
    let (mut running, recording) =
        record(run.args(["--grace-period", "200ms", "--stop-on", "USR2"]), "b");
    running.signal(SIGUSR1);
    recording.receives(&running, SIGUSR1);
    running.signal(SIGUSR2);
    running.wait().exits(128 + SIGKILL);
    assert_eq!(recording.signals(), [SIGUSR1, SIGUSR2]);
}

#[test]
fn switches_and_the_rest_as_variables() {
    let exits = |name: &str, value: &str, code: &str| {
        own().env(name, value).witness(["exit", code]).finish()
    };
    exits("PODINIT_REMAP_EXIT", "7,9", "9").exits(0);
    assert!(exits("PODINIT_VERBOSE", "1", "0").stderr.contains("podinit: started "));
    assert!(exits("PODINIT_VERBOSE", "2", "0").stderr.contains("podinit: reaped "));
    exits("PODINIT_VERBOSE", "0", "0").silently();
    exits("PODINIT_QUIET", "yes", "0").silently();
    let json = own()
        .env("PODINIT_LOG_FORMAT", "json")
        .env("PODINIT_VERBOSE", "true")
        .witness(["exit", "0"]);
    assert!(json.finish().stderr.starts_with("{\"ts\":\""));
    let dir = TempDir::new();
    assert_eq!(
        reported(own().env("PODINIT_CHDIR", dir.path())).cwd(),
        dir.path().to_str().unwrap()
    );
    let user = reported(own().env("PODINIT_USER", "4242:4343"));
    assert_eq!((user.get("uid"), user.get("gid")), ("4242 4242 4242", "4343 4343 4343"));
    let warned =
        own().env("PODINIT_WARN_ON_REAP", "1").witness(["orphans-now", "1", "exit", "0"]).finish();
    assert!(warned.stderr.contains("reaped zombie process with pid="), "{warned:?}");
}

#[test]
fn a_flag_wins_over_the_variable_of_its_opposite() {
    let dir = TempDir::new();
    let (running, family) =
        Family::start(own().env("PODINIT_SINGLE_CHILD", "1").arg("-g"), &dir, "");
    running.signal(SIGUSR1);
    family.main.receives(&running, SIGUSR1);
    assert_eq!(family.reached(), ["main", "group"]);
    let loud = own().env("PODINIT_QUIET", "1").arg("-v").witness(["exit", "0"]).finish().exits(0);
    assert!(loud.stderr.contains("podinit: started "), "{loud:?}");
    // A variable that says no, or nothing, undoes no other.
    let loud =
        own().env("PODINIT_VERBOSE", "1").env("PODINIT_QUIET", "0").witness(["exit", "0"]).finish();
    assert!(loud.stderr.contains("podinit: started "), "{loud:?}");
    let group =
        own().env("PODINIT_GROUP", "").env("PODINIT_VERBOSE", "2").witness(["hold"]).spawn();
    group.until("it runs", || (status(group.main_pid(), "Name")? == "witness").then_some(()));
    group.signal(SIGUSR1);
    group.until("it is told", || group.stderr().contains("sent USR1 to group").then_some(()));
}

#[test]
fn a_subcommand_takes_no_stray_word() {
    for word in ["--help", "-h"] {
        for command in ["pause", "install"] {
            let help = own().args([command, word]).finish().exits(0);
            assert!(help.stdout.contains("podinit install DIR"), "{help:?}");
        }
    }
    let finished = own().args(["pause", "now"]).finish().exits(125);
    assert_eq!(
        finished.stderr,
        "podinit: pause: it takes nothing further (to run a program called pause: podinit -- pause)\n"
    );
}

/// The reason names the file that was found, and looks where the program would have been looked for.
#[test]
fn a_program_that_cannot_run_is_explained() {
    let dir = TempDir::new();
    std::fs::create_dir(dir.file("folder")).unwrap();
    dir.write("no-interpreter", 0o755, "#!/no/such/interpreter\n");
    dir.write("no-bit", 0o644, "#!/bin/sh\n");
    let here = dir.path().display();
    let interpreter =
        "its interpreter, named in its first line or its program header, is not found";
    let bit =
        "permission denied: it needs the executable bit, and a file system not mounted noexec";
    for (program, code, reason) in [
        ("no-interpreter", 127, format!("{here}/no-interpreter: {interpreter}")),
        ("./no-interpreter", 127, interpreter.to_owned()),
        ("no-bit", 126, format!("{here}/no-bit: {bit}")),
        ("./no-bit", 126, bit.to_owned()),
        ("folder", 126, format!("{here}/folder: is a directory")),
        ("./folder", 126, "is a directory".to_owned()),
        ("nowhere", 127, "not found in PATH".to_owned()),
        ("./nowhere", 127, "No such file or directory".to_owned()),
        ("", 127, "an empty name is no program".to_owned()),
    ] {
        let run = own()
            .no_env()
            .env("PATH", dir.path())
            .arg("--chdir")
            .arg(dir.path())
            .args(["--", program]);
        assert_eq!(run.finish().exits(code).stderr, format!("podinit: {program}: {reason}\n"));
    }
}

/// A Service named podinit makes Kubernetes inject such names.
#[test]
fn variables_that_are_no_options_are_passed_on_and_ignored() {
    let run =
        own().env("PODINIT_PORT", "tcp://10.0.0.1:80").env("PODINIT_SERVICE_HOST", "10.0.0.1");
    let report = reported(
        run.env("PODINIT_", "x").env("PODINIT_GRACE_PERIOD", "").raw_env(b"PODINIT_VERBOSE"),
    );
    assert_eq!(report.var("PODINIT_PORT").as_deref(), Some("tcp://10.0.0.1:80"));
}

#[test]
fn what_is_wrong_is_named_with_its_remedy_and_starts_nothing() {
    for (args, says) in [
        (
            &["--grace-period", "10 sec"][..],
            "--grace-period: \"10 sec\" is not a duration (try 10s)",
        ),
        (&["--grace-period=-1"], "--grace-period: \"-1\" is not a duration (try 10s)"),
        (
            &["--stop-signal", "FOO"],
            "--stop-signal: \"FOO\" is not a signal (try TERM, 15 or RTMIN+3)",
        ),
        (
            &["--stop-on", "KILL"],
            "--stop-on: \"KILL\" is never received (KILL and STOP cannot be caught, CHLD is init's own, 32 and 33 are libc's)",
        ),
        (
            &["-r", "TERM"],
            "--rewrite: \"TERM\" is not a pair of signals (try TERM:QUIT, or HUP:0 to drop HUP)",
        ),
        (&["-e", "256"], "--remap-exit: \"256\" is not an exit code (try a number from 0 to 255)"),
        (&["--log-format", "xml"], "--log-format: \"xml\" is not a log format (try text or json)"),
        (
            &["--user", "no-such-user"],
            "--user: there is no user \"no-such-user\" in /etc/passwd (a numeric uid needs no entry)",
        ),
        (
            &["--user", "0:no-such-group"],
            "--user: there is no group \"no-such-group\" in /etc/group (a numeric gid needs no entry)",
        ),
        (&["--frobnicate"], "--frobnicate: there is no such option (see podinit --help)"),
        (&["-Z"], "-Z: there is no such option (see podinit --help)"),
        (&["--group=yes"], "--group takes no value"),
    ] {
        let run = own().args(args).args(["--", "/bin/echo", "started"]);
        let finished = run.finish().exits(125);
        assert_eq!(
            (finished.stderr.trim_end(), finished.stdout.as_str()),
            (&*format!("podinit: {says}"), "")
        );
    }
    for (args, says) in [
        (&[][..], "no program given (try podinit --help)"),
        (&["--"], "no program given (try podinit --help)"),
        (&["--stop-signal"], "--stop-signal: its value NAME is missing"),
    ] {
        assert_eq!(own().args(args).finish().exits(125).stderr, format!("podinit: {says}\n"));
    }
    let finished = own()
        .env("PODINIT_GRACE_PERIOD", "soon")
        .args(["--", "/bin/echo", "started"])
        .finish()
        .exits(125);
    assert_eq!(
        finished.stderr,
        "podinit: PODINIT_GRACE_PERIOD: \"soon\" is not a duration (try 10s)\n"
    );
    let finished = own()
        .env("PODINIT_QUIET", "maybe")
        .args(["--", "/bin/echo", "started"])
        .finish()
        .exits(125);
    assert_eq!(
        finished.stderr,
        "podinit: PODINIT_QUIET: \"maybe\" is neither yes nor no (try 1 or 0)\n"
    );
}

#[test]
fn bytes_that_are_no_text_are_refused_not_fatal() {
    use std::os::unix::ffi::OsStrExt;
    let bytes = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    for option in ["--grace-period", "--user", "--rewrite"] {
        let finished = own().arg(option).arg(bytes).args(["--", "/bin/true"]).finish().exits(125);
        assert_eq!(finished.stderr, format!("podinit: {option}: \"\\xff\\xfe\" is not UTF-8\n"));
    }
    own().arg(std::ffi::OsStr::from_bytes(b"--\xff")).finish().exits(125);
    own().arg(std::ffi::OsStr::from_bytes(b"-\xff")).finish().exits(125);
    own().raw_env(b"PODINIT_\xff=\xff").witness(["exit", "0"]).finish().exits(0).silently();
}

#[test]
fn help_and_version_go_to_stdout() {
    let help = own().arg("--help").finish().exits(0);
    for option in [
        "--grace-period D",
        "-r, --rewrite FROM:TO",
        "-c, --single-child",
        "PODINIT_GRACE_PERIOD",
        "install DIR",
    ] {
        assert!(help.stdout.contains(option), "{option}\n{}", help.stdout);
    }
    assert_eq!(help.stderr, "");
    let version = own().arg("--version").finish().exits(0);
    assert_eq!(version.stdout, format!("podinit {}\n", env!("CARGO_PKG_VERSION")));
}

/// What gosu's users expect: groups of the user, `HOME`, and the program found and run as that user.
#[test]
fn a_user_comes_with_its_groups_and_its_home() {
    let image = TempDir::new();
    for dir in ["etc", "out"] {
        std::fs::create_dir(image.file(dir)).unwrap();
    }
    std::fs::set_permissions(
        image.file("out"),
        std::os::unix::fs::PermissionsExt::from_mode(0o777),
    )
    .unwrap();
    image.write("etc/passwd", 0o644, "root:x:0:0::/root:\napp:x:1000:1001::/srv/app:/bin/sh\n");
    image.write("etc/group", 0o644, "app:x:1001:\nwheel:x:10:app,root\naudio:x:29:app\n");
    for (name, path) in [("podinit", Subject::podinit().path()), ("witness", witness().as_ref())] {
        image.write(name, 0o755, std::fs::read(path).unwrap());
    }
    for (user, uid, gid, groups, home) in [
        ("app", 1000, 1001, "10 29 1001", "/srv/app"),
        ("1000", 1000, 1001, "10 29 1001", "/srv/app"),
        ("app:wheel", 1000, 10, "10", "/srv/app"),
        ("app:77", 1000, 77, "77", "/srv/app"),
        ("65534:65534", 65534, 65534, "65534", "/"),
        ("root", 0, 0, "0 10", "/root"),
    ] {
        for run in [Run::program("/podinit"), Run::program("/podinit").env("HOME", "/before")] {
            let args = ["--user", user, "--", "/witness", "report", "/out/r", "exit", "0"];
            run.root(image.path()).pid1().args(args).finish().exits(0).silently();
            let report = Report::read(&image.file("out/r")).unwrap();
            let three = |id: u32| format!("{id} {id} {id}");
            assert_eq!(
                (report.get("uid"), report.get("gid")),
                (&*three(uid), &*three(gid)),
                "{user}"
            );
            assert_eq!(
                (report.get("groups").trim(), report.var("HOME").as_deref()),
                (groups, Some(home)),
                "{user}"
            );
            std::fs::remove_file(image.file("out/r")).unwrap();
        }
    }
}

#[test]
fn a_user_that_may_not_be_changed_to_is_said() {
    let user = unused_user();
    let run = own().user(user, user, &[]);
    let finished = run.args(["--user", "0", "--", "/bin/echo", "started"]).finish().exits(125);
    assert_eq!((finished.stdout.as_str(), finished.stderr.lines().count()), ("", 1));
    assert!(finished.stderr.starts_with("podinit: /bin/echo: --user: "), "{finished:?}");
    // Whoever already is that user needs no right.
    let spec = format!("{user}:{user}");
    own()
        .user(user, user, &[])
        .args(["--user", &spec])
        .witness(["exit", "5"])
        .finish()
        .exits(5)
        .silently();
}

#[test]
fn the_directory_is_the_program_s_and_relative_names_are_looked_for_there() {
    let dir = TempDir::new();
    dir.write("tool", 0o755, "#!/bin/sh\npwd\n");
    for program in ["./tool", "tool"] {
        let run = own()
            .no_env()
            .env("PATH", ".:/bin")
            .arg("--chdir")
            .arg(dir.path())
            .args(["--", program]);
        assert_eq!(run.finish().exits(0).stdout.trim(), dir.path().to_str().unwrap());
    }
    let finished = own().args(["--chdir", "/nowhere", "--", "/bin/true"]).finish().exits(125);
    assert_eq!(
        finished.stderr,
        "podinit: /bin/true: --chdir: /nowhere: No such file or directory\n"
    );
}

#[test]
fn a_directory_only_root_may_enter_serves_another_user_too() {
    let dir = TempDir::new();
    let private = dir.file("private");
    std::fs::create_dir(&private).unwrap();
    std::fs::set_permissions(&private, std::os::unix::fs::PermissionsExt::from_mode(0o700))
        .unwrap();
    let run = own().args(["--user", "65534", "--chdir", &private]);
    run.witness(["exit", "3"]).finish().exits(3).silently();
}

#[test]
fn switched_off_it_becomes_the_program() {
    let dir = TempDir::new();
    let run = own().pid1().env("PODINIT_DISABLED", "1").args(["--user", "4242", "--chdir", "/usr"]);
    let mut running =
        run.ignored([libc::SIGHUP]).witness(["report", &dir.file("r"), "exit", "7"]).spawn();
    running.wait().exits(7).silently();
    let report = Report::read(&dir.file("r")).unwrap();
    assert_eq!(
        (report.number("pid"), report.get("uid"), report.cwd()),
        (1, "4242 4242 4242", "/usr".to_owned())
    );
    assert_eq!((report.blocked(), report.ignored()), (vec![], vec![libc::SIGHUP]));
    let failed =
        own().env("PODINIT_DISABLED", "1").args(["--", "no-such-program"]).finish().exits(127);
    assert_eq!(failed.stderr, "podinit: no-such-program: not found in PATH\n");
    own().env("PODINIT_DISABLED", "0").witness(["exit", "3"]).finish().exits(3).silently();
}

/// Socket activation and readiness pass through: `LISTEN_FDS` and the descriptors, `NOTIFY_SOCKET`.
#[test]
fn sockets_and_the_notify_socket_reach_the_program() {
    let dir = TempDir::new();
    let socket = std::os::unix::net::UnixListener::bind(dir.file("socket")).unwrap();
    let run =
        own().pid1().env("LISTEN_PID", "1").env("LISTEN_FDS", "1").env("NOTIFY_SOCKET", "@notify");
    let report = reported(run.inherits(3, socket));
    assert_eq!(report.var("LISTEN_PID").as_deref(), Some(report.get("pid")));
    assert_eq!(report.var("NOTIFY_SOCKET").as_deref(), Some("@notify"));
    assert!(report.descriptors().contains(&3));
}

#[test]
fn a_megabyte_of_arguments_and_the_long_form_of_init() {
    let words: Vec<String> = (0..10_000).map(|n| format!("{n:0100}")).collect();
    let finished =
        own().args(["--", "/bin/sh", "-c", "echo $#", "sh"]).args(&words).finish().exits(0);
    assert_eq!(finished.stdout, "10000\n");
    let mut running = own().args(["init", "-v"]).witness(["hold"]).spawn();
    running.until("it runs", || (status(running.main_pid(), "Name")? == "witness").then_some(()));
    running.signal(SIGTERM);
    running.wait().exits(128 + SIGTERM);
}
