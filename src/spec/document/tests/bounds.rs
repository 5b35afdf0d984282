//! Files that are made to take memory, time or the stack.

use super::*;

fn problem(text: &str) -> ReadProblem {
    read(text.as_bytes()).expect_err("too much").problem
}

#[test]
fn files_are_at_most_so_long() {
    let mut text = "#".repeat(MAX_BYTES);
    assert_eq!(read(text.as_bytes()), Ok(Vec::new()));
    text.push('#');
    assert_eq!(error(&text), "the file has 1572865 bytes; 1572864 are the most");
}

#[test]
fn the_longest_manifests_fit() {
    let variable = "    - name: A_VARIABLE\n      value: of a few words\n";
    let head = "spec:\n  containers:\n  - name: a\n    env:\n";
    let text = head.to_owned() + &variable.repeat((MAX_BYTES - head.len()) / variable.len());
    assert_eq!(read(text.as_bytes()).map(|nodes| nodes.len()), Ok(1));
}

#[test]
fn a_billion_laughs_stop_before_they_take_memory() {
    let mut text = "a0: &a0 [lol, lol, lol]\n".to_owned();
    for level in 1..30 {
        let alias = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{alias}, {alias}, {alias}, {alias}]\n");
    }
    assert_eq!(problem(&text), ReadProblem::TooLarge);
    // Few nodes, much text.
    let text = format!("a: &a {}\nb: [{}]", "x".repeat(100_000), "*a,".repeat(1000));
    assert_eq!(problem(&text), ReadProblem::TooLarge);
    // By merging.
    let text = format!("a: &a {{b: {}}}\nc: [{}]", "x".repeat(100_000), "{<<: *a},".repeat(1000));
    assert_eq!(problem(&text), ReadProblem::TooLarge);
    assert_eq!(
        error(&text).split_once(']').unwrap().1,
        ": too much in one file: with what aliases repeat it takes more than 32 MiB of memory"
    );
}

/// A node of `{}` takes a few words, and the type that it becomes a hundred.
#[test]
fn lists_of_large_types_stop_before_they_take_memory() {
    #[derive(Debug)]
    struct Large([u8; 1024]);
    impl<'de> serde::Deserialize<'de> for Large {
        fn deserialize<D: serde::Deserializer<'de>>(of: D) -> Result<Large, D::Error> {
            serde::de::IgnoredAny::deserialize(of).map(|_| Large([0; 1024]))
        }
    }
    let of = |count| read(format!("[{}]", "{},".repeat(count)).as_bytes()).unwrap();
    let most = MAX_MEMORY / size_of::<Large>();
    let large = decode::<Vec<Large>>(&of(most)[0]).unwrap().value;
    assert_eq!(large.iter().map(|one| one.0.len()).sum::<usize>(), MAX_MEMORY);
    assert_eq!(
        decode::<Vec<Large>>(&of(most + 1)[0]).unwrap_err().to_string(),
        "[32768]: too many: with it all lists take more than 32 MiB of memory (line 1)"
    );
}

#[test]
fn collections_stand_within_each_other_to_a_depth() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(read(nested(MAX_DEPTH).as_bytes()).map(|nodes| nodes.len()), Ok(1));
    assert_eq!(problem(&nested(MAX_DEPTH + 1)), ReadProblem::TooDeep);
    let json = |depth: usize| format!("{{\"a\":{}}}", nested(depth - 1));
    assert_eq!(read(json(MAX_DEPTH).as_bytes()).map(|nodes| nodes.len()), Ok(1));
    assert_eq!(problem(&json(MAX_DEPTH + 1)), ReadProblem::TooDeep);
    for deep in [10_000, 250_000] {
        assert_eq!(problem(&json(deep)), ReadProblem::TooDeep);
        assert_eq!(problem(&"{\"a\":".repeat(deep)), ReadProblem::TooDeep);
        read(nested(deep).as_bytes()).unwrap_err();
        read("{a: ".repeat(deep).replacen('{', "- {", 1).as_bytes()).unwrap_err();
    }
    let words = error(&json(MAX_DEPTH + 1));
    assert!(words.ends_with("[0]: nested too deeply: 100 levels are the most"), "{words}");
}

/// Such rows have taken parsers time that grows with their square, which would be minutes here.
#[test]
fn long_rows_of_marks_take_no_time() {
    for unit in [
        "- ", "-\n", "? ", "?\n", ": ", ":\n", "[", "{", "[{", "{[", "!", "! ", "!a ", "&a ", "&",
        "*a ", "\"", "'", "|\n", "> ", "a: ", "a:\n", "a: 1\n", "%", "%a\n", "---\n", "--- ",
        "...\n", "#\n", "\t", "\n", " ", "[a, ", "[a]: ", "{a: ", "{a, ", "a, ", "[],", "\\",
        "\"\\", "a\n", "a: [\n", "- a:\n", "\"a\": ", "'a',",
    ] {
        let text = unit.repeat((1 << 17) / unit.len());
        let _ = read(text.as_bytes());
        let _ = read(format!("[{text}").as_bytes());
        let _ = read(format!("{{{text}").as_bytes());
    }
}
