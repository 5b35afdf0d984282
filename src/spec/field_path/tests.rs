use super::*;
use proptest::prelude::*;

const USES: [Use; 2] = [Use::Variable, Use::File];

/// kubelet D2, as the kubelet's own function split them.
#[test]
fn d2_subscripts_as_recorded() {
    let recorded = include_str!("../../../tests/vectors/oracle/fieldpath.jsonl");
    assert_eq!(recorded.lines().count(), 8);
    for line in recorded.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| case[key].as_str().unwrap();
        let split = case["subscripted"].as_bool().unwrap();
        let expected = split.then(|| (text("path"), text("subscript")));
        assert_eq!(split_subscript(text("In")), expected, "{line}");
    }
}

/// kubelet D2: the vectors of the kubelet's own test.
#[test]
fn d2_subscripts() {
    for (text, split) in [
        ("metadata.annotations['key']", Some(("metadata.annotations", "key"))),
        ("metadata.annotations['a[b']c']", Some(("metadata.annotations", "a[b']c"))),
        ("metadata.labels['['key']", Some(("metadata.labels", "['key"))),
        ("metadata.labels['key']']", Some(("metadata.labels", "key']"))),
        ("metadata.labels['']", Some(("metadata.labels", ""))),
        ("metadata.labels[' ']", Some(("metadata.labels", " "))),
        ("metadata.labels[ 'key' ]", None),
        ("metadata.labels[]", None),
        ("metadata.labels[']", None),
        ("metadata.labels['key']foo", None),
        ("['key']", None),
        ("", None),
    ] {
        assert_eq!(split_subscript(text), split, "{text}");
    }
}

/// kubelet D3
#[test]
fn d3_keys() {
    let label = |key: &str| FieldPath::parse(&format!("metadata.labels['{key}']"), Use::File);
    let annotation =
        |key: &str| FieldPath::parse(&format!("metadata.annotations['{key}']"), Use::File);
    for key in ["key", "k8s.io/Key", "a.b_c-d"] {
        assert_eq!(label(key), Ok(FieldPath::Label(key.to_owned())));
        assert_eq!(annotation(key), Ok(FieldPath::Annotation(key.to_owned())));
    }
    let capitals = "Www.k8s.io/test";
    assert_eq!(annotation(capitals), Ok(FieldPath::Annotation(capitals.to_owned())));
    assert_eq!(
        label(capitals).unwrap_err().to_string(),
        "invalid key subscript in metadata.labels['Www.k8s.io/test']: prefix part must be lower-case letters, digits, '-' \
         and '.', a letter or digit first and last in each part between dots (such as 'example.com')"
    );
    for key in ["", " ", "a/b/c", "a[b']c", "-a"] {
        assert!(matches!(label(key), Err(FieldPathError::Key { .. })), "{key}");
        assert!(matches!(annotation(key), Err(FieldPathError::Key { .. })), "{key}");
    }
}

/// The table of kubelet V20.
#[test]
fn v20_fields_by_their_use() {
    let label = || FieldPath::Label("K".to_owned());
    let annotation = || FieldPath::Annotation("K".to_owned());
    for (text, variable, file) in [
        ("metadata.name", Some(FieldPath::Name), Some(FieldPath::Name)),
        ("metadata.namespace", Some(FieldPath::Namespace), Some(FieldPath::Namespace)),
        ("metadata.uid", Some(FieldPath::Uid), Some(FieldPath::Uid)),
        ("metadata.labels", None, Some(FieldPath::Labels)),
        ("metadata.annotations", None, Some(FieldPath::Annotations)),
        ("metadata.labels['K']", Some(label()), Some(label())),
        ("metadata.annotations['K']", Some(annotation()), Some(annotation())),
        ("spec.nodeName", Some(FieldPath::NodeName), None),
        ("spec.host", Some(FieldPath::NodeName), None),
        ("spec.serviceAccountName", Some(FieldPath::ServiceAccountName), None),
        ("status.hostIP", Some(FieldPath::HostIp), None),
        ("status.hostIPs", Some(FieldPath::HostIps), None),
        ("status.podIP", Some(FieldPath::PodIp), None),
        ("status.podIPs", Some(FieldPath::PodIps), None),
        ("status.phase", None, None),
        ("spec.restartPolicy", None, None),
        ("metadata.Name", None, None),
        ("", None, None),
    ] {
        assert_eq!(FieldPath::parse(text, Use::Variable).ok(), variable, "{text}");
        assert_eq!(FieldPath::parse(text, Use::File).ok(), file, "{text}");
    }
}

/// kubelet D4
#[test]
fn d4_errors() {
    for (text, error) in [
        ("metadata.name['a']", "fieldPath \"metadata.name\" does not support subscript"),
        ("nothing['a']", "fieldPath \"nothing\" does not support subscript"),
        ("metadata.labels['']", "invalid key subscript in metadata.labels['']: must be non-empty"),
        (
            "status.phase",
            "unsupported fieldPath: status.phase; write one of metadata.annotations, metadata.labels, metadata.name, \
             metadata.namespace, metadata.uid, metadata.labels['KEY'], metadata.annotations['KEY']",
        ),
    ] {
        assert_eq!(FieldPath::parse(text, Use::File).unwrap_err().to_string(), error);
    }
}

#[test]
fn what_is_known_is_read_back_from_what_it_prints() {
    for purpose in USES {
        for text in FieldPath::known(purpose) {
            assert_eq!(FieldPath::parse(text, purpose).unwrap().to_string(), text);
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_a_field_or_an_error(text in ".{0,40}|metadata[.](labels|annotations)\\['.{0,20}'\\]") {
        for purpose in USES {
            if let Ok(field) = FieldPath::parse(&text, purpose) {
                prop_assert_eq!(FieldPath::parse(&field.to_string(), purpose), Ok(field));
            }
        }
    }
}
