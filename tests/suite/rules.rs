//! docs/architecture.md says where each rule of Kubernetes lives. Here it is held to that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::markdown::{code, tables};

const PAGE: &str = include_str!("../../docs/architecture.md");

/// Of the sections that concern the pod and its life: the letter, and how many there are.
const RULES: [(char, usize); 9] = [
    ('W', 29),
    ('H', 20),
    ('T', 28),
    ('R', 45),
    ('I', 17),
    ('E', 21),
    ('D', 34),
    ('V', 23),
    ('M', 20),
];

/// Decided before there is a pod: what hooks can be, how they are spelt (kubelet H1, H2), and where they stand.
const ELSEWHERE: [&str; 2] = ["H1", "H2"];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rows(first: &str) -> Vec<Vec<String>> {
    let table = tables(PAGE).into_iter().find(|table| table.rows[0][0] == first);
    table
        .unwrap_or_else(|| panic!("docs/architecture.md has no table of {first}"))
        .rows
        .split_off(1)
}

/// `R10, R11` and `W1–W12`, each by itself.
fn spelled(list: &str) -> Vec<String> {
    let number = |rule: &str| rule[1..].parse::<usize>().unwrap();
    let one = |part: &str| -> Vec<String> {
        let (first, last) = part.split_once('–').unwrap_or((part, part));
        (number(first)..=number(last)).map(|n| format!("{}{n}", &first[..1])).collect()
    };
    list.split(", ").flat_map(one).collect()
}

/// Where a rule's code is, or why there is none.
fn told() -> BTreeMap<String, Option<PathBuf>> {
    let mut told = BTreeMap::new();
    for row in rows("rules") {
        let file = repository().join("src").join(code(&row[2])[0]);
        told.extend(spelled(&row[0]).into_iter().map(|rule| (rule, Some(file.clone()))));
    }
    for row in rows("rule") {
        told.extend(spelled(&row[0]).into_iter().map(|rule| (rule, None)));
    }
    told
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The rules that comments and names of tests cite, `R24 to R27` one by one.
fn cited(text: &str) -> BTreeSet<String> {
    let mut cited = BTreeSet::new();
    for line in text.lines() {
        let comment = line.split_once("//").map_or("", |(_, comment)| comment);
        let words: Vec<&str> = comment.split(|c: char| !c.is_ascii_alphanumeric()).collect();
        let rule = |word: &&str| {
            let number = word.get(1..).and_then(|digits| digits.parse::<usize>().ok());
            let letter = word.chars().next().filter(char::is_ascii_uppercase);
            letter.zip(number.filter(|_| word.len() <= 3))
        };
        for (index, word) in words.iter().enumerate() {
            let Some((letter, first)) = rule(word) else { continue };
            let range = words.get(index + 1) == Some(&"to");
            let last = words.get(index + 2).and_then(rule).filter(|(to, _)| range && *to == letter);
            let last = last.map_or(first, |(_, last)| last);
            cited.extend((first..=last).map(|number| format!("{letter}{number}")));
        }
        if let Some((_, name)) = line.split_once("fn ") {
            let parts = name.split('_').map(str::to_uppercase);
            let parts: Vec<String> = parts.collect();
            let rules = parts.iter().map(String::as_str).map_while(|part| rule(&part));
            cited.extend(rules.map(|(letter, number)| format!("{letter}{number}")));
        }
    }
    cited
}

#[test]
fn citations_are_found() {
    let text = "// kubelet R24 to R26, W1\nfn t04_i2_the_turn() {\nlet x = \"D7\";\n/// P100 and E12 to go";
    let found: Vec<String> = cited(text).into_iter().collect();
    assert_eq!(found, ["E12", "I2", "R24", "R25", "R26", "T4", "W1"]);
}

/// No rule is left out, and the file that is named for one cites it, or a part of that file does: its folder.
#[test]
fn the_code_of_each_rule_is_where_the_page_says() {
    let told = told();
    for (letter, count) in RULES {
        for number in 1..=count {
            let rule = format!("{letter}{number}");
            let known = told.contains_key(&rule) || ELSEWHERE.contains(&rule.as_str());
            assert!(known, "docs/architecture.md does not say where {rule} is");
        }
    }
    let mut silent = Vec::new();
    for (rule, file) in told {
        let Some(file) = file else { continue };
        let mut parts = vec![file.clone()];
        let is_root = file.file_name().is_some_and(|name| name == "mod.rs");
        let folder =
            if is_root { file.parent().unwrap().to_owned() } else { file.with_extension("") };
        if folder.is_dir() {
            sources(&folder, &mut parts);
        }
        let text: String = parts.iter().map(|part| fs::read_to_string(part).unwrap()).collect();
        if !cited(&text).contains(&rule) {
            silent.push(format!("{rule} in {}", file.display()));
        }
    }
    assert_eq!(silent, Vec::<String>::new());
}

/// Every rule that podinit has a part in is shown by a test of the rooms that decide, or of those that carry out hooks and
/// probes.
#[test]
fn each_rule_is_cited_by_a_test() {
    let mut files = Vec::new();
    for folder in [
        "src/spec",
        "src/plan",
        "src/lifecycle",
        "src/probe",
        "src/agent",
        "src/downward",
        "tests/agent",
    ] {
        sources(&repository().join(folder), &mut files);
    }
    files.push(repository().join("tests/suite/downward_watch.rs"));
    let is_test = |path: &Path| {
        let stems = path.iter().map(|part| Path::new(part).file_stem());
        stems.into_iter().any(|stem| stem.is_some_and(|stem| stem == "tests"))
    };
    let tests = files.into_iter().map(|path| {
        let text = fs::read_to_string(&path).unwrap();
        match text.split_once("\nmod tests {") {
            _ if is_test(&path) => text,
            Some((_, tests)) => tests.to_owned(),
            None => String::new(),
        }
    });
    let cited: BTreeSet<String> = tests.flat_map(|text| cited(&text)).collect();
    let told = told();
    let rules = |(letter, count)| (1..=count).map(move |number| format!("{letter}{number}"));
    let shown = |rule: &String| told.get(rule) == Some(&None) || cited.contains(rule);
    let silent: Vec<String> =
        RULES.into_iter().flat_map(rules).filter(|rule| !shown(rule)).collect();
    assert_eq!(silent, Vec::<String>::new());
}
