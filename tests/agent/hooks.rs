//! Hooks: what they are run in, what is told of them, how they end.

use podinit::lifecycle::container::Hook;
use podinit::link::{Order, Report};
use podinit::plan::supervision::Errands;
use podinit::signal::Signal;
#[cfg(feature = "tls")]
use podinit::spec::action::{Action, Header, HttpGet};
use podinit::sys::signals::Recipient;
use podinit::sys::{signals, this_process};

use crate::harness::*;

pub fn commands_have_the_containers_surroundings(folder: &Folder) {
    let script = "pwd; echo \"$NAME\"; cat /proc/self/oom_score_adj; readlink /proc/self/fd/0; \
                  cut -d\" \" -f6 /proc/$$/stat; echo $$";
    let post_start = hook(&format!("exec:sh -c '{script}'"));
    let mut agent = Agent::start(folder, &Errands { post_start, ..Errands::default() });
    agent.tell(Order::Run { hook: Hook::PostStart, instance: 3 });
    agent.hear(Report::HookEnded { hook: Hook::PostStart, instance: 3, well: true });
    let log = agent.log();
    let lines: Vec<&str> = log
        .lines()
        .map(|line| line.strip_prefix("Output HookOutput: postStart: ").unwrap())
        .collect();
    let [directory, name, score, input, session, pid] = lines[..] else { panic!("{log}") };
    assert_eq!(directory, folder.path("").to_str().unwrap().trim_end_matches('/'));
    assert_eq!((name, input), ("of the container", "/dev/null"));
    assert_eq!(score.parse::<i32>().ok(), this_process::oom_score_adj().ok());
    assert_eq!(session, pid, "a session of its own");
}

pub fn h18_a_hooks_output_is_logged(folder: &Folder) {
    let script = "echo one; echo two >&2; touch told; until test -e go; do sleep 0.01; done; \
                  i=0; while [ $i -lt 200 ]; do echo 0123456789012345678901234567890123456789012345678901234567890123456789; \
                  i=$((i+1)); done; printf end";
    let pre_stop = hook(&format!("exec:sh -c '{script}'"));
    let mut agent = Agent::start(folder, &Errands { pre_stop, ..Errands::default() });
    agent.tell(Order::Run { hook: Hook::PreStop, instance: 0 });
    // While it runs.
    agent.logs("Output HookOutput: preStop: one");
    agent.logs("Output HookOutput: preStop: two");
    folder.write("go", "");
    agent.hear(Report::HookEnded { hook: Hook::PreStop, instance: 0, well: true });
    let log = agent.log();
    let last = "Output HookOutput: preStop: (more than 10 KiB of output; the rest is not shown)";
    assert_eq!(log.lines().last(), Some(last));
    assert!(log.matches("0123456789").count() < 7 * 200, "it is bounded");
}

pub fn m16_a_failed_hook_is_explained(folder: &Folder) {
    let errands = Errands {
        container: "app".into(),
        pod: "web_default(u-1)".into(),
        post_start: hook("exec:sh -c 'echo out; echo err >&2; exit 3'"),
        pre_stop: hook("exec:/no/such/program"),
        ..Errands::default()
    };
    let mut agent = Agent::start(folder, &errands);
    agent.tell(Order::Run { hook: Hook::PostStart, instance: 0 });
    agent.hear(Report::HookEnded { hook: Hook::PostStart, instance: 0, well: false });
    agent.logs(
        "Warning FailedPostStartHook: postStart: Exec lifecycle hook ([sh -c echo out; echo err >&2; exit 3]) for \
         Container \"app\" in Pod \"web_default(u-1)\" failed - error: command 'sh -c echo out; echo err >&2; exit 3' \
         exited with 3: err , message: \"out\\nerr\\n\"",
    );
    agent.tell(Order::Run { hook: Hook::PreStop, instance: 0 });
    agent.hear(Report::HookEnded { hook: Hook::PreStop, instance: 0, well: false });
    agent.logs("\"/no/such/program\" cannot be run: no such file or directory");
}

