use super::*;
use proptest::prelude::*;
use serde_json::Value as Json;

mod recorded;

/// What the tests refer to: a value, or the word that says what is wrong with it.
type Reference = Result<&'static str, Unresolved<&'static str>>;

/// The same for an import: its variables.
type Imported = Result<&'static [(&'static str, &'static str)], Unresolved<&'static str>>;

const MISSING: Unresolved<&str> = Unresolved::Missing("there is no such key");
const FAILED: Unresolved<&str> = Unresolved::Failed("it cannot be read");

fn entry(name: &str, text: &str) -> Entry<Reference> {
    Entry { name: name.into(), source: Source::Value(text.into()) }
}

fn from(name: &str, reference: Reference, optional: bool) -> Entry<Reference> {
    Entry { name: name.into(), source: Source::From { reference, optional } }
}

fn import(prefix: &str, variables: &'static [(&'static str, &'static str)]) -> Import<Imported> {
    Import { prefix: prefix.into(), reference: Ok(variables), optional: false }
}

fn try_build(
    imports: &[Import<Imported>],
    entries: &[Entry<Reference>],
) -> Result<Environment, Error<&'static str>> {
    let owned = |variables: &[(&str, &str)]| {
        variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    };
    Environment::build(
        imports,
        entries,
        |reference| reference.clone().map(owned),
        |reference| reference.clone().map(|value| value.as_bytes().to_vec()),
    )
}

fn build(imports: &[Import<Imported>], entries: &[Entry<Reference>]) -> Environment {
    try_build(imports, entries).expect("all is well")
}

/// `NAME=value` of each variable, by name.
fn lines(environment: &Environment) -> Vec<String> {
    let line = |(name, value): (&str, &[u8])| format!("{name}={}", str::from_utf8(value).unwrap());
    environment.iter().map(line).collect()
}

fn expanded(words: Words<'_>, written: &[&str]) -> Vec<String> {
    let written: Vec<String> = written.iter().map(|word| (*word).into()).collect();
    let words = words.expand(&written).unwrap();
    words.into_iter().map(|word| String::from_utf8(word).unwrap()).collect()
}

// kubelet E9
#[test]
fn e09_env_comes_after_env_from_and_later_entries_win() {
    let imports = [
        import("", &[("A", "first"), ("B", "first"), ("C", "$(A)")]),
        import("P_", &[("A", "prefixed")]),
        import("", &[("B", "second")]),
    ];
    let entries = [entry("A", "env"), entry("D", "1"), entry("D", "2")];
    let environment = build(&imports, &entries);
    assert_eq!(lines(&environment), ["A=env", "B=second", "C=$(A)", "D=2", "P_A=prefixed"]);
}

// kubelet E10
#[test]
fn e10_a_value_sees_what_comes_before_it() {
    let imports = [import("", &[("SELF", "imported"), ("I", "i")])];
    let entries = [
        entry("FORWARD", "$(LATER)"),
        entry("LATER", "later"),
        entry("BACK", "$(LATER)-$(I)"),
        entry("CHAIN", "$(BACK)!"),
        entry("SELF", "$(SELF)+own"),
        entry("NONE", "x$(NONE)y"),
        entry("DUP", "1"),
        entry("SEES1", "$(DUP)"),
        entry("DUP", "$(DUP)2"),
        entry("SEES2", "$(DUP)"),
    ];
    let environment = build(&imports, &entries);
    for (name, value) in [
        ("FORWARD", "$(LATER)"),
        ("BACK", "later-i"),
        ("CHAIN", "later-i!"),
        ("SELF", "imported+own"),
        ("NONE", "x$(NONE)y"),
        ("SEES1", "1"),
        ("SEES2", "12"),
    ] {
        assert_eq!(environment.get(name), Some(value.as_bytes()), "{name}");
    }
}

// kubelet E11
#[test]
fn e11_what_comes_from_elsewhere_is_not_expanded_but_known() {
    let imports = [import("", &[("I", "$(A)$$")])];
    let entries = [entry("A", "a"), from("F", Ok("$(A)$$"), false), entry("R", "$(I) $(F)")];
    let environment = build(&imports, &entries);
    assert_eq!(lines(&environment), ["A=a", "F=$(A)$$", "I=$(A)$$", "R=$(A)$$ $(A)$$"]);
    // Its bytes are nobody's business either.
    let bytes = Environment::build(
        &[] as &[Import<()>],
        &[from("F", Ok(""), false), entry("R", "<$(F)>")],
        |()| Err(MISSING),
        |_| Ok(vec![0xff, b'$', 0xfe]),
    );
    assert_eq!(bytes.unwrap().get("R"), Some(&b"<\xff$\xfe>"[..]));
}

