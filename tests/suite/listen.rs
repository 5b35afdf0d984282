//! `--listen`: how the container is, for whoever asks by HTTP (design 5).

use crate::common::*;
use libc::{SIGKILL, SIGTERM};
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

/// One that says where it listens: at a port of the kernel's choice.
pub fn listening(run: Run) -> Run {
    run.args(["-v", "--listen", "127.0.0.1:0"])
}

#[track_caller]
pub fn address(running: &Running) -> SocketAddr {
    running.until("it listens", || {
        let said = running.stderr();
        let (_, rest) = said.split_once("listening on ")?;
        rest.split_once('\n')?.0.parse().ok()
    })
}

/// All that is answered to these bytes.
#[track_caller]
pub fn told(address: SocketAddr, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    // Who has heard enough may close before all is written.
    let _ = stream.write_all(bytes.as_ref());
    let _ = stream.shutdown(Shutdown::Write);
    let mut text = Vec::new();
    stream.read_to_end(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// The status and the body.
#[track_caller]
pub fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let answer = told(address, format!("GET {path} HTTP/1.0\r\n\r\n"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The statuses of `/livez`, `/startupz` and `/readyz`.
fn health(address: SocketAddr) -> [u16; 3] {
    ["/livez", "/startupz", "/readyz"].map(|path| get(address, path).0)
}

/// `exec:` of a script, in which `@` is the directory.
fn shell(dir: &TempDir, script: &str) -> String {
    format!("exec:/bin/sh -c '{}'", script.replace('@', dir.path().to_str().unwrap()))
}

// kubelet W13, W15, W22, W25 to W28; design 5
#[test]
fn a_whole_life_as_it_is_seen_from_outside() {
    let dir = TempDir::new();
    let opts = "period=20ms,failure=2,timeout=20s";
    let patient = "period=20ms,failure=100000,timeout=20s";
    let startup = shell(&dir, "test -e @/started");
    let liveness = shell(&dir, "test ! -e @/sick");
    let readiness = shell(&dir, "test -e @/ready");
    let held = |file: &str| format!("until test -e @/{file}; do sleep 0.02; done; rm @/{file}");
    let (pre_stop, post_stop) = (shell(&dir, &held("stop")), shell(&dir, &held("swept")));
    let run = listening(own().pid1())
        .args(["--startup", &startup, "--startup-opts", patient])
        .args(["--liveness", &liveness, "--liveness-opts", opts])
        .args(["--readiness", &readiness, "--readiness-opts", opts])
        .args(["--pre-stop", &pre_stop, "--post-stop", &post_stop, "--restart", "on-failure"]);
    let mut running = run.witness(["record", &dir.file("signals"), "until", "15", "0"]).spawn();
    let address = address(&running);
    // Whoever waits for it may remove it at once.
    let touch = |file: &str| fs::write(dir.file(file), "").unwrap();
    let becomes = |what: &str, expected: [u16; 3]| {
        running.until(what, || (health(address) == expected).then_some(()));
    };
    becomes("it starts", [200, 503, 503]);
    touch("started");
    becomes("it has started", [200, 200, 503]);
    touch("ready");
    becomes("it is ready", [200; 3]);
    fs::remove_file(dir.file("ready")).unwrap();
    becomes("it is not ready", [200, 200, 503]);
    let said = get(address, "/readyz").1;
    assert_eq!(
        said,
        "[+]startup ok\n[+]liveness ok\n[-]readiness failed: reason withheld\n[+]shutdown ok\nreadyz check failed\n"
    );
    touch("ready");
    becomes("it is ready", [200; 3]);
    // It has failed, and runs still: preStop goes on.
    touch("sick");
    becomes("it is sick", [503, 200, 503]);
    fs::remove_file(dir.file("sick")).unwrap();
    touch("stop");
    becomes("it is gone", [503; 3]);
    assert_eq!(
        get(address, "/livez/liveness").1,
        "service unavailable: the container does not run\n"
    );
    touch("swept");
    becomes("another is there", [200; 3]);
    // Whoever balances load sees it before the program does.
    running.signal(SIGTERM);
    becomes("it is asked to end", [200, 200, 503]);
    assert!(get(address, "/readyz?verbose").1.contains("[-]shutdown failed"));
    touch("stop");
    becomes("it is gone for good", [503; 3]);
    touch("swept");
    running.wait().exits(0);
    TcpStream::connect(address).expect_err("nobody listens any more");
}

#[test]
fn without_probes_what_runs_is_well() {
    let dir = TempDir::new();
    let (running, _) = recorded(listening(own().pid1()), &dir);
    let address = address(&running);
    running.until("it runs", || (health(address) == [200; 3]).then_some(()));
    // However often it is asked, PID 1 sleeps.
    let wakes =
        || -> u32 { status(running.pid(), "voluntary_ctxt_switches").unwrap().parse().unwrap() };
    let before = wakes();
    for _ in 0..50 {
        assert_eq!(get(address, "/livez"), (200, "ok".to_owned()));
    }
    assert!(wakes() - before < 5);
    assert_eq!(get(address, "/healthz?verbose").1, "[+]liveness ok\nhealthz check passed\n");
    assert_eq!(get(address, "/readyz?exclude=x").1, "ok");
    assert_eq!(get(address, "/readyz/readiness").1, "ok");
    assert_eq!(get(address, "/readyz/nothing").0, 404);
    let version: serde_json::Value = serde_json::from_str(&get(address, "/version").1).unwrap();
    assert_eq!(version["gitVersion"], concat!("v", env!("CARGO_PKG_VERSION")));
}

// design 4, 8
#[test]
fn who_asks_while_there_is_no_agent_is_answered_by_the_next() {
    let dir = TempDir::new();
    let probes = ["--readiness", "exec:true", "--liveness", "exec:true"];
    let (running, _) = recorded(listening(own().pid1().args(probes)), &dir);
    let address = address(&running);
    running.until("it is ready", || (health(address) == [200; 3]).then_some(()));
    for _ in 0..4 {
        let agent = running.until("there is an agent", || running.agent());
        send(agent, SIGKILL);
        // One that had not been killed yet when it was asked takes its connection along.
        running.until("it is gone", || (running.agent() != Some(agent)).then_some(()));
        assert_eq!(health(address), [200; 3]);
    }
    running.signal(SIGTERM);
}

#[test]
fn clients_of_others_understand_it() {
    let dir = TempDir::new();
    let (running, _) = recorded(listening(own().pid1()), &dir);
    let address = address(&running);
    running.until("it runs", || (health(address)[0] == 200).then_some(()));
    let url = format!("http://{address}/livez");
    let curl = |args: &[&str]| {
        Run::program("/usr/bin/curl")
            .args(["-sS", "--max-time", "20"])
            .args(args)
            .finish()
            .exits(0)
            .stdout
    };
    assert_eq!(curl(&["-f", &url, &url]), "okok");
    let head = curl(&["-I", &url]).to_lowercase();
    for line in [
        "http/1.1 200 ok\r\n",
        "content-type: text/plain; charset=utf-8\r\n",
        "content-length: 2\r\n",
        "cache-control: no-store\r\n",
        "x-content-type-options: nosniff\r\n",
    ] {
        assert!(head.contains(line), "{head}");
    }
    let posted = curl(&["-i", "-d", &"x".repeat(5000), &url]);
    assert!(
        posted.contains("405 Method Not Allowed\r\n")
            && posted.contains("\r\nAllow: GET, HEAD\r\n"),
        "{posted}"
    );
    let script = "import http.client, sys\n\
                  c = http.client.HTTPConnection(sys.argv[1], timeout=20)\n\
                  for path in ['/livez', '/readyz?verbose', '/none', '/version']:\n\
                  \x20   c.request('GET', path)\n\
                  \x20   r = c.getresponse()\n\
                  \x20   print(r.status, len(r.read()) == int(r.headers['Content-Length']), c.sock is not None)\n";
    let asked = Run::program("/usr/bin/env")
        .args(["python3", "-c", script, &address.to_string()])
        .no_env()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("HOME", std::env::var("HOME").unwrap_or_default())
        .finish()
        .exits(0);
    assert_eq!(asked.stdout, "200 True True\n200 True True\n404 True True\n200 True True\n");
}

#[test]
fn nobody_else_has_its_sockets_nor_its_limit_on_descriptors() {
    let dir = TempDir::new();
    let list = |file: &str| shell(&dir, &format!("(ulimit -n; ls -l /proc/self/fd) >@/{file}"));
    let run = listening(own().pid1().limit(libc::RLIMIT_NOFILE, 128, 4096)).args([
        "--post-start",
        &list("hook"),
        "--liveness",
        &list("probe"),
    ]);
    let script =
        format!("(ulimit -n; ls -l /proc/self/fd) >{}; exec sleep 100", dir.file("program"));
    let running = run.script(&script).spawn();
    let address = address(&running);
    let _held = TcpStream::connect(address).unwrap();
    for file in ["program", "hook", "probe"] {
        let seen = running.until(file, || {
            fs::read_to_string(dir.file(file)).ok().filter(|text| text.contains(" 2 -> "))
        });
        assert!(seen.starts_with("128\n") && !seen.contains("socket:"), "{file}: {seen}");
    }
}

#[test]
fn what_cannot_be_listened_at_starts_nothing() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let refused = |run: Run, says: &str| {
        let finished = run.args(["--", "/bin/echo", "started"]).finish().exits(125);
        assert_eq!(finished.stdout, "");
        let ends = finished.stderr.lines().count() == 1 && finished.stderr.contains(says);
        assert!(ends, "{finished:?}");
    };
    let at = |what: &str| own().args(["--listen", what]);
    refused(at(&taken), &format!("podinit: --listen: {taken}: Address already in use (somebody "));
    refused(
        own().env("PODINIT_LISTEN", &taken),
        &format!("podinit: PODINIT_LISTEN: {taken}: Address"),
    );
    refused(at("192.0.2.1:80"), "--listen: 192.0.2.1:80: Cannot assign requested address (none of");
    refused(
        at("localhost:80"),
        "--listen: \"localhost:80\" is not an address with a port (try 8080 or",
    );
    refused(own().env("PODINIT_LISTEN", "x"), "podinit: PODINIT_LISTEN: \"x\" is not an address");
}

#[test]
fn at_several_addresses_and_at_all() {
    let run = own().args(["-v", "--listen", "127.0.0.1:0,:0"]).env("PODINIT_LISTEN", "x");
    let running = run.args(["--", "/bin/sleep", "100"]).spawn();
    running.says_often("listening on ", 2);
    let said = running.stderr();
    let ports: Vec<u16> = said
        .lines()
        .filter_map(|line| line.split_once("listening on ")?.1.rsplit_once(':')?.1.parse().ok())
        .collect();
    for port in ports {
        running.until("it runs", || {
            (get(([127, 0, 0, 1], port).into(), "/livez").0 == 200).then_some(())
        });
    }
    running.signal(SIGTERM);
}
