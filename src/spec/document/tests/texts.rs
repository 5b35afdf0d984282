//! Files as a whole: formats, documents, places, aliases, and what is wrong with them.

use super::*;

#[test]
fn documents_are_read_one_after_the_other_and_empty_ones_left_out() {
    for (text, documents) in [
        ("", json!([])),
        ("# nothing\n", json!([])),
        ("---\n---\n~\n---\n", json!([])),
        ("a: 1", json!([{ "a": 1 }])),
        ("---\na: 1\n---\n\n---\nb: 2\n...\n---\n- c\n", json!([{ "a": 1 }, { "b": 2 }, ["c"]])),
        ("\u{feff}a: 1", json!([{ "a": 1 }])),
        ("a: 1\r\nb: 2\r\n", json!([{ "a": 1, "b": 2 }])),
        (" \n {\"a\": 1} {\"b\":[2,{}]}\n\n{}\n", json!([{ "a": 1 }, { "b": [2, {}] }, {}])),
        ("\u{feff}{\"a\":yes}", json!(null)),
        ("[{a: yes}]", json!([[{ "a": true }]])),
    ] {
        let read = read(text.as_bytes())
            .map(|nodes| nodes.iter().map(to_json).collect::<serde_json::Value>());
        assert_eq!(read.unwrap_or_default(), documents, "{text}");
    }
}

#[test]
fn nodes_know_where_they_stand() {
    let yaml = "# a Pod\nkind: Pod\nspec:\n  containers:\n  - name: a\n    ports: [80, 81]\n";
    let json = "{\n  \"kind\": \"Pod\",\n  \"spec\" :\n    { \"ü\": 1, \"containers\": [\n   {\"name\": \"a\"\n, \"ports\": [80,\n81]}] }\n}";
    for (text, expected) in [
        (yaml, [(2, 7), (4, 3), (5, 5), (5, 11), (6, 12), (6, 17)]),
        (json, [(2, 11), (4, 5), (5, 4), (5, 13), (6, 12), (7, 1)]),
    ] {
        let root = one(text);
        let Value::Sequence(containers) =
            &root.get("spec").unwrap().get("containers").unwrap().value
        else {
            panic!("{text}");
        };
        let container = &containers[0];
        let ports = container.get("ports").unwrap();
        let Value::Sequence(numbers) = &ports.value else { panic!("{text}") };
        let nodes = [
            root.get("kind").unwrap(),
            root.get("spec").unwrap(),
            container,
            container.get("name").unwrap(),
            ports,
            &numbers[1],
        ];
        let places = nodes.map(|node| (node.place.line, node.place.column));
        assert_eq!(places, expected, "{text}");
    }
    let Value::Mapping(entries) = one(json).value else { panic!() };
    assert_eq!(entries[1].place, Place { line: 3, column: 3 });
}