pub fn h03_h04_a_hooks_request(folder: &Folder) {
    let port = serve(folder);
    folder.write("status", "500");
    let errands = |strict_hooks| Errands {
        post_start: hook(&format!("http://:{port}/any")),
        // kubelet P8
        host: Some("127.0.0.1".into()),
        strict_hooks,
        ..Errands::default()
    };
    let mut agent = Agent::start(folder, &errands(false));
    agent.tell(Order::Run { hook: Hook::PostStart, instance: 0 });
    agent.hear(Report::HookEnded { hook: Hook::PostStart, instance: 0, well: true });
    let request = format!(
        "GET /any HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: kube-lifecycle/1.36\r\nAccept: */*\r\n\
         Accept-Encoding: gzip\r\n\r\n"
    );
    assert_eq!(folder.text("requests"), request);
    let mut strict = Agent::start(folder, &errands(true));
    strict.tell(Order::Run { hook: Hook::PostStart, instance: 0 });
    strict.hear(Report::HookEnded { hook: Hook::PostStart, instance: 0, well: false });
    strict.logs("HTTP lifecycle hook (/any)");
    strict.logs("HTTP hook failed with statuscode: 500");
}

#[cfg(feature = "tls")]
pub fn h05_https_answered_in_http(folder: &Folder) {
    let port = serve(folder);
    folder.write("status", "404");
    let header = |line| Header::parse(line).unwrap();
    let Some(Action::Http(get)) = hook(&format!("https://127.0.0.1:{port}/plain")) else {
        panic!()
    };
    let headers = vec![header("authorization: Basic Zm9v"), header("X: 1")];
    let pre_stop = Some(Action::Http(HttpGet { headers, ..get }));
    let mut agent = Agent::start(folder, &Errands { pre_stop, ..Errands::default() });
    agent.tell(Order::Run { hook: Hook::PreStop, instance: 0 });
    agent.hear(Report::HookEnded { hook: Hook::PreStop, instance: 0, well: true });
    let sent = folder.text("requests");
    assert!(sent.contains("GET /plain ") && sent.contains("X: 1"), "{sent}");
    assert!(!sent.contains("Zm9v"), "{sent}");
    agent.logs(&format!(
        "Warning LifecycleHTTPFallback: preStop: request to HTTPS lifecycle hook 127.0.0.1:{port} got HTTP response"
    ));
}

pub fn h06_a_pause_can_be_ended(folder: &Folder) {
    let errands =
        Errands { pre_stop: hook("sleep:1h"), post_stop: hook("sleep:10ms"), ..Errands::default() };
    let mut agent = Agent::start(folder, &errands);
    agent.tell(Order::Run { hook: Hook::PreStop, instance: 0 });
    until("it sleeps", || (!agent.descendants().is_empty()).then_some(()));
    agent.tell(Order::End(Hook::PreStop));
    until("it is gone", || agent.descendants().is_empty().then_some(()));
    agent.tell(Order::Run { hook: Hook::PostStop, instance: 0 });
    agent.hear(Report::HookEnded { hook: Hook::PostStop, instance: 0, well: true });
    assert_eq!(agent.reports.len(), 1, "an ended hook is not answered: {:?}", agent.reports);
}

pub fn an_ended_hook_takes_all_along(folder: &Folder) {
    let script = "trap : TERM; setsid sleep 1000 & echo $! > away; sleep 1000 & echo $! > near; \
                  echo $$ > shell; while :; do sleep 1; done";
    let errands = Errands {
        pre_stop: hook(&format!("exec:sh -c '{script}'")),
        post_stop: hook("exec:true"),
        ..Errands::default()
    };
    let mut agent = Agent::start(folder, &errands);
    agent.tell(Order::Run { hook: Hook::PreStop, instance: 0 });
    let pids = ["away", "near", "shell"].map(|name| folder.pid(name));
    agent.tell(Order::End(Hook::PreStop));
    agent.tell(Order::Run { hook: Hook::PostStop, instance: 0 });
    agent.hear(Report::HookEnded { hook: Hook::PostStop, instance: 0, well: true });
    until("they are gone", || (!pids.iter().any(|pid| lives(*pid))).then_some(()));
    until("all are reaped", || agent.descendants().is_empty().then_some(()));
}

pub fn what_a_hook_leaves_behind_is_inits(folder: &Folder) {
    let post_start = hook("exec:sh -c 'setsid sleep 1000 & echo $! > daemon'");
    let mut agent = Agent::start(folder, &Errands { post_start, ..Errands::default() });
    agent.tell(Order::Run { hook: Hook::PostStart, instance: 0 });
    agent.hear(Report::HookEnded { hook: Hook::PostStart, instance: 0, well: true });
    let daemon = folder.pid("daemon");
    let own = this_process::pid().to_string();
    until("it is ours", || (status(daemon, "PPid") == own).then_some(()));
    agent.signal(Signal::KILL);
    agent.end();
    assert!(lives(daemon), "it outlives the agent");
    signals::send(Recipient::Process(daemon), Signal::KILL).unwrap();
}
