use super::*;

/// The formats of `field/errors.go`.
#[test]
fn errors_have_the_api_servers_format() {
    let text = |problem| FieldError { field: "spec.a[0].b".to_owned(), problem }.to_string();
    let detail = || "why".to_owned();
    for (problem, expected) in [
        (Problem::Required { detail: String::new() }, "Required value"),
        (Problem::Required { detail: detail() }, "Required value: why"),
        (Problem::Invalid { value: 2i32.into(), detail: detail() }, "Invalid value: 2: why"),
        (
            Problem::Invalid { value: "a\"\n".into(), detail: detail() },
            r#"Invalid value: "a\"\n": why"#,
        ),
        (
            Problem::NotSupported {
                value: "x".into(),
                supported: vec!["A".to_owned(), "B".to_owned()],
            },
            r#"Unsupported value: "x": supported values: "A", "B""#,
        ),
        (Problem::Forbidden { detail: detail() }, "Forbidden: why"),
        (Problem::Duplicate { value: "a".into() }, "Duplicate value: \"a\""),
        (Problem::NotFound { value: "a".into() }, "Not found: \"a\""),
        (Problem::TooMany { count: 21, most: 20 }, "Too many: 21: must have at most 20 items"),
    ] {
        assert_eq!(text(problem), format!("spec.a[0].b: {expected}"));
    }
}

#[test]
fn no_more_than_the_beginning_of_a_value_is_told() {
    let of = |length: usize| Value::from("é".repeat(length).as_str()).to_string();
    assert_eq!(of(64), format!("{:?}", "é".repeat(64)));
    assert_eq!(of(65), format!("{:?}", "é".repeat(64) + "…"));
    assert_eq!(of(1_000_000), of(65));
}

#[test]
fn of_many_errors_the_rest_is_counted() {
    let errors = |count: usize| {
        let containers = vec![json!({"name": ""}); count];
        validate(&pod(json!({ "containers": containers })), "Pod", "").unwrap_err()
    };
    let (all, more) = (errors(100), errors(103));
    assert_eq!((all.told().len(), all.more()), (100, 0));
    assert_eq!((more.told().len(), more.more()), (100, 3));
    assert_eq!(all.to_string().lines().count(), 100);
    assert_eq!(more.to_string(), format!("{all}\nand 3 more"));
    assert_eq!(errors(1).to_string(), "spec.containers[0].name: Required value");
}

#[test]
fn a_template_is_told_by_its_place_in_the_workload() {
    let pod = pod(json!({"restartPolicy": "Never", "containers": [{"name": ""}]}));
    let errors = validate(&pod, "CronJob", "spec.jobTemplate.spec.template").unwrap_err();
    let path = "spec.jobTemplate.spec.template.spec.containers[0].name";
    assert_eq!(errors.to_string(), format!("{path}: Required value"));
}