#[test]
fn json_numbers_stay_as_they_are_written() {
    let root = one(r#"{"a":[0.10,1e3,1.0,-0,12 , 18446744073709551616,1E-7]}"#);
    let Value::Sequence(nodes) = &root.get("a").unwrap().value else { panic!() };
    let texts: Vec<&str> = nodes
        .iter()
        .map(|node| match &node.value {
            Value::Number(number) => number.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(texts, ["0.10", "1e3", "1.0", "-0", "12", "18446744073709551616", "1E-7"]);
}

#[test]
fn json_has_none_of_yamls_words() {
    let root = one(r#"{"a":"\u0000\ud83d\ude00\/","b":"0644"}"#);
    assert_eq!(root.get("a").unwrap().as_str(), Some("\0😀/"));
    assert_eq!(root.get("b").unwrap().as_str(), Some("0644"));
    for (text, words) in [
        ("{a: 1}", "line 1, column 2: key must be a string"),
        ("{\n \"a\": yes}", "line 2, column 7: a: expected value"),
        ("{\"a\": [1,\n2,]}", "line 2, column 3: a[2]: trailing comma"),
        ("{\"a\": 0644}", "line 1, column 8: a: invalid number"),
        ("{\"a\": \"\\ud800\"}", "line 1, column 14: a: unexpected end of hex escape"),
        ("{\"a\": 1", "line 1, column 7: EOF while parsing an object"),
        ("{} [1]", "line 1, column 4: expected another object or the end"),
        ("{}\n---\na: 1", "line 2, column 1: expected another object or the end"),
        (
            "{\"a\":1,\n\"b\":2,\"a\":3}",
            "line 2, column 7: key \"a\" stands in line 1 too: remove one of them",
        ),
    ] {
        assert_eq!(error(text), words, "{text}");
    }
}

#[test]
fn aliases_repeat_and_merge_keys_merge() {
    for (text, expected) in [
        ("a: &x [1, 2]\nb: *x", json!({ "a": [1, 2], "b": [1, 2] })),
        ("&k a: 1\nb: *k", json!({ "a": 1, "b": "a" })),
        ("a: &k b\n*k : 1", json!({ "a": "b", "b": 1 })),
        ("a: &x 1\nb: &x 2\nc: *x", json!({ "a": 1, "b": 2, "c": 2 })),
        (
            "a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}",
            json!({ "a": { "p": 1, "q": 2 }, "b": { "p": 1, "q": 3 } }),
        ),
        // The explicit one counts, wherever it stands.
        (
            "a: &x {p: 1, q: 2}\nb: {q: 3, <<: *x}",
            json!({ "a": { "p": 1, "q": 2 }, "b": { "p": 1, "q": 3 } }),
        ),
        (
            "a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y, {r: 3}]}",
            json!({ "a": { "p": 1 }, "b": { "p": 2, "q": 2 }, "c": { "p": 1, "q": 2, "r": 3 } }),
        ),
        ("a: {'<<': 1}", json!({ "a": { "<<": 1 } })),
    ] {
        assert_eq!(to_json(&one(text)), expected, "{text}");
    }
    for (text, words) in [
        (
            "a: &x {b: *x}",
            "line 1, column 11: a.b: the alias stands within what it stands for: write out what is meant",
        ),
        (
            "a: &x 1\n---\nb: *x",
            "line 3, column 4: b: the alias has no anchor in this document: each document has its own",
        ),
        (
            "a: {<<: 1}",
            "line 1, column 9: a: << takes a mapping or a sequence of mappings, as by an alias",
        ),
        (
            "a: {<<: [{b: 1}, 2]}",
            "line 1, column 18: a: << takes a mapping or a sequence of mappings, as by an alias",
        ),
    ] {
        assert_eq!(error(text), words, "{text}");
    }
}

#[test]
fn errors_name_the_place_and_the_remedy() {
    for (text, words) in [
        (
            "spec:\n  containers:\n  - name: a\n    env:\n    - name: A\n      name: B\n",
            "line 6, column 7: spec.containers[0].env[0]: key \"name\" stands in line 5 too: remove one of them",
        ),
        (
            "metadata:\n  labels:\n    app.kubernetes.io/name: .inf",
            "line 3, column 29: metadata.labels[app.kubernetes.io/name]: .inf is a number that JSON cannot hold: in quotes it is a string",
        ),
        ("a: *b", "line 1, column 4: a: while parsing node, found unknown anchor"),
        (
            "a: 'b\u{7}'",
            "line 1, column 6: control character U+0007: remove it, or write it as an escape in double quotes",
        ),
        (
            "a\0b",
            "line 1, column 2: control character U+0000: remove it, or write it as an escape in double quotes",
        ),
    ] {
        assert_eq!(error(text), words, "{text}");
    }
    for (bytes, words) in [
        (&b"\xff\xfea\0"[..], "the file is UTF-16: save it as UTF-8"),
        (b"\xfe\xff\0a", "the file is UTF-16: save it as UTF-8"),
        (b"a: 1\nb: \xe9t\xe9", "line 2, column 4: not UTF-8: save the file as UTF-8"),
    ] {
        assert_eq!(read(bytes).unwrap_err().to_string(), words);
    }
}

#[test]
fn templates_and_tabs_are_called_by_name() {
    for (text, words) in [
        ("a:\n  b: {{ .Values.b }}", "line 2, column 7: a.b: {{ begins"),
        ("a:\n  {{- if .b }}\n  b: c", "line 2, column 5: a: {{ begins"),
        ("{{- if .a }}\na: b\n{{- end }}", "line 1, column 2: {{ begins"),
        ("a:\n\tb: c", "line 2, column 1: a: a tab cannot"),
        ("a:\n  b: c\n \td: e", "line 3, column 2: a.b: a tab cannot"),
        ("a:\n  b:\tc", "line 2, column 5: a: a tab cannot"),
        // Of neither there is one in the wrong line.
        ("a: '{{ b }}'\nc: [d", "line 3, column 1: c[1]"),
        ("a: |\n  \tb\nc: [d]]", "line 3, column 7"),
        ("a: {? {c: d} : e}", "line 1, column 7: a"),
    ] {
        let told = error(text);
        assert!(told.starts_with(words), "{text:?}: {told}");
        let by_name = ["{{ begins", "a tab cannot"];
        let is_named = |of: &str| by_name.iter().any(|name| of.contains(name));
        assert_eq!(is_named(&told), is_named(words), "{text:?}: {told}");
    }
}

#[test]
fn what_a_variable_has_for_a_value_is_not_told() {
    #[derive(serde::Deserialize, Debug)]
    struct Variable {
        #[allow(dead_code)]
        value: String,
    }
    let told = |text: &str| {
        decode::<Variable>(&read(text.as_bytes()).unwrap()[0]).unwrap_err().to_string()
    };
    assert_eq!(
        told("value: 1234"),
        "value: expected a string, found an integer: write it between double quotes (line 1)"
    );
    assert_eq!(
        told("value: yes"),
        "value: expected a string, found a boolean: write it between double quotes (line 1)"
    );
    assert_eq!(told("value: [1]"), "value: expected a string, found a sequence (line 1)");
}
