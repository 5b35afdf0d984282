use std::ffi::CString;
use std::time::Duration;

use super::super::flags::Asked;
use super::make::{Given, make};
use super::opts::DEFAULT;
use crate::plan::life::{Hooks, Pace, Policy, Probe, Role, Settings};
use crate::plan::supervision::{Check, Errands, Supervision};
use crate::signal::Signal;
use crate::spec::action::{Action, Role as ActionRole};

const SECOND: Duration = Duration::from_secs(1);

/// Each with its value, as typed.
fn asked(options: &[(&'static str, &str)]) -> Vec<Asked> {
    let one = |(long, value): &(&'static str, &str)| Asked {
        long,
        by_variable: false,
        value: Box::leak(CString::new(*value).unwrap().into_boxed_c_str()),
    };
    options.iter().map(one).collect()
}

fn given(asked: &[Asked]) -> Given<'_> {
    Given {
        asked,
        command: vec![b"/usr/bin/app", b"-x"],
        grace: None,
        stop_signal: None,
        user: None,
        strict_hooks: false,
        notify: false,
        in_cluster: false,
    }
}

#[track_caller]
fn made(options: &[(&'static str, &str)]) -> (Supervision, Errands) {
    make(&given(&asked(options)), &mut |line| panic!("{line}")).unwrap()
}

fn check(words: &str, settings: Settings) -> Option<Check> {
    Some(Check { action: exec(words), settings })
}

fn exec(words: &str) -> Action {
    Action::parse(&format!("exec:{words}"), ActionRole::Probe).unwrap()
}

#[test]
fn without_a_manifest_there_is_what_the_options_say() {
    let (supervision, errands) = made(&[("restart", "never")]);
    let life = supervision.life;
    assert_eq!((life.role, life.hooks, life.grace), (Role::Regular, Hooks::default(), None));
    assert_eq!((life.restart.pod, life.pace), (Policy::Never, Pace::DEFAULT));
    assert_eq!((supervision.words.len(), supervision.stop_signal), (0, None));
    assert_eq!(supervision.termination_log.as_deref(), Some(&b"/dev/termination-log"[..]));
    assert_eq!(errands, Errands { container: "app".to_owned(), ..Errands::default() });

    let (supervision, errands) = made(&[
        ("post-start", "exec:a"),
        ("pre-stop", "sleep:1s"),
        ("post-stop", "exec:c"),
        ("startup", "exec:d"),
        ("liveness", "exec:first"),
        ("liveness", "exec:e"),
        ("liveness-opts", "period=2"),
        ("readiness", "exec:f"),
        ("probe-host", "::1"),
        ("restart", "on-failure"),
        ("restart-delay", "1s..3s"),
    ]);
    let life = supervision.life;
    assert_eq!(life.hooks, Hooks { post_start: true, pre_stop: true, post_stop: true });
    let settings = Settings { period: SECOND * 2, ..DEFAULT.settings };
    assert_eq!((life.probes.startup, life.probes.readiness), (Some(DEFAULT), Some(DEFAULT)));
    assert_eq!(life.probes.liveness, Some(Probe { settings, grace: None }));
    assert_eq!(life.restart.pod, Policy::OnFailure);
    assert_eq!(life.pace, Pace::new(SECOND, SECOND * 3));
    let expected = Errands {
        container: "app".to_owned(),
        pod: String::new(),
        post_start: Some(exec("a")),
        pre_stop: Some(Action::Sleep(SECOND)),
        post_stop: Some(exec("c")),
        startup: check("d", DEFAULT.settings),
        liveness: check("e", settings),
        readiness: check("f", DEFAULT.settings),
        host: Some("::1".to_owned()),
        strict_hooks: false,
    };
    assert_eq!(errands, expected);
}

#[test]
fn what_other_options_say_is_part_of_it() {
    let asked = asked(&[("restart", "always"), ("restart-delay", "5s")]);
    let given = Given {
        grace: Some(Some(SECOND)),
        stop_signal: Some(Signal::QUIT),
        strict_hooks: true,
        notify: true,
        ..given(&asked)
    };
    let (supervision, errands) = make(&given, &mut |_| {}).unwrap();
    assert_eq!((supervision.life.grace, supervision.stop_signal), (Some(SECOND), Some(3)));
    assert_eq!(supervision.life.pace, Pace::new(SECOND * 5, SECOND * 5));
    assert!(errands.strict_hooks && supervision.life.notifies);
}

#[cfg(feature = "manifest")]
mod manifest {
    use super::*;
    use crate::plan::life::Terms;

    const POD: &str = "
apiVersion: v1
kind: Pod
spec:
  restartPolicy: OnFailure
  terminationGracePeriodSeconds: 7
  os: {name: linux}
  securityContext: {runAsNonRoot: true}
  containers:
  - name: main
    args: [one, $(A)]
    env: [{name: A, value: x}]
    workingDir: /srv
    terminationMessagePath: srv/why
    lifecycle: {stopSignal: SIGUSR1, preStop: {exec: {command: [p]}}}
    livenessProbe: {exec: {command: [l]}, periodSeconds: 3, failureThreshold: 9}
    securityContext: {runAsUser: 12345, runAsGroup: 7, allowPrivilegeEscalation: false}
";

    /// A file that is there as long as this.
    struct File(std::path::PathBuf);

    impl File {
        fn new(name: &str, content: &str) -> File {
            let name = format!("podinit-planner-{}-{name}.yaml", std::process::id());
            let path = std::env::temp_dir().join(name);
            std::fs::write(&path, content).unwrap();
            File(path)
        }

        fn path(&self) -> &str {
            self.0.to_str().unwrap()
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    #[test]
    fn a_manifest_is_taken_whole() {
        let file = File::new("whole", POD);
        let (supervision, errands) = made(&[("pod", file.path())]);
        assert_eq!(supervision.words, [&b"/usr/bin/app"[..], b"one", b"x"]);
        assert_eq!(supervision.environment, [(b"A".to_vec(), b"x".to_vec())]);
        assert_eq!(supervision.directory.as_deref(), Some(&b"/srv"[..]));
        assert_eq!(supervision.stop_signal, Some(10));
        assert_eq!(supervision.termination_log.as_deref(), Some(&b"/srv/why"[..]));
        assert!(supervision.no_new_privileges);
        let user = supervision.user.unwrap();
        assert_eq!((user.uid, user.gid, &*user.supplementary), (12345, 7, &[7][..]));
        let life = supervision.life;
        assert_eq!((life.grace, life.restart.pod), (Some(SECOND * 7), Policy::Never));
        assert!(life.hooks.pre_stop && !life.hooks.post_start);
        assert_eq!(errands.pre_stop, Some(exec("p")));
        let probe = life.probes.liveness.unwrap();
        assert_eq!(errands.liveness, check("l", probe.settings));
        assert_eq!((&*errands.container, &*errands.pod), ("main", "_()"));
    }

    /// A number over a number, an action over an action.
    #[test]
    fn an_option_wins_over_the_manifest() {
        let file = File::new("over", POD);
        let asked = asked(&[
            ("pod", file.path()),
            ("pre-stop", "exec:mine"),
            ("liveness-opts", "period=0.5"),
            ("readiness", "exec:mine"),
            ("restart", "always"),
        ]);
        let given = Given {
            grace: Some(None),
            stop_signal: Some(Signal::QUIT),
            user: Some(4),
            ..given(&asked)
        };
        let (supervision, errands) = make(&given, &mut |line| panic!("{line}")).unwrap();
        let life = supervision.life;
        assert_eq!((life.grace, supervision.stop_signal, supervision.user), (None, Some(3), None));
        let settings = Settings { period: SECOND / 2, failure_threshold: 9, ..DEFAULT.settings };
        assert_eq!(life.probes.liveness, Some(Probe { settings, grace: None }));
        assert_eq!(life.probes.readiness, Some(DEFAULT));
        assert_eq!(life.restart.pod, Policy::Always);
        assert_eq!(errands.liveness, check("l", settings));
        assert_eq!(errands.pre_stop, Some(exec("mine")));
        assert_eq!(errands.readiness, check("mine", DEFAULT.settings));
    }

    #[test]
    fn the_manifest_s_restarts_are_taken_if_they_are_asked_for() {
        let file = File::new("restarts", POD);
        let (supervision, _) = made(&[("pod", file.path()), ("restart", "pod")]);
        let expected = Terms { pod: Policy::OnFailure, container: None, rules: Vec::new() };
        assert_eq!(supervision.life.restart, expected);
    }

    #[test]
    fn no_more_is_taken_than_is_asked_for() {
        let file = File::new("take", POD);
        let (supervision, errands) = made(&[("pod", file.path()), ("take", "env")]);
        assert_eq!(supervision.environment.len(), 1);
        assert_eq!((supervision.user, supervision.no_new_privileges), (None, false));
        assert_eq!(supervision.life.hooks, Hooks::default());
        assert_eq!((errands.pre_stop, errands.liveness), (None, None));
        let (supervision, errands) = made(&[("pod", file.path()), ("take", "hooks,probes")]);
        assert_eq!(supervision.environment, []);
        assert!(errands.pre_stop.is_some() && errands.liveness.is_some());
    }

    /// kubelet P8: only where it is this container's.
    #[test]
    fn the_pod_s_address_is_the_host_if_it_is_ours() {
        for (address, host) in [("127.0.0.2", Some("127.0.0.2")), ("192.0.2.1", None)] {
            let pod = format!("{POD}status: {{podIP: {address}}}\n");
            let file = File::new(address, &pod);
            let (_, errands) = made(&[("pod", file.path())]);
            assert_eq!(errands.host.as_deref(), host);
            let (_, errands) = made(&[("pod", file.path()), ("probe-host", "db")]);
            assert_eq!(errands.host.as_deref(), Some("db"));
        }
    }
}
