//! docs/architecture.md is the law on who may import whom; here it is read and enforced.

use crate::common::markdown::{code, tables};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../../docs/architecture.md");

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// (what it may import, whether it may be unsafe) of each room, by the table of docs/architecture.md.
fn law() -> BTreeMap<String, (BTreeSet<String>, bool)> {
    let table = tables(PAGE).into_iter().find(|table| table.rows[0][0] == "room");
    let rows = table.expect("docs/architecture.md has a table of rooms").rows.split_off(1);
    let room = |row: Vec<String>| {
        let name = code(&row[0]).join(" ");
        let imports = code(&row[1]).into_iter().map(str::to_owned).collect();
        (name, (imports, row[2] == "yes"))
    };
    rows.into_iter().map(room).collect()
}

/// Every source file below `src` that is not a test module, with its room: the first part of its path.
fn sources() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut folders = vec![src()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.file_stem().is_some_and(|stem| stem == "tests") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let relative = path.strip_prefix(src()).unwrap();
                let first = relative.components().next().unwrap().as_os_str();
                let room = Path::new(first).file_stem().unwrap().to_str().unwrap().to_owned();
                found.push((room, path));
            }
        }
    }
    found
}

/// The lines of a file that are neither comments nor within a `mod tests { … }` at its end.
fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("\nmod tests {").next().unwrap_or_default();
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    text.lines().map(code).collect()
}

#[test]
fn every_room_stands_in_the_table_and_every_row_is_a_room() {
    let rooms: BTreeSet<String> = sources().into_iter().map(|(room, _)| room).collect();
    let told: BTreeSet<String> = law().into_keys().collect();
    assert_eq!(rooms, told, "rooms of src/, rows of docs/architecture.md");
}

#[test]
fn rooms_import_only_what_they_may() {
    let law = law();
    for (room, path) in sources() {
        let may = &law[&room].0;
        for line in lines(&path) {
            // `crate::` from within, `podinit::` from main.rs.
            for start in ["crate::", "podinit::"] {
                for rest in line.split(start).skip(1) {
                    let names = rest.trim_start_matches('{').split([',', '}']);
                    let one = !rest.starts_with('{');
                    for name in names.take(if one { 1 } else { usize::MAX }) {
                        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
                        let name: String =
                            name.trim().chars().take_while(|c| is_part(*c)).collect();
                        let allowed = name.is_empty() || name == room || may.contains(&name);
                        assert!(
                            allowed,
                            "{}: {room} may not import {name}: {line}",
                            path.display()
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn unsafe_stands_only_where_the_table_says() {
    let law = law();
    let words = |line: &str| -> Vec<String> {
        line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').map(str::to_owned).collect()
    };
    for (room, path) in sources().into_iter().filter(|(room, _)| !law[room].1) {
        for line in lines(&path) {
            assert!(
                !words(&line).contains(&"unsafe".to_owned()),
                "{}: {room} may not say {line}",
                path.display()
            );
        }
    }
}

/// `spec`, `plan` and `lifecycle` say and decide; they must not be able to do anything.
#[test]
fn what_decides_knows_no_kernel() {
    for (room, path) in sources() {
        if !["spec", "plan", "lifecycle", "signal", "duration"].contains(&room.as_str()) {
            continue;
        }
        for line in lines(&path) {
            // What stands in quotes does nothing: a container has a field `env`.
            let code = line.split('"').step_by(2).collect::<Vec<_>>().join(" ");
            let words: Vec<&str> =
                code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
            for foreign in ["nix", "libc", "thread", "fs", "env", "Instant", "SystemTime"] {
                assert!(!words.contains(&foreign), "{}: {line}", path.display());
            }
        }
    }
}
