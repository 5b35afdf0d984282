//! The recipes of README.md that need an engine: each is run as it stands there, after another.
//!
//! Names of images, containers and volumes are replaced on the way to the engine: no test may touch those of the machine,
//! and none may ask a registry. What was shown must be printed.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use crate::builder::{Builder, repository};
use crate::engine::{Run, docker, docker_command, run, unique};
use crate::images::{BARE, NGINX, SHELL};
use crate::markdown::{Block, blocks, normalised};

const README: &str = include_str!("../../README.md");

/// A block with an image to build takes as long as cargo does.
const BUILD_TIME: Duration = Duration::from_secs(15 * 60);

/// What README.md calls things, and what they are called here.
struct Names {
    names: Vec<(&'static str, String)>,
}

impl Names {
    fn new() -> Self {
        // The user lands of these images, before podinit is put into them.
        LazyLock::force(&SHELL);
        LazyLock::force(&NGINX);
        let names = vec![
            ("podinit", unique("readme-podinit")),
            ("alpine", "podinit-test-shell-root".to_owned()),
            ("nginx", "podinit-test-nginx-root".to_owned()),
            ("my-app", unique("readme-app")),
            ("web", unique("readme-web")),
            ("tools", unique("readme-tools")),
        ];
        Self { names }
    }

    fn of(&self, name: &str) -> &str {
        &self.names.iter().find(|(known, _)| *known == name).expect("a name of README.md").1
    }

    /// A `docker` that replaces words which are such a name, or a name and a colon, and builds with what is here.
    fn shim(&self) -> String {
        let cases: String = self
            .names
            .iter()
            .map(|(name, here)| {
                format!("    {name}) word='{here}' ;;\n    {name}:*) word='{here}'\"${{word#{name}}}\" ;;\n")
            })
            .collect();
        let Builder { image, cargo_flags, network } = Builder::find();
        format!(
            "#!/bin/sh\ncommand=$1\nshift\nfor word; do\n  shift\n  case $word in\n{cases}  esac\n  set -- \"$@\" \"$word\"\ndone\n\
             case $command in\n\
             build) set -- --quiet --label podinit.test --network={network} \
             --build-arg 'BUILDER={image}' --build-arg 'CARGO_FLAGS={cargo_flags}' \"$@\" ;;\n\
             run) set -- --label podinit.test --network none \"$@\" ;;\n\
             esac\nPATH=$REAL_PATH exec docker \"$command\" \"$@\"\n"
        )
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        // Best effort, after a failure: the recipes remove what they make but for the image.
        let remove = [
            ["rm", "--force", self.of("web")],
            ["volume", "rm", self.of("tools")],
            ["image", "rm", self.of("my-app")],
            ["image", "rm", self.of("podinit")],
        ];
        for line in remove {
            let mut command = docker_command(line);
            let _ =
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }
}

/// A folder with the repository's files, gone when this value is.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new(names: &Names) -> Self {
        let path = env::temp_dir().join(unique("readme"));
        fs::create_dir_all(path.join("bin")).expect("a folder can be made");
        let folder = Self { path };
        let file = folder.path.join("bin/docker");
        fs::write(&file, names.shim()).expect("a file can be written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode can be set");
        fs::copy(env!("CARGO_BIN_EXE_podinit"), folder.path.join("bin/podinit")).expect("a copy");
        // The engine's client follows no links out of what it sends.
        for entry in [
            "Cargo.toml",
            "Cargo.lock",
            "build.rs",
            "LICENSE",
            "Dockerfile",
            ".dockerignore",
            ".cargo",
            "src",
        ] {
            let mut copy = Command::new("cp");
            copy.arg("-a").arg(repository().join(entry)).arg(&folder.path);
            assert!(copy.status().expect("cp runs").success(), "{entry}");
        }
        folder
    }

    /// Writes a Dockerfile as README.md has it, but for the images' names.
    fn write(&self, block: &Block, names: &Names) {
        let file = self.path.join(&block.words[0]);
        fs::create_dir_all(file.parent().expect("a file in a folder")).expect("a folder");
        let from = |name: &str| {
            (format!("FROM {name}\n"), format!("--from={name} "), names.of(name).to_owned())
        };
        let text = ["podinit", "alpine", "nginx"].iter().fold(block.text.clone(), |text, name| {
            let (base, copy, here) = from(name);
            text.replace(&base, &format!("FROM {here}\n"))
                .replace(&copy, &format!("--from={here} "))
        });
        fs::write(file, text).expect("a file can be written");
    }

    /// Runs the block's commands; both outputs in one.
    fn run(&self, block: &Block) -> String {
        let path = env::var("PATH").expect("PATH is set");
        let mut command = Command::new("/bin/sh");
        command.args(["-euc", &format!("exec 2>&1\n{}", block.text)]).current_dir(&self.path);
        command.env("PATH", format!("{}:{path}", self.path.join("bin").display()));
        command.env("REAL_PATH", path).env("DOCKER_BUILDKIT", "0").stdin(Stdio::null());
        let output = run(&mut command, BUILD_TIME);
        assert_eq!(output.code, 0, "README.md:{}: {output:?}", block.line);
        output.stdout
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Best effort, in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn every_recipe_works_and_prints_what_is_shown() {
    let names = Names::new();
    let folder = Folder::new(&names);
    let mut count = 0;
    for block in blocks(README) {
        if block.language == "dockerfile" {
            folder.write(&block, &names);
        } else if block.language == "sh" && block.has("docker") {
            let printed = folder.run(&block);
            count += 1;
            // A recipe also prints the ids and names of what it makes: what is shown are its last lines, or some.
            let printed = normalised(&printed);
            for line in normalised(block.shown.as_deref().unwrap_or_default()).lines() {
                assert!(
                    printed.lines().any(|other| other == line),
                    "README.md:{}: no line {line:?} in:\n{printed}",
                    block.line
                );
            }
        }
    }
    assert!(count >= 6, "README.md has lost its recipes: {count}");
}

/// What the prose says of the container that is stopped: it ends by TERM, long before the engine's ten seconds.
#[test]
#[ignore = "needs a Docker engine"]
fn a_program_without_a_handler_ends_at_once_with_143() {
    let app = Run::new(&SHELL).words(["/bin/sleep", "1d"]).start();
    app.process("/bin/sleep");

    let took = app.stop(60);

    assert_eq!(app.wait(), 143);
    assert!(took < Duration::from_secs(60), "{took:?}");
}

/// And of a stop signal that podinit was not told of: it is forwarded, and no grace period begins.
#[test]
#[ignore = "needs a Docker engine"]
fn a_stop_signal_it_was_not_told_of_begins_no_grace_period() {
    let app =
        Run::new(&BARE).options(["--grace-period", "100ms"]).words(["/app", "report"]).start();
    app.line("app ready");

    docker(["kill", "-s", "QUIT", &app.name]);

    app.line("app got QUIT from 1");
    std::thread::sleep(Duration::from_secs(1));
    assert!(app.running());
}

#[test]
#[ignore = "needs a Docker engine"]
fn without_cap_kill_it_says_that_it_cannot_signal_another_user() {
    let run = Run::new(&SHELL).flags(["--cap-drop", "KILL"]).options(["--user", "worker"]);
    let app = run.words(["/app", "report"]).start();
    app.line("app ready");

    app.kill("TERM");

    app.until("it says so", || app.logs().stderr.contains("CAP_KILL").then_some(()));
    assert!(app.running());
    assert_eq!(app.count("app got TERM from 1"), 0);
}