// kubelet E12, E16: outside of a cluster there are no services, and their names are like any other.
#[test]
fn e12_a_service_is_known_only_where_the_manifest_names_it() {
    let service = "KUBERNETES_SERVICE_HOST";
    let entries = [entry("A", "$(KUBERNETES_SERVICE_HOST)")];
    assert_eq!(build(&[], &entries).get("A"), Some(&b"$(KUBERNETES_SERVICE_HOST)"[..]));
    let entries = [entry(service, "10.0.0.1"), entries[0].clone()];
    assert_eq!(build(&[], &entries).get("A"), Some(&b"10.0.0.1"[..]));
}

// kubelet E13
#[test]
fn e13_an_empty_value_is_set() {
    let imports = [import("", &[("A", "imported")])];
    let environment = build(&imports, &[entry("A", ""), entry("B", "[$(A)]")]);
    assert_eq!(lines(&environment), ["A=", "B=[]"]);
}

// kubelet E14
#[test]
fn e14_what_is_missing_and_optional_is_not_set() {
    let imports = [Import { prefix: "P".into(), reference: Err(MISSING), optional: true }];
    let entries = [
        entry("A", "earlier"),
        from("A", Err(MISSING), true),
        from("B", Err(MISSING), true),
        entry("C", "$(A) $(B)"),
    ];
    assert_eq!(lines(&build(&imports, &entries)), ["A=earlier", "C=earlier $(B)"]);
}

// kubelet E14
#[test]
fn e14_what_is_missing_otherwise_is_an_error_that_names_it() {
    let missing = "there is no such key";
    let unresolved = |error| Err(Error { at: At::Env(0), problem: Problem::Unresolved(error) });
    let one = |reference, optional| try_build(&[], &[from("B", Err(reference), optional)]);
    assert_eq!(one(MISSING, false), unresolved(missing));
    assert_eq!(one(FAILED, false), unresolved("it cannot be read"));
    assert_eq!(one(FAILED, true), unresolved("it cannot be read"));
    assert_eq!(one(MISSING, false).unwrap_err().to_string(), "env[0]: there is no such key");

    let imports = |reference, optional| {
        let bad = Import { prefix: String::new(), reference: Err(reference), optional };
        try_build(&[import("", &[]), bad], &[])
    };
    assert_eq!(
        imports(MISSING, false),
        Err(Error { at: At::EnvFrom(1), problem: Problem::Unresolved(missing) })
    );
    assert!(imports(MISSING, true).is_ok());
    let error = imports(FAILED, true).unwrap_err();
    assert_eq!(error.to_string(), "envFrom[1]: it cannot be read");
}

// kubelet E15
#[test]
fn e15_each_name_is_there_once() {
    let imports = [import("", &[("B", "1"), ("A", "1")]), import("", &[("A", "2")])];
    let environment = build(&imports, &[entry("B", "3"), entry("B", "4")]);
    let names: Vec<_> = environment.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["A", "B"]);
}

// kubelet E16
#[test]
fn e16_the_manifest_wins_over_what_is_inherited() {
    let environment = build(&[], &[entry("PATH", "/own"), entry("EMPTY", ""), entry("A", "a")]);
    let pair = |name: &[u8], value: &[u8]| (name.to_vec(), value.to_vec());
    let inherited = [
        pair(b"PATH", b"/image"),
        pair(b"EMPTY", b"full"),
        pair(b"HOSTNAME", b"here"),
        pair(b"\xff", b"\xfe"),
    ];
    let expected = [
        pair(b"A", b"a"),
        pair(b"EMPTY", b""),
        pair(b"HOSTNAME", b"here"),
        pair(b"PATH", b"/own"),
        pair(b"\xff", b"\xfe"),
    ];
    assert!(environment.over(inherited).into_iter().eq(expected));
}

