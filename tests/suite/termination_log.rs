//! The file in which a program, or podinit, says why it has ended (kubelet R31 to R34).

use crate::common::*;
use libc::SIGTERM;
use serde_json::Value;
use std::fs::{self, File};

/// podinit with a manifest whose container has this file, which a program finds as `$LOG`.
struct Subject {
    dir: TempDir,
    log: String,
}

impl Subject {
    fn new() -> Subject {
        let dir = TempDir::new();
        let log = dir.file("log");
        Subject { dir, log }
    }

    fn run(&self, more: &str) -> Run {
        let manifest = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  restartPolicy: Always\n  containers:\n  \
             - name: app\n    terminationMessagePath: {}\n    env: [{{name: LOG, value: {0}}}]\n{more}",
            self.log
        );
        let pod = self.dir.write("pod.yaml", 0o644, manifest);
        let status = File::create(self.dir.file("status")).unwrap();
        own().args(["--pod", &pod, "--status-fd", "7"]).inherits(7, status)
    }

    fn told(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.dir.file("status")).unwrap();
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The message of the first end there was.
    fn message(&self) -> Option<String> {
        let told = self.told();
        let end = told.iter().find(|line| line["event"] == "Terminated").unwrap();
        let message = end["status"]["state"]["terminated"]["message"].as_str();
        message.map(str::to_owned)
    }

    fn content(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

// kubelet R31, R32
#[test]
fn r32_what_the_program_wrote_is_told() {
    for (written, told) in [("it was me", Some("it was me".to_owned())), ("", None)] {
        let subject = Subject::new();
        fs::write(&subject.log, "").unwrap();
        let text = format!("printf '{written}' >$LOG; exit 3");
        subject.run("").script(&text).finish().exits(3).silently();
        assert_eq!((subject.message(), &*subject.content()), (told, written));
    }
    // The end of it.
    let subject = Subject::new();
    fs::write(&subject.log, "").unwrap();
    let text = "seq 100000 >$LOG; printf 'the end' >>$LOG; exit 0";
    subject.run("").script(text).finish().exits(0).silently();
    let message = subject.message().unwrap();
    assert!(message.ends_with("99999\n100000\nthe end") && message.len() > 1000, "{message}");
}

#[test]
fn why_podinit_has_ended_it_is_written_if_the_program_has_not() {
    let why = "Container app failed liveness probe";
    for (written, expected) in [("", why), ("printf mine >$LOG;", "mine")] {
        let subject = Subject::new();
        fs::write(&subject.log, "").unwrap();
        // The program itself says when it is ready to be told.
        let probe = format!(
            "    livenessProbe: {{exec: {{command: [test, '!', -e, {}.sick]}}}}\n",
            subject.log
        );
        let run = subject.run(&probe).args(["--liveness-opts", "period=20ms,failure=1"]);
        let text =
            format!("trap 'exit 0' TERM; {written} echo >$LOG.sick; while :; do sleep 0.02; done");
        run.script(&text).finish().exits(137);
        assert_eq!((subject.message().as_deref(), &*subject.content()), (Some(expected), expected));
    }
    // A deadline that has passed, and what cannot be executed.
    let subject = Subject::new();
    fs::write(&subject.log, "").unwrap();
    let run = subject.run("").args(["--grace-period", "100ms"]);
    let mut running = run.script("trap '' TERM; echo up >&2; while :; do sleep 0.02; done").spawn();
    running.says("up");
    running.signal(SIGTERM);
    running.wait().exits(137);
    assert_eq!(subject.content(), "SIGKILL was needed: the grace period was over");
    let subject = Subject::new();
    fs::write(&subject.log, "").unwrap();
    subject.run("").args(["--", "/no/such/program"]).finish().exits(127);
    assert_eq!(subject.content(), "the program was not found");
    // A stop that was asked for needs no word.
    let subject = Subject::new();
    fs::write(&subject.log, "").unwrap();
    let running = subject
        .run("")
        .script("trap 'exit 0' TERM; echo up >&2; while :; do sleep 0.02; done")
        .spawn();
    running.says("up");
    running.signal_and_end(SIGTERM);
    assert_eq!((subject.message(), &*subject.content()), (None, ""));
}

// kubelet R31
#[test]
fn r31_each_instance_finds_it_empty() {
    let subject = Subject::new();
    fs::write(&subject.log, "of somebody else").unwrap();
    let text =
        "cat $LOG >>$LOG.seen; echo >>$LOG.starts; printf $$ >>$LOG; [ $(wc -l <$LOG.starts) = 3 ]";
    let run = subject.run("").args(["--restart", "on-failure", "--restart-delay", "10ms..10ms"]);
    run.script(text).finish().exits(0);
    // The first finds what is there: podinit has not started anything before it.
    assert_eq!(fs::read_to_string(format!("{}.seen", subject.log)).unwrap(), "of somebody else");
    let told = subject.told();
    let messages: Vec<_> = told
        .iter()
        .filter(|line| line["event"] == "Terminated")
        .map(|line| line["status"]["state"]["terminated"]["message"].as_str().unwrap())
        .collect();
    assert!(messages.len() == 3 && messages[0].starts_with("of somebody else"), "{messages:?}");
    assert!(messages[1..].iter().all(|message| message.parse::<u32>().is_ok()), "{messages:?}");
}

/// Links are not followed, nothing is made, nothing but a file is touched.
#[test]
fn nothing_else_is_touched() {
    let victim = |subject: &Subject| subject.dir.write("victim", 0o666, "kept");
    let ends = |subject: &Subject, why: Option<&str>| {
        let run =
            subject.run("").args(["--restart", "on-failure", "--restart-delay", "10ms..10ms"]);
        let text = "echo >>$LOG.starts; [ $(wc -l <$LOG.starts) = 2 ]";
        run.script(text).finish().exits(0);
        assert_eq!(subject.message().as_deref(), why);
    };
    let subject = Subject::new();
    ends(&subject, None);
    assert!(!fs::exists(&subject.log).unwrap());

    let subject = Subject::new();
    std::os::unix::fs::symlink(victim(&subject), &subject.log).unwrap();
    ends(&subject, None);
    assert_eq!(fs::read_to_string(&subject.log).unwrap(), "kept");

    let subject = Subject::new();
    let name = std::ffi::CString::new(&*subject.log).unwrap();
    // SAFETY: a string that lives through the call.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o666) }, 0);
    ends(&subject, None);

    // What the program's own user could not write to podinit does not write to for it.
    for (mode, kept) in [(0o644, true), (0o666, false)] {
        let subject = Subject::new();
        fs::write(&subject.log, "").unwrap();
        fs::write(&subject.log, "kept").unwrap();
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(&subject.log, permissions).unwrap();
        let starts = subject.dir.write("log.starts", 0o666, "");
        let run = subject.run("    securityContext: {runAsUser: 4242, runAsGroup: 4242}\n");
        let run = run.args(["--restart", "on-failure", "--restart-delay", "10ms..10ms"]);
        run.script(&format!("echo >>{starts}; [ $(wc -l <{starts}) = 2 ]")).finish().exits(0);
        assert_eq!(subject.content().is_empty(), !kept, "{mode:o}");
    }
}
