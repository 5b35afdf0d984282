use super::*;
use crate::spec::quantity::divide;
use proptest::prelude::*;

fn field(text: &str) -> ResourceField {
    ResourceField::parse(text).unwrap()
}

/// kubelet D11
#[test]
fn d11_names() {
    let of = |bound, resource| Some(ResourceField { bound, resource });
    let huge = |size: &str| Resource::HugePages(size.to_owned());
    for (text, parsed) in [
        ("limits.cpu", of(Bound::Limits, Resource::Cpu)),
        ("requests.cpu", of(Bound::Requests, Resource::Cpu)),
        ("limits.memory", of(Bound::Limits, Resource::Memory)),
        ("requests.ephemeral-storage", of(Bound::Requests, Resource::EphemeralStorage)),
        ("limits.hugepages-2Mi", of(Bound::Limits, huge("2Mi"))),
        ("requests.hugepages-1Gi", of(Bound::Requests, huge("1Gi"))),
        ("limits.hugepages", None),
        ("limits.storage", None),
        ("limits.", None),
        ("limits", None),
        ("", None),
        ("limit.cpu", None),
        ("limits.CPU", None),
        ("limits.cpu.", None),
    ] {
        assert_eq!(ResourceField::parse(text), parsed, "{text}");
    }
}

#[test]
fn what_is_known_is_read_back_from_what_it_prints() {
    for text in KNOWN.into_iter().chain(["limits.hugepages-2Mi"]) {
        assert_eq!(field(text).to_string(), text);
    }
}

/// kubelet V14: what fits is decided by the canonical text (the list that goes with it).
#[test]
fn v14_divisors() {
    for (divisor, cpu, bytes) in [
        ("1", true, true),
        ("1m", true, false),
        ("1000m", true, true),
        ("1.0", true, true),
        ("0.001", true, false),
        ("1000", false, true),
        ("1k", false, true),
        ("1000k", false, true),
        ("1024Ki", false, true),
        ("1024Mi", false, true),
        ("1024", false, false),
        ("1e3", false, false),
        ("1e0", false, false),
        ("0", true, true),
        ("0m", true, true),
        ("2", false, false),
        ("1u", false, false),
        ("10m", false, false),
        ("1M", false, true),
        ("1G", false, true),
        ("1T", false, true),
        ("1P", false, true),
        ("1E", false, true),
        ("1Ki", false, true),
        ("1Mi", false, true),
        ("1Gi", false, true),
        ("1Ti", false, true),
        ("1Pi", false, true),
        ("1Ei", false, true),
        ("-1", false, false),
    ] {
        let quantity = Quantity::parse(divisor).unwrap();
        let fits = |text: &str| field(text).check_divisor(&quantity).is_ok();
        assert_eq!(fits("limits.cpu"), cpu, "{divisor} of cpu");
        for text in ["requests.memory", "limits.ephemeral-storage", "limits.hugepages-2Mi"] {
            assert_eq!(fits(text), bytes, "{divisor} of {text}");
        }
    }
}

#[test]
fn v14_an_error_names_the_divisors_that_fit() {
    let two = Quantity::parse("2").unwrap();
    let text = |name: &str| field(name).check_divisor(&two).unwrap_err().to_string();
    assert_eq!(text("limits.cpu"), "only the divisors 1m, 1 are supported with this resource");
    assert_eq!(
        text("limits.memory"),
        "only the divisors 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with this resource"
    );
}

/// kubelet D12
#[test]
fn d12_cpu_is_divided_in_thousandths() {
    let quantity = |text| Quantity::parse(text).unwrap();
    for (name, amount, divisor, result) in [
        ("limits.cpu", "250m", "1m", 250),
        ("limits.cpu", "1001m", "1", 2),
        ("limits.memory", "100Mi", "1Mi", 100),
        ("limits.memory", "100m", "1", 1),
    ] {
        let scale = field(name).scale();
        assert_eq!(
            divide(&quantity(amount), Some(&quantity(divisor)), scale),
            result,
            "{name} {amount}"
        );
    }
}

proptest! {
    #[test]
    fn any_text_is_an_amount_or_none(text in ".{0,30}|(limits|requests)[.].{0,20}") {
        if let Some(field) = ResourceField::parse(&text) {
            prop_assert_eq!(field.to_string(), text);
        }
    }
}