// kubelet E17
#[test]
fn e17_command_and_args_see_the_complete_environment() {
    let imports = [import("", &[("I", "imported")])];
    let entries = [
        entry("A", "1"),
        from("F", Ok("$(A)"), false),
        entry("FORWARD", "$(LAST)"),
        entry("A", "2"),
        entry("LAST", "last"),
    ];
    let environment = build(&imports, &entries);
    assert_eq!(
        expanded(
            Words::Container(&environment),
            &["$(A)", "$(I)$(LAST)", "$(F)", "$(FORWARD)", "$$(A)", "$(PATH)", "", "$(A) b"]
        ),
        ["2", "importedlast", "$(A)", "$(LAST)", "$(A)", "$(PATH)", "", "2 b"]
    );
}

// kubelet E18
#[test]
fn e18_a_probe_sees_env_as_written() {
    let entries = [
        entry("A", "x"),
        from("POD_IP", Ok("10.1.2.3"), false),
        from("GONE", Err(MISSING), true),
        entry("ESCAPED", "$$(A)"),
        entry("DUP", "1"),
        entry("DUP", "$(DUP)2"),
        entry("EMPTY", ""),
    ];
    let written = AsWritten::of(&entries);
    assert_eq!(
        expanded(
            Words::Probe(&written),
            &[
                "$(A)",
                "<$(POD_IP)>",
                "<$(GONE)>",
                "$(ESCAPED)",
                "$(DUP)",
                "<$(EMPTY)>",
                "$(I)",
                "$$"
            ]
        ),
        ["x", "<>", "<>", "$$(A)", "$(DUP)2", "<>", "$(I)", "$"]
    );
}

// kubelet E19
#[test]
fn e19_the_same_reference_in_a_command_and_in_a_probe() {
    let entries = [entry("A", "x"), entry("B", "$(A)y")];
    let environment = build(&[], &entries);
    assert_eq!(expanded(Words::Container(&environment), &["$(B)"]), ["xy"]);
    assert_eq!(expanded(Words::Probe(&AsWritten::of(&entries)), &["$(B)"]), ["$(A)y"]);
}

// kubelet E20, H2
#[test]
fn e20_a_hook_is_not_expanded() {
    let words = ["$(A)", "$$(A)", "", "$", "a b"];
    assert_eq!(expanded(Words::Hook, &words), words);
}

// kubelet E21
#[test]
fn e21_command_replaces_the_entrypoint_and_args_the_cmd() {
    let (none, c, a, ep, cmd): (&[_], _, _, _, _) = (&[], &["c", "1"], &["a"], &["ep"], &["cmd"]);
    for (command, args, expected) in [
        (none, none, vec!["ep", "cmd"]),
        (none, a, vec!["ep", "a"]),
        (c, none, vec!["c", "1"]),
        (c, a, vec!["c", "1", "a"]),
    ] {
        assert_eq!(arguments(command, args, ep, cmd), expected);
    }
    assert_eq!(arguments(none, none, none, cmd), ["cmd"]);
    assert!(arguments(none, none, none, none).is_empty());
}

// kubelet V19
#[test]
fn names_that_no_variable_can_have_are_skipped_in_env_from_and_an_error_in_env() {
    let imports = [
        import("", &[("b=c", "1"), ("1digit", "2"), ("with blank", "3"), ("", "4"), ("a\n", "5")]),
        import("\u{e9}", &[("A", "6")]),
        import("P_", &[("", "7")]),
    ];
    let environment = build(&imports, &[]);
    assert_eq!(lines(&environment), ["1digit=2", "P_=7", "with blank=3"]);
    assert_eq!(environment.skipped(), ["", "a\n", "b=c", "\u{e9}A"]);

    for name in ["", "a=b", "a\0", "\u{e9}", "\t", "\x7f"] {
        let error = try_build(&[], &[entry(name, "x")]).unwrap_err();
        assert_eq!(error.problem, Problem::Name(name.into()));
        assert!(!error.to_string().contains(['\0', '\t', '\x7f']), "{error}");
    }
}

#[test]
fn a_variable_longer_than_exec_takes_is_an_error() {
    let build = |length: usize| try_build(&[], &[entry("AB", &"v".repeat(length))]);
    assert!(build(LONGEST - 3).is_ok());
    let error = Error { at: At::Env(0), problem: Problem::TooLong { name: "AB".into() } };
    assert_eq!(build(LONGEST - 2), Err(error.clone()));
    assert_eq!(build(LONGEST + 1), Err(error));

    // Each is twice as long as the one before.
    let doubling = |index| entry(&format!("V{index}"), &format!("$(V{0})$(V{0})", index - 1));
    let entries: Vec<_> =
        [entry("V0", "0123456789abcdef")].into_iter().chain((1..40).map(doubling)).collect();
    let error = try_build(&[], &entries).unwrap_err();
    assert_eq!(error.problem, Problem::TooLong { name: "V13".into() });
    assert_eq!(
        error.to_string(),
        "env[13]: variable \"V13\": name and value are longer than 131071 bytes"
    );
}

