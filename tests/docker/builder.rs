//! Images made of this machine's own files, since the tests must not depend on a registry.
//!
//! `PODINIT_BUILDER` names another image with Rust and gcc to build in; that build may use the network.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::engine;

/// An image, or a build, takes this long at most.
const BUILD_TIME: Duration = Duration::from_secs(15 * 60);

/// What cargo, rustc and gcc are to a build: Debian's packages and all they depend on.
const PACKAGES: [&str; 4] = ["gcc", "libc6-dev", "dash", "coreutils"];

/// An image to build podinit in, and what cargo is to be told there.
pub struct Builder {
    pub image: String,
    pub cargo_flags: &'static str,
    /// The network of a build step, in the words of `docker build`.
    pub network: &'static str,
}

impl Builder {
    pub fn find() -> Self {
        match env::var("PODINIT_BUILDER") {
            Ok(image) => Self { image, cargo_flags: "", network: "default" },
            Err(_) => Self {
                image: with_registry(&toolchain()),
                cargo_flags: "--offline",
                network: "none",
            },
        }
    }
}

/// A `docker build` to be.
pub struct Build<'a> {
    file: &'a Path,
    context: &'a Path,
    options: Vec<String>,
}

impl<'a> Build<'a> {
    pub fn new(file: &'a Path, context: &'a Path) -> Self {
        Self { file, context, options: Vec::new() }
    }

    pub fn arg(self, name: &str, value: &str) -> Self {
        self.option(format!("--build-arg={name}={value}"))
    }

    pub fn option(mut self, option: String) -> Self {
        self.options.push(option);
        self
    }

    /// Builds, under this name, and gives the image's id.
    pub fn tag(self, tag: &str) -> String {
        let mut line: Vec<_> =
            ["build", "--quiet", "--label", "podinit.test", "--tag", tag].map(str::to_owned).into();
        line.extend(self.options);
        line.push(format!("--file={}", self.file.display()));
        line.push(self.context.display().to_string());
        let output = engine::try_docker(&line, Stdio::null(), BUILD_TIME);
        assert_eq!(output.code, 0, "docker {line:?}:\n{}{}", output.stdout, output.stderr);
        // Several lines if the builder has a warning to give; the id is the last.
        output.stdout.lines().last().expect("docker build -q prints the image's id").to_owned()
    }
}

/// Builds a Dockerfile that needs no context.
pub fn build_text(text: &str, tag: &str) -> String {
    let context = Scratch::new("context");
    let file = context.path.join("Dockerfile");
    fs::write(&file, text).expect("a file can be written");
    Build::new(&file, &context.path).tag(tag)
}

/// An image with Rust and gcc from this machine, kept from run to run under a name that says which they are.
fn toolchain() -> String {
    let mut key = DefaultHasher::new();
    for version in [["rustc", "-vV"], ["cargo", "-vV"], ["gcc", "--version"]] {
        stdout(Command::new(version[0]).arg(version[1])).hash(&mut key);
    }
    include_str!("builder.rs").hash(&mut key);
    let tag = format!("podinit-test-toolchain:{:016x}", key.finish());
    let found = engine::try_docker(["image", "inspect", &tag], Stdio::null(), engine::PATIENCE);
    if found.code != 0 {
        import_toolchain(&tag);
    }
    tag
}

fn import_toolchain(tag: &str) {
    let sysroot = PathBuf::from(stdout(Command::new("rustc").args(["--print", "sysroot"])));
    let mut files = package_files();
    files.extend(
        ["/bin", "/lib", "/lib64", "/sbin", "/tmp", "/usr/bin/cc", "/etc/alternatives/cc"]
            .map(PathBuf::from),
    );
    files.extend(["bin/cargo", "bin/rustc"].map(|file| sysroot.join(file)));
    let folders = [sysroot.join("lib")];
    let path = format!("ENV PATH={}:/usr/bin:/bin", sysroot.join("bin").display());
    let changes = [path.as_str(), "ENV CARGO_HOME=/usr/local/cargo"];
    import(tag, Path::new("/"), &files, &folders, &changes);
}

/// What the packages' owners put into them, less what no compiler reads.
fn package_files() -> BTreeSet<PathBuf> {
    let closure = stdout(
        Command::new("apt-cache")
            .args([
                "depends",
                "--recurse",
                "--installed",
                "--no-recommends",
                "--no-suggests",
                "--no-conflicts",
            ])
            .args(["--no-breaks", "--no-replaces", "--no-enhances"])
            .args(PACKAGES),
    );
    let names = closure
        .lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_alphanumeric()));
    let listed = stdout(Command::new("dpkg").arg("--listfiles").args(names));
    listed
        .lines()
        .filter(|line| line.starts_with('/') && *line != "/.")
        .filter(|line| {
            !["doc", "man", "locale", "info", "lintian"].iter().any(|part| is_share(line, part))
        })
        .filter_map(|line| real_place(Path::new(line)))
        .collect()
}

fn is_share(path: &str, part: &str) -> bool {
    path.strip_prefix("/usr/share/").is_some_and(|rest| rest.split('/').next() == Some(part))
}

/// `/lib/x` is `/usr/lib/x` where `/lib` is a link: the link must not come back as a folder.
fn real_place(path: &Path) -> Option<PathBuf> {
    let folder = fs::canonicalize(path.parent()?).ok()?;
    let place = folder.join(path.file_name()?);
    place.symlink_metadata().is_ok().then_some(place)
}

