//! README.md: every command in it is run, every option in it exists, every option that exists is in it.
//!
//! Blocks marked `sh docker` and Dockerfiles are run by `tests/docker/readme.rs`.

use crate::common::markdown::{Block, blocks, code, normalised, prose, tables};
use crate::common::*;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

const README: &str = include_str!("../../README.md");
/// Its options are in tables as those of the others are.
const DOWNWARD: &str = include_str!("../../docs/downward.md");
const HELP: &str = "--help";

/// A build from nothing on a busy machine.
const BUILD: Duration = Duration::from_secs(15 * 60);

/// Long options in README.md that are not podinit's.
const FOREIGN: &[(&str, &[&str])] = &[
    (
        "cargo",
        &["--release", "--no-fail-fast", "--include-ignored", "--bench", "--no-default-features"],
    ),
    ("podman", &["--sdnotify"]),
    ("systemd-notify", &["--ready"]),
    ("unshare", &["--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]),
    (
        "docker",
        &[
            "--detach",
            "--entrypoint",
            "--env",
            "--force",
            "--format",
            "--from",
            "--init",
            "--init-path",
            "--name",
            "--rm",
            "--stop-signal",
            "--stop-timeout",
            "--volume",
        ],
    ),
];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A checkout to run commands in: the repository's files, cargo's output in a folder of its own.
struct Checkout {
    dir: TempDir,
}

impl Checkout {
    fn new() -> Checkout {
        let dir = TempDir::new();
        for entry in fs::read_dir(repository()).unwrap() {
            let entry = entry.unwrap();
            if !["target", ".git"].iter().any(|name| entry.file_name() == *name) {
                symlink(entry.path(), dir.path().join(entry.file_name())).unwrap();
            }
        }
        // Kept from run to run, so that only the first one builds all.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme-target");
        fs::create_dir_all(&target).unwrap();
        symlink(target, dir.path().join("target")).unwrap();
        fs::create_dir(dir.file("bin")).unwrap();
        dir.write("bin/podinit", 0o755, fs::read(Subject::podinit().path()).unwrap());
        Checkout { dir }
    }

    /// Runs a script there, with podinit on PATH; both outputs in one.
    fn run(&self, script: &str) -> Finished {
        let variable = |name| std::env::var(name).unwrap_or_default();
        let path = format!("{}:{}", self.dir.file("bin"), variable("PATH"));
        let script = format!("exec 2>&1\n{script}");
        let run = Run::program("/bin/sh").args(["-euc", &script]).no_env().env("PATH", path);
        let run = ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"]
            .into_iter()
            .filter(|name| std::env::var_os(name).is_some())
            .fold(run, |run, name| run.env(name, variable(name)));
        let run = run.env("CARGO_TERM_QUIET", "true").cwd(self.dir.path());
        run.spawn().wait_for(BUILD).unwrap_or_else(|| panic!("it did not end:\n{script}"))
    }
}

/// The shell blocks with this word; those without any for `""`. What an exit code says does not count.
fn shell_blocks(word: &str) -> Vec<Block> {
    let all = blocks(README).into_iter().filter(|block| block.language == "sh");
    let wanted = |block: &Block| match word {
        "" => block.words.iter().all(|word| word.starts_with("exit=")),
        word => block.has(word),
    };
    all.filter(wanted).collect()
}

#[test]
fn every_command_does_what_is_shown() {
    let checkout = Checkout::new();
    let blocks = shell_blocks("");
    assert!(blocks.len() >= 4, "README.md has lost its commands");
    for block in blocks {
        // Two processes that print, and a machine that is too busy for the pause between them: then once more.
        let agrees = || {
            let finished = checkout.run(&block.text);
            let code = block.value("exit").map_or(0, |code| code.parse().unwrap());
            assert_eq!(finished.code, Some(code), "README.md:{}: {}", block.line, finished.stdout);
            let printed = normalised(&finished.stdout);
            let shown = block.shown.as_deref().map_or(printed.clone(), normalised);
            if printed == shown { Ok(()) } else { Err((printed, shown)) }
        };
        if let Err((printed, shown)) = agrees().or_else(|_| agrees()) {
            assert_eq!(printed, shown, "README.md:{}", block.line);
        }
    }
}

/// A block's one cargo command with one more option for what cargo runs.
fn with_option(block: &Block, option: &str) -> String {
    let command = block.text.trim();
    let dashes = if command.contains(" -- ") { "" } else { " --" };
    format!("{command}{dashes} {option}")
}

/// The commands that run the tests cannot run inside a test: they are run up to the list of tests, and the larger one
/// is the line that CI runs whole.
#[test]
fn the_commands_that_run_the_tests_find_this_one() {
    let blocks = shell_blocks("tests");
    for block in &blocks {
        let command = with_option(block, "--list");
        let script = format!("cd '{}'\n{command}", repository().display());
        let finished = Checkout::new().run(&script).exits(0);
        let own = "readme::the_commands_that_run_the_tests_find_this_one: test";
        assert!(finished.stdout.contains(own), "README.md:{}: {finished:?}", block.line);
    }
    let ci = fs::read_to_string(repository().join(".ci/run")).unwrap().replace(" --locked", "");
    let largest = blocks.last().expect("README.md says how to run the tests").text.trim();
    assert!(ci.lines().any(|line| line == format!("step {largest}")), "{largest}");
}

/// In a hurry, as the figures themselves are no test; the rows that README.md shows must be there.
#[test]
#[ignore = "needs the real tini, dumb-init and catatonit"]
fn the_bench_has_the_rows_that_are_shown() {
    let checkout = Checkout::new();
    let mut output = String::new();
    for block in shell_blocks("bench") {
        output += &checkout.run(&with_option(&block, "--quick")).exits(0).stdout;
    }
    let measured: Vec<_> = tables(&output).into_iter().flat_map(|table| table.rows).collect();
    for table in tables(README).iter().filter(|table| table.rows[0][0] == "measure") {
        for row in &table.rows[1..] {
            assert!(measured.iter().any(|other| other[0] == row[0]), "{}: {output}", row[0]);
        }
    }
}

/// `-r, --rewrite FROM:TO` of the help text as `-r --rewrite FROM:TO`.
fn options_in_help() -> BTreeSet<String> {
    let help = Run::of(&Subject::podinit()).arg(HELP).finish().exits(0).stdout;
    let lines = help.lines().filter(|line| line.trim_start().starts_with('-'));
    // Some have their description on the same line, behind two spaces.
    let option = |line: &str| line.trim().split("   ").next().unwrap().replace(',', "");
    let options: BTreeSet<String> = lines.map(|line| words(&option(line))).collect();
    assert!(options.len() > 15, "{help}");
    options
}

/// The long options in the help text of a command.
fn options_of(command: &str) -> BTreeSet<String> {
    let help = own().args(command.split(' ')).arg(HELP).finish().exits(0).stdout;
    let lines = help.lines().filter(|line| line.trim_start().starts_with('-'));
    let words = lines.flat_map(|line| line.split([' ', ',', '=']).take(10));
    let options: BTreeSet<String> =
        words.filter(|word| word.starts_with("--") && *word != HELP).map(str::to_owned).collect();
    assert!(options.len() >= 5, "{help}");
    options
}

#[test]
fn the_options_of_the_commands_are_those_of_their_help_texts() {
    let pages = [
        (README, "probe"),
        (README, "wait"),
        (DOWNWARD, "downward render"),
        (DOWNWARD, "downward env"),
    ];
    for (page, command) in pages {
        let heading = format!("option of `{command}`");
        let table = tables(page).into_iter().find(|table| table.rows[0][0] == heading);
        let rows = table.expect("there is a table of them").rows.split_off(1);
        let shown: BTreeSet<String> = rows
            .iter()
            .flat_map(|row| code(&row[0]))
            .filter(|option| option.starts_with("--"))
            .map(|option| option.split(' ').next().unwrap().to_owned())
            .collect();
        assert_eq!(shown, options_of(command), "podinit {command} {HELP}");
    }
}

/// The commands of the manifests that are shown are understood: what they are told to try is not here.
#[test]
fn what_is_shown_of_kubernetes_is_understood() {
    let manifests: Vec<Block> =
        blocks(README).into_iter().filter(|block| block.language == "yaml").collect();
    let lines = manifests.iter().flat_map(|block| block.text.lines());
    let mut count = 0;
    for line in lines.filter_map(|line| line.trim().strip_prefix("command: ")) {
        let words: Vec<String> = serde_json::from_str(line).expect("a list of words");
        let (podinit, arguments) = words.split_first().unwrap();
        assert_eq!(podinit, "/podinit");
        let mut running = own().args(arguments).spawn();
        if arguments[0] == "probe" {
            running.wait().exits(1);
        } else {
            running.until("it takes signals", || (state(running.pid()) == Some('S')).then_some(()));
            running.signal(libc::SIGTERM);
            running.wait().exits(143);
        }
        count += 1;
    }
    assert!(count >= 4, "README.md has lost its manifest");
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn option_rows() -> Vec<Vec<String>> {
    let table = tables(README).into_iter().find(|table| table.rows[0][0] == "option");
    table.expect("README.md has a table of options").rows.split_off(1)
}

#[test]
fn the_options_are_those_of_the_help_text() {
    let shown: BTreeSet<String> = option_rows().iter().map(|row| code(&row[0]).join(" ")).collect();
    let help = options_in_help();
    let missing: Vec<_> = help.difference(&shown).collect();
    let invented: Vec<_> = shown.difference(&help).collect();
    assert!(
        missing.is_empty() && invented.is_empty(),
        "not in README.md: {missing:?}; not in {HELP}: {invented:?}"
    );
}

#[test]
fn no_option_is_named_that_nobody_has() {
    let own: BTreeSet<String> = options_in_help()
        .iter()
        .flat_map(|option| option.split(' ').map(str::to_owned).collect::<Vec<_>>())
        .chain(options_of("probe"))
        .chain(options_of("wait"))
        .chain(options_of("downward render"))
        .chain(options_of("downward env"))
        .collect();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    for (start, _) in README.match_indices("--") {
        let before = README[..start].chars().next_back();
        let option: String = README[start..].chars().take_while(|c| is_word(*c)).collect();
        let is_option = option.chars().nth(2).is_some_and(|c| c.is_ascii_lowercase());
        if before.is_some_and(is_word) || !is_option {
            continue;
        }
        let foreign = FOREIGN.iter().any(|(_, options)| options.contains(&option.as_str()));
        assert!(own.contains(&option) || foreign, "{option}: whose option is that?");
    }
}

#[test]
fn the_variables_are_those_of_the_options() {
    let variable = |long: &str| {
        format!("PODINIT_{}", long.trim_start_matches('-').replace('-', "_").to_uppercase())
    };
    let mut known = vec!["PODINIT_DISABLED".to_owned()];
    for row in option_rows() {
        let long = code(&row[0]).into_iter().find(|part| part.starts_with("--")).unwrap();
        let name = variable(long.split(' ').next().unwrap());
        let is_question = ["--help", "--version", "--license"].contains(&long);
        assert_eq!(code(&row[1]), if is_question { vec![] } else { vec![name.as_str()] });
        known.push(name);
    }
    let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
    for (start, _) in README.match_indices("PODINIT_") {
        let name: String = README[start..].chars().take_while(|c| is_name(*c)).collect();
        assert!(known.contains(&name), "{name}: there is no such variable");
    }
    // And podinit reads each: it does not know what to make of this value.
    for name in known.iter().filter(|name| !is_free_text(name)) {
        let run = Run::of(&Subject::podinit()).env(name, "\u{e9}");
        let finished = run.args(["--", "/bin/true"]).finish();
        let questions = ["PODINIT_HELP", "PODINIT_VERSION", "PODINIT_LICENSE"];
        let expected = if questions.contains(&name.as_str()) { 0 } else { 125 };
        assert_eq!(finished.code, Some(expected), "{name}: {finished:?}");
    }
}

/// Any text is a value of these, or of the list that they are.
fn is_free_text(variable: &str) -> bool {
    variable == "PODINIT_CHDIR"
}

/// The rows of the tables for those who come from `peer`: its options, and ours.
fn migration(peer: &str) -> Vec<(String, String)> {
    let table = tables(README).into_iter().find(|table| table.rows[0][0] == peer).expect(peer);
    let cell = |cell: &String| code(cell).first().map_or(String::new(), |text| (*text).to_owned());
    table.rows[1..].iter().map(|row| (cell(&row[0]), cell(&row[1]))).collect()
}

/// Starts a program with these options, as they stand in a table; fails if they are refused. An init that holds
/// namespaces is told to leave.
fn accepts(subject: &Subject, options: &str) {
    let mut run = Run::of(subject).pid1();
    let holds = subject.name() == "pause" || ["-P", "pause"].contains(&options);
    for word in options.split_whitespace() {
        run = match word.split_once('=') {
            Some((name, value)) if !word.starts_with('-') => run.env(name, value),
            _ => run.arg(word),
        };
    }
    if holds && options != "-v" {
        let mut running = run.spawn();
        running.until("it takes signals", || takes(running.pid(), libc::SIGTERM).then_some(()));
        running.signal(libc::SIGTERM);
        running.wait().exits(0);
    } else {
        run.args(["--", "/bin/true"]).finish().exits(0);
    }
}

#[test]
fn what_is_said_to_those_who_come_from_another_init_is_accepted() {
    for peer in ["tini", "dumb-init", "catatonit", "pause"] {
        for (theirs, ours) in migration(peer) {
            accepts(&Subject::ours(peer), &theirs);
            accepts(&Subject::podinit(), &ours);
        }
    }
}

#[test]
#[ignore = "needs the real tini, dumb-init and catatonit"]
fn what_is_said_of_the_others_is_accepted_by_them() {
    for peer in ["tini", "dumb-init", "catatonit"] {
        for (theirs, _) in migration(peer) {
            accepts(&Subject::peer(peer), &theirs);
        }
    }
}

/// SECURITY.md and the limits say that the text has no random place.
#[test]
fn the_binary_is_not_position_independent() {
    let binary = fs::read(Subject::podinit().path()).unwrap();
    const ET_EXEC: u16 = 2;
    assert_eq!(u16::from_le_bytes([binary[16], binary[17]]), ET_EXEC);
}

/// All pages: the files they link to exist, the headings too.
#[test]
fn links_lead_somewhere() {
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for target in prose(&text).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            if file.contains("://") {
                continue;
            }
            let path = if file.is_empty() { page.clone() } else { page.with_file_name(file) };
            assert!(path.exists(), "{}: {target}", page.display());
            if !anchor.is_empty() {
                let other = fs::read_to_string(&path).unwrap();
                assert!(anchors(&other).contains(anchor), "{}: {target}", page.display());
            }
        }
    }
}

fn pages() -> Vec<PathBuf> {
    let in_dir = |dir: PathBuf| fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let all = in_dir(repository().into()).chain(in_dir(repository().join("docs")));
    all.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// The names by which headings are linked to.
fn anchors(page: &str) -> BTreeSet<String> {
    let text = prose(page);
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

/// What docs/differences.md names as `module::name`, `docker module::name` or `lib room::file::tests::name` is a test.
#[test]
fn the_tests_that_are_named_exist() {
    let page = fs::read_to_string(repository().join("docs/differences.md")).unwrap();
    let mut count = 0;
    let example = |name: &str| name.ends_with("::name") || name.starts_with("cargo ");
    let prose = prose(&page);
    for name in code(&prose).into_iter().filter(|name| name.contains("::") && !example(name)) {
        let (folder, test) = match name.split_once(' ') {
            Some(("docker", test)) => ("tests/docker", test),
            Some(("lib", test)) => ("src", test),
            _ => ("tests/suite", name),
        };
        let (module, function) = test.rsplit_once("::").unwrap();
        let path = repository().join(format!("{folder}/{}.rs", module.replace("::", "/")));
        let source = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{name}: no such file"));
        assert!(source.contains(&format!("fn {function}(")), "{name}: there is no such test");
        count += 1;
    }
    assert!(count > 40, "{count}");
}

/// docs/dependencies.md has a row for each dependency of Cargo.toml, with its features.
#[test]
fn dependencies_are_argued_for() {
    let manifest = fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    let page = fs::read_to_string(repository().join("docs/dependencies.md")).unwrap();
    let lists = tables(&page).into_iter().filter(|table| table.rows[0][1] == "features");
    let rows = lists.flat_map(|table| table.rows.into_iter().skip(1));
    let told: BTreeSet<(String, Vec<String>)> = rows
        .map(|row| {
            let features = code(&row[1]).into_iter().map(str::to_owned).collect();
            (code(&row[0])[0].to_owned(), features)
        })
        .collect();
    let mut section = "";
    let mut found = BTreeSet::new();
    for line in manifest.lines() {
        section = line.strip_prefix('[').map_or(section, |rest| rest.trim_end_matches(']'));
        let Some((name, value)) = line.split_once(" = ") else { continue };
        if matches!(section, "dependencies" | "dev-dependencies") {
            let features = value.split_once("features = [").map_or("", |(_, list)| list);
            let features = features.split('"').skip(1).step_by(2).map(str::to_owned).collect();
            found.insert((name.to_owned(), features));
        }
    }
    assert_eq!(found, told, "Cargo.toml, docs/dependencies.md");
}
