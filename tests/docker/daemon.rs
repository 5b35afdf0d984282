//! A second engine whose `docker-init` is podinit (init I1, I2).

use std::env::temp_dir;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::engine::{
    Container, Output, PATIENCE, docker, docker_command, run, unique, until, wait_until,
};
use crate::images::{BARE, podinit};

/// A `dockerd` of its own folder, socket and containerd namespace, without a network. Gone when this value is.
struct Daemon {
    child: Child,
    folder: PathBuf,
}

impl Daemon {
    /// Starts with podinit, as the image has it, for docker-init.
    fn start() -> Self {
        // Not in the target folder, whose path may be too long for a socket.
        let folder = temp_dir().join(unique("dockerd"));
        fs::create_dir(&folder).expect("a folder can be made");
        let image = Container { name: unique("test") };
        docker(["create", "--name", &image.name, "--label", "podinit.test", podinit()]);
        let init = folder.join("docker-init");
        docker(["cp", &format!("{}:/podinit", image.name), &init.display().to_string()]);
        let log = File::create(folder.join("log")).expect("a file can be made");
        // In a network namespace of its own: an engine without a bridge removes the one it finds.
        let child = Command::new("unshare")
            .args(["--net", "dockerd"])
            .args([
                "--bridge=none",
                "--iptables=false",
                "--ip-forward=false",
                "--ip-masq=false",
                "--storage-driver=vfs",
            ])
            .args([
                "--containerd-namespace=podinit-test",
                "--containerd-plugins-namespace=podinit-test-plugins",
            ])
            .arg(format!("--host=unix://{}", folder.join("socket").display()))
            .arg(format!("--data-root={}", folder.join("data").display()))
            .arg(format!("--exec-root={}", folder.join("exec").display()))
            .arg(format!("--pidfile={}", folder.join("pid").display()))
            .arg(format!("--init-path={}", init.display()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a descriptor"))
            .stderr(log)
            .spawn()
            .expect("unshare runs");
        let mut daemon = Self { child, folder };
        let deadline = Instant::now() + PATIENCE;
        while daemon.try_docker(&["version"]).code != 0 {
            let ended = daemon.child.try_wait().expect("a child can be waited for");
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "dockerd: {ended:?}\n{}",
                daemon.log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        daemon
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).expect("the log can be read")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = docker_command(args);
        command.env("DOCKER_HOST", format!("unix://{}", self.folder.join("socket").display()));
        command
    }

    fn try_docker(&self, args: &[&str]) -> Output {
        run(self.command(args).stdin(Stdio::null()), PATIENCE)
    }

    fn docker(&self, args: &[&str]) -> Output {
        let output = self.try_docker(args);
        assert_eq!(output.code, 0, "docker {args:?}: {output:?}\n{}", self.log());
        output
    }

    /// Takes an image over from the first engine.
    fn load(&self, image: &str) {
        let (reader, writer) = io::pipe().expect("a pipe");
        let mut save = docker_command(["save", image]).stdout(writer).spawn().expect("docker runs");
        let output = run(self.command(&["load"]).stdin(reader), PATIENCE);
        let saved = wait_until(&mut save, Instant::now() + PATIENCE);
        assert_eq!((saved, output.code), (Some(0), 0), "{output:?}");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Best effort: TERM, so that it ends its containers and unmounts what it mounted.
        let pid = i32::try_from(self.child.id()).expect("a pid");
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        wait_until(&mut self.child, Instant::now() + PATIENCE);
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
#[ignore = "needs a Docker engine, dockerd and root"]
fn an_engine_takes_it_for_docker_init() {
    let daemon = Daemon::start();
    daemon.load(&BARE);

    let version = daemon.docker(&["version", "--format", "{{json .Server.Components}}"]).stdout;
    let components: Value = serde_json::from_str(&version).expect("JSON");
    let components = components.as_array().expect("a list");
    let init = components.iter().find(|part| part["Name"] == "docker-init").expect("a docker-init");
    assert!(
        init["Version"]
            .as_str()
            .is_some_and(|text| text.starts_with(|first: char| first.is_ascii_digit())),
        "{init}"
    );
    let commit = daemon.docker(&["info", "--format", "{{.InitCommit.ID}}"]).stdout;
    assert_ne!(commit.trim(), "N/A", "{}", daemon.log());
    assert!(!daemon.log().contains("docker-init version"), "{}", daemon.log());

    let foreign = ["run", "--init", "--network", "none", "--entrypoint", "/app"];
    let output = daemon.docker(&[&foreign[..], &["--rm", &BARE, "orphan"]].concat());
    assert!(
        output.stdout.contains("app parent 1\n") && output.stdout.contains("orphan parent 1\n"),
        "{output:?}"
    );
    assert_eq!(output.stderr, "");

    daemon.docker(&[&foreign[..], &["--name", "app", "--detach", &BARE, "report"]].concat());
    let logs = || daemon.docker(&["logs", "app"]).stdout;
    until("the app is ready", logs, || logs().contains("app ready").then_some(()));
    daemon.docker(&["stop", "-t", "40", "app"]);
    assert!(logs().contains("app got TERM from 1"), "{}", logs());
    assert_eq!(daemon.docker(&["wait", "app"]).stdout.trim(), "0");
    daemon.docker(&["rm", "app"]);
}