#[test]
fn an_environment_larger_than_exec_takes_is_an_error() {
    // Each takes 64 KiB with its name, the `=` and the NUL.
    let value = "v".repeat(64 * 1024 - 5);
    let many = |count: usize| -> Vec<_> {
        (0..count).map(|index| entry(&format!("{index:03}"), &value)).collect()
    };
    assert!(try_build(&[], &many(32)).is_ok());
    let problem = Problem::TooLarge { name: "032".into() };
    assert_eq!(try_build(&[], &many(33)), Err(Error { at: At::Env(32), problem }));
    // What is replaced does not count.
    let same: Vec<_> = (0..100).map(|_| entry("000", &value)).collect();
    assert!(try_build(&[], &same).is_ok());
}

/// Others of the name have nothing to do with it.
#[test]
fn an_error_names_the_entry_that_is_wrong() {
    let imports = [import("", &[("B", "")]), import("", &[("A", "a\0")])];
    let at = |imports: &[_], entries: &[_]| try_build(imports, entries).unwrap_err().at;
    assert_eq!(at(&imports, &[entry("A", "x")]), At::EnvFrom(1));
    let long = "v".repeat(LONGEST);
    let entries = [entry("A", "x"), entry("A", &long), entry("A", "y")];
    assert_eq!(at(&imports[..1], &entries), At::Env(1));
}

#[test]
fn a_nul_is_an_error_that_names_its_place() {
    let error = try_build(&[], &[from("A", Ok("a\0b"), false)]).unwrap_err();
    assert_eq!(error, Error { at: At::Env(0), problem: Problem::Nul { name: "A".into() } });
    let words = ["a".to_owned(), "\0".to_owned()];
    assert_eq!(Words::Hook.expand(&words), Err(WordError::Nul { index: 1 }));
}

#[test]
fn words_longer_or_larger_than_exec_takes_are_an_error() {
    let environment = build(&[], &[entry("V", &"v".repeat(1024))]);
    let entries = [entry("V", &"v".repeat(1024))];
    let written = AsWritten::of(&entries);
    for words in [Words::Container(&environment), Words::Probe(&written), Words::Hook] {
        let word = "$(V)".repeat(32 * 1024);
        let long = ["a".to_owned(), word];
        assert_eq!(words.expand(&long), Err(WordError::TooLong { index: 1 }), "{words:?}");
        let many = vec!["w".repeat(1023); 2049];
        assert_eq!(words.expand(&many), Err(WordError::TooLarge { index: 2048 }), "{words:?}");
        assert_eq!(words.expand(&many[..2048]).map(|words| words.len()), Ok(2048), "{words:?}");
    }
}

proptest! {
    #[test]
    fn any_manifest_is_bounded_and_its_variables_can_be_given(
        entries in prop::collection::vec(("[A-C=é]{0,2}", "([$][$(]?|[A-C)é\0]|.){0,12}"), 0..12),
    ) {
        let entries: Vec<_> = entries.iter().map(|(name, text)| entry(name, text)).collect();
        match try_build(&[], &entries) {
            Ok(environment) => {
                let sizes = environment.iter().map(|(name, value)| name.len() + value.len() + 2);
                prop_assert_eq!(environment.size, sizes.sum::<usize>());
                for (name, value) in environment.iter() {
                    prop_assert!(names::variable(name).is_ok() && !value.contains(&0));
                }
            }
            Err(error) => prop_assert!(!error.to_string().contains(['\n', '\0'])),
        }
    }

    #[test]
    fn a_value_without_a_dollar_is_the_same_for_all(text in "[^$\0]{0,30}") {
        let entries = [entry("A", &text)];
        let environment = build(&[], &entries);
        prop_assert_eq!(environment.get("A"), Some(text.as_bytes()));
        let written = AsWritten::of(&entries);
        for words in [Words::Container(&environment), Words::Probe(&written)] {
            prop_assert_eq!(expanded(words, &["$(A)", &text]), [text.clone(), text.clone()]);
        }
    }
}
