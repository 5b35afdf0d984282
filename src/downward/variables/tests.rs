use super::*;
use proptest::prelude::*;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

type Variables = BTreeMap<String, Vec<u8>>;

fn pairs(variables: &Variables) -> impl Iterator<Item = (&str, &[u8])> {
    variables.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
}

fn map(pairs: &[(&str, &[u8])]) -> Variables {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect()
}

#[test]
fn each_format() {
    let variables = map(&[("A", b"it's\n$(x)"), ("B", b"")]);
    let text = |written: Result<Vec<u8>, Unwritable>| String::from_utf8(written.unwrap()).unwrap();
    assert_eq!(text(shell(pairs(&variables), "")), "A='it'\\''s\n$(x)'\nB=''\n");
    assert_eq!(
        text(shell(pairs(&variables), "export ")),
        "export A='it'\\''s\n$(x)'\nexport B=''\n"
    );
    assert_eq!(text(json(pairs(&variables))), "{\"A\":\"it's\\n$(x)\",\"B\":\"\"}\n");
    assert_eq!(text(Ok(null(pairs(&variables)))), "A=it's\n$(x)\0B=\0");
    assert_eq!(text(json(pairs(&map(&[])))), "{}\n");
}

#[test]
fn what_cannot_be_written_is_told() {
    for name in ["a.b", "1", "-x", "a b", "$(id)", "é", "x;id", "a\n"] {
        let error = shell(pairs(&map(&[(name, b"")])), "export ").unwrap_err();
        assert_eq!(error, Unwritable::Name(name.to_owned()));
        assert!(json(pairs(&map(&[(name, b"")]))).is_ok());
    }
    let error = json(pairs(&map(&[("A", b"\xff")]))).unwrap_err();
    assert_eq!(error.to_string(), "the value of \"A\" is no UTF-8 (try --format null)");
    assert!(shell(pairs(&map(&[("A", b"\xff")])), "").is_ok());
}

/// What a shell has exported after it has read this text, of these names.
fn read_by(shell: &str, before: &str, text: &[u8], names: &Variables) -> Option<Variables> {
    let path = std::env::temp_dir().join(format!("podinit-env-{}-{shell}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    let script = format!("{before}. \"$0\"; exec cat /proc/self/environ");
    let mut command = Command::new(shell);
    command.arg("-c").arg(script).arg(&path).stdin(Stdio::null());
    let output = match command.output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        output => output.unwrap(),
    };
    assert!(output.status.success(), "{output:?}");
    let _ = std::fs::remove_file(&path);
    let split = |line: &[u8]| {
        let at = line.iter().position(|byte| *byte == b'=')?;
        let name = OsStr::from_bytes(&line[..at]).to_str()?.to_owned();
        names.contains_key(&name).then(|| (name, line[at + 1..].to_vec()))
    };
    Some(output.stdout.split(|byte| *byte == 0).filter_map(split).collect())
}

/// Names that no shell has a use for of its own.
fn variables() -> impl Strategy<Value = Variables> {
    let odd = prop::collection::vec(
        prop::sample::select(b"'\"\\$`\n\r\t !#~*?[]{}();&|<>=\x01\x7f\x80\xff\xc3\xa9a".to_vec()),
        0..40,
    );
    let byte = prop::collection::vec(1..=255_u8, 0..200);
    prop::collection::btree_map("V_[A-Za-z0-9_]{1,9}", prop_oneof![odd, byte], 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_shell_reads_the_same_bytes_back(variables in variables()) {
        let dotenv = shell(pairs(&variables), "").unwrap();
        let export = shell(pairs(&variables), "export ").unwrap();
        // Wherever a test runs there is an sh; bash and busybox read the same if they are there.
        prop_assert!(read_by("sh", "set -a; ", &dotenv, &variables).is_some());
        for shell in ["sh", "bash", "dash"] {
            for (before, text) in [("set -a; ", &dotenv), ("", &export)] {
                if let Some(read) = read_by(shell, before, text, &variables) {
                    prop_assert_eq!(&read, &variables, "{}", shell);
                }
            }
        }
    }

    #[test]
    fn json_and_null_are_read_back(variables in prop::collection::btree_map("[ -<>-~]{1,9}", "[^\0]{0,30}", 0..6)) {
        let bytes: Variables =
            variables.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
        let read: BTreeMap<String, String> =
            serde_json::from_slice(&json(pairs(&bytes)).unwrap()).unwrap();
        prop_assert_eq!(read, variables);
        let text = null(pairs(&bytes));
        let one = |entry: &[u8]| {
            let at = entry.iter().position(|byte| *byte == b'=').unwrap();
            (String::from_utf8(entry[..at].to_vec()).unwrap(), entry[at + 1..].to_vec())
        };
        let entries = text.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
        prop_assert_eq!(entries.map(one).collect::<Variables>(), bytes);
    }
}