/// The toolchain image with the crates of Cargo.lock that cargo has fetched to build these tests.
fn with_registry(toolchain: &str) -> String {
    let home = env::var_os("CARGO_HOME").map_or_else(
        || Path::new(&env::var_os("HOME").expect("HOME is set")).join(".cargo"),
        PathBuf::from,
    );
    let context = Scratch::new("registry");
    let to = context.path.join("cargo-home/registry");
    copy(&home.join("registry/index"), &to.join("index"), &|_| true);
    let lock = fs::read_to_string(repository().join("Cargo.lock")).expect("Cargo.lock can be read");
    let wanted = crate_files(&lock);
    copy(&home.join("registry/cache"), &to.join("cache"), &|name| wanted.contains(name));
    let file = repository().join("tests/docker/images/registry.Dockerfile");
    Build::new(&file, &context.path).arg("TOOLCHAIN", toolchain).tag("podinit-test-builder")
}

/// `name-version.crate` of every package in a Cargo.lock.
fn crate_files(lock: &str) -> BTreeSet<String> {
    let value = |line: &str, key: &str| {
        let rest = line.strip_prefix(key)?.strip_prefix(" = \"")?;
        rest.strip_suffix('"').map(str::to_owned)
    };
    lock.split("[[package]]")
        .filter_map(|package| {
            let name = package.lines().find_map(|line| value(line, "name"))?;
            let version = package.lines().find_map(|line| value(line, "version"))?;
            Some(format!("{name}-{version}.crate"))
        })
        .collect()
}

fn copy(from: &Path, to: &Path, wanted: &dyn Fn(&str) -> bool) {
    fs::create_dir_all(to).expect("a folder for the copy");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("a folder can be read");
        let name = entry.file_name();
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &to.join(&name), wanted);
        } else if wanted(&name.to_string_lossy()) {
            fs::copy(entry.path(), to.join(&name)).expect("a file can be copied");
        }
    }
}

/// A folder to be the root of an image, filled piece by piece.
pub struct Root {
    scratch: Scratch,
}

impl Root {
    pub fn new(name: &str) -> Self {
        Self { scratch: Scratch::new(name) }
    }

    /// A program of this machine in the same place, with the libraries that `ldd` names.
    pub fn program(self, path: &str) -> Self {
        let listing = Command::new("ldd").arg(path).output().expect("ldd runs");
        let listing = String::from_utf8_lossy(&listing.stdout).into_owned();
        let libraries = listing.split_whitespace().filter(|word| word.starts_with('/'));
        for file in libraries.chain([path]) {
            let to = self.place(file);
            fs::copy(file, &to).unwrap_or_else(|error| panic!("{file}: {error}"));
        }
        self
    }

    pub fn file(self, path: &str, content: &str) -> Self {
        fs::write(self.place(path), content).expect("a file can be written");
        self
    }

    pub fn folder(self, path: &str) -> Self {
        fs::create_dir_all(self.place(path)).expect("a folder can be made");
        self
    }

    pub fn link(self, path: &str, target: &str) -> Self {
        symlink(target, self.place(path)).expect("a link can be made");
        self
    }

    /// Makes the image and gives its name.
    pub fn import(self, tag: &str) -> String {
        import(tag, &self.scratch.path, &BTreeSet::new(), &[PathBuf::from("/.")], &[]);
        tag.to_owned()
    }

    fn place(&self, path: &str) -> PathBuf {
        let place = self.scratch.path.join(path.trim_start_matches('/'));
        fs::create_dir_all(place.parent().expect("an absolute path"))
            .expect("a folder can be made");
        place
    }
}

/// `docker import` of some files and whole folders below `root`.
fn import(
    tag: &str,
    root: &Path,
    files: &BTreeSet<PathBuf>,
    folders: &[PathBuf],
    changes: &[&str],
) {
    let relative =
        |path: &PathBuf| path.strip_prefix("/").expect("an absolute path").as_os_str().to_owned();
    let list = Scratch::new("import");
    let names: Vec<_> = files.iter().map(relative).collect();
    let names = names.join(OsStr::new("\n"));
    fs::write(list.path.join("files"), names.as_encoded_bytes()).expect("a list can be written");
    let mut tar = Command::new("tar")
        .args(["--create", "--owner=0", "--group=0", "--numeric-owner", "--directory"])
        .arg(root)
        .args(["--no-recursion", "--files-from"])
        .arg(list.path.join("files"))
        .arg("--recursion")
        .args(
            folders
                .iter()
                .map(relative)
                .map(|name| if name.is_empty() { ".".into() } else { name }),
        )
        .stdout(Stdio::piped())
        .spawn()
        .expect("tar runs");
    let archive = tar.stdout.take().expect("stdout is piped");
    let mut line = vec!["import"];
    line.extend(changes.iter().flat_map(|&change| ["--change", change]));
    line.extend(["--change", "LABEL podinit.test=", "-", tag]);
    let output = engine::try_docker(&line, archive.into(), BUILD_TIME);
    assert_eq!(output.code, 0, "docker {line:?}: {output:?}");
    assert!(tar.wait().expect("tar ends").success(), "tar of {tag}");
}

/// The folder with Cargo.toml.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder in cargo's target folder that is gone when this value is.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(engine::unique(name));
        fs::create_dir_all(&path).expect("a folder can be made");
        Self { path }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Best effort, in cargo's own folder.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn stdout(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}. Set PODINIT_BUILDER to an image with Rust and gcc where this is not a Debian.")
    });
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}
