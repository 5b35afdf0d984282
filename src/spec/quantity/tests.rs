//! What the kubelet made of quantities, and what must hold of any.

use std::cmp::Ordering;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn parsed(text: &str) -> Quantity {
    Quantity::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// The cases of a file of vectors.
fn cases(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("vectors are JSON")).collect()
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_else(|| panic!("no {key} in {case}"))
}

/// The words that Kubernetes has for an error.
fn kubernetes(error: &QuantityError) -> &'static str {
    match error {
        QuantityError::Empty | QuantityError::Stray(_) => {
            "quantities must match the regular expression \
             '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        }
        QuantityError::Unit(_) => "unable to parse quantity's suffix",
        QuantityError::NoNumber => "unable to parse numeric part of quantity",
        QuantityError::TooLong | QuantityError::TooLarge => "no error there",
    }
}

#[test]
fn the_kubelets_quantities() {
    let cases = cases(include_str!("../../../tests/vectors/oracle/quantity.jsonl"));
    assert_eq!(cases.len(), 469);
    for case in cases {
        match Quantity::parse(text(&case, "In")) {
            Err(error) => assert_eq!(kubernetes(&error), text(&case, "error"), "{case}"),
            Ok(quantity) => {
                assert_eq!(quantity.to_string(), text(&case, "canonical"), "{case}");
                assert_eq!(quantity.format().name(), text(&case, "format"), "{case}");
                assert_eq!(quantity.value().to_string(), text(&case, "value"), "{case}");
                assert_eq!(quantity.milli_value().to_string(), text(&case, "milli"), "{case}");
                assert_eq!(Some(i64::from(quantity.signum())), case["sign"].as_i64(), "{case}");
                assert_eq!(quantity.is_zero(), quantity.signum() == 0, "{case}");
            }
        }
    }
}

// kubelet D11, D12, D17
#[test]
fn the_kubelets_divisions() {
    let cases = cases(include_str!("../../../tests/vectors/oracle/divide.jsonl"));
    assert_eq!(cases.len(), 588);
    for case in cases {
        let divisor = Some(text(&case, "Divisor")).filter(|d| !d.is_empty()).map(parsed);
        let scale = if text(&case, "Resource") == "cpu" { Scale::Milli } else { Scale::One };
        let out = divide(&parsed(text(&case, "Quantity")), divisor.as_ref(), scale);
        assert_eq!(out.to_string(), text(&case, "out"), "{case}");
    }
}

// kubelet D12: its table
#[test]
fn d12_the_table_of_divisions() {
    let (cpu, memory) = (Scale::Milli, Scale::One);
    for (scale, quantity, divisor, out) in [
        (cpu, "9", "0", 9),
        (cpu, "100m", "0", 1),
        (cpu, "0", "0", 0),
        (cpu, "250m", "1", 1),
        (cpu, "250m", "1m", 250),
        (cpu, "1001m", "1", 2),
        (cpu, "2500m", "1", 3),
        (cpu, "0.1", "1m", 100),
        (cpu, "100u", "1m", 1),
        (memory, "100Mi", "1Mi", 100),
        (memory, "100Mi", "1k", 104_858),
        (memory, "100Mi", "1Ki", 102_400),
        (memory, "100Mi", "1M", 105),
        (memory, "100Mi", "1Gi", 1),
        (memory, "1Gi", "1G", 2),
        (memory, "1.5Gi", "1Gi", 2),
        (memory, "1500Mi", "1Gi", 2),
        (memory, "100M", "1Mi", 96),
        (memory, "129e6", "1M", 129),
        (memory, "100m", "1", 1),
        // kubelet D17
        (memory, "9007199254740993", "1", 9_007_199_254_740_992),
        (memory, "8Ei", "1", i64::MIN),
    ] {
        let out_now = divide(&parsed(quantity), Some(&parsed(divisor)), scale);
        assert_eq!(out_now, out, "{quantity} by {divisor}");
    }
    // The milli-value of this divisor overflows to 0; a division by it gives no number.
    assert_eq!(divide(&parsed("1"), Some(&parsed("10P")), cpu), i64::MIN);
}

// kubelet V14: divisors are compared in this form
#[test]
fn v14_divisors_in_canonical_form() {
    for (written, canonical) in [
        ("1000m", "1"),
        ("1.0", "1"),
        ("0.001", "1m"),
        ("1000", "1k"),
        ("1000k", "1M"),
        ("1024Ki", "1Mi"),
        ("1024Mi", "1Gi"),
        ("1024", "1024"),
        ("1e3", "1e3"),
        ("1e0", "1e0"),
        ("0m", "0"),
    ] {
        assert_eq!(parsed(written).to_string(), canonical, "{written}");
    }
}

#[test]
fn what_a_program_makes() {
    let quantity = Quantity::new(25_276_502_016, Scale::One, Format::BinarySi);
    assert_eq!((quantity.to_string().as_str(), quantity.value()), ("24684084Ki", 25_276_502_016));
    let quantity = Quantity::new(1_500, Scale::Milli, Format::DecimalSi);
    assert_eq!((quantity.to_string().as_str(), quantity.value()), ("1500m", 2));
    assert_eq!(Quantity::new(i64::MIN, Scale::One, Format::BinarySi).to_string(), "-8Ei");
    assert_eq!(Quantity::new(1024, Scale::Exa, Format::BinarySi).to_string(), "976562500000000Mi");
}

#[test]
fn other_scales() {
    let quantity = parsed("1234567891");
    assert_eq!(quantity.scaled_value(Scale::Kilo), 1_234_568);
    assert_eq!(quantity.scaled_value(Scale::Exa), 1);
    assert_eq!(quantity.scaled_value(Scale::Nano), 1_234_567_891_000_000_000);
    assert_eq!(parsed("-1001").scaled_value(Scale::Kilo), -2);
    assert_eq!(parsed("1234567890123456789012").scaled_value(Scale::Exa), 1235);
    assert_eq!(parsed("-1234567890123456789012").scaled_value(Scale::Exa), -1234);
}

#[test]
fn errors_say_what_is_wrong_and_give_an_example() {
    let example = "; write a number with or without a unit, such as 500m, 1.5 or 128Mi";
    for (text, words) in [
        ("", "an empty quantity"),
        ("1 Mi", "' ' is out of place in a quantity"),
        ("1MiB", "'B' is out of place in a quantity"),
        ("1\u{1b}", "'\\u{1b}' is out of place in a quantity"),
        ("Ei", "a unit without a number"),
        ("1e100", "a quantity has at most 100 digits before the point"),
        ("10e99999999", "a quantity has at most 100 digits before the point"),
        ("1e+", "\"e+\" is not a unit"),
        ("1e9999999999999999999", "\"e9999999999999999999\" is not a unit"),
    ] {
        let error = Quantity::parse(text).expect_err(text);
        assert_eq!(error.to_string(), format!("{words}{example}"), "{text:?}");
    }
    for (text, words) in [
        ("1K", "\"K\" is not a unit; did you mean k?"),
        ("1mi", "\"mi\" is not a unit; did you mean Mi?"),
    ] {
        assert_eq!(Quantity::parse(text).expect_err(text).to_string(), words);
    }
    assert_eq!(Quantity::parse(&"1".repeat(129)), Err(QuantityError::TooLong));
    assert_eq!("0".repeat(128).parse::<Quantity>().expect("zero").to_string(), "0");
}

// A number may be left out wherever Kubernetes has it in an i64, which knows no difference to 0.
#[test]
fn units_alone_are_zero_or_an_error() {
    for text in ["m", "E", "-n", ".k", "Ti", "e3", "e-9"] {
        assert_eq!(Quantity::parse(text).map(|q| q.to_string()), Ok("0".to_owned()), "{text}");
    }
    for text in ["Pi", ".Ei", "e-10"] {
        assert_eq!(Quantity::parse(text), Err(QuantityError::NoNumber), "{text}");
    }
    assert_eq!(parsed("0Ei").to_string(), "0");
}

// Up to a length that depends on the unit, an i64 holds them, and their text stays.
#[test]
fn a_sign_or_zeros_stay_in_short_texts_only() {
    for (written, printed) in
        [("+10Ti", "+10Ti"), ("+100Ti", "100Ti"), ("007", "007"), ("007Pi", "7Pi"), ("+8Ki", "8Ki")]
    {
        assert_eq!(parsed(written).to_string(), printed, "{written}");
    }
}

#[test]
fn far_exponents_cost_nothing() {
    assert_eq!(parsed("0e999999999999").to_string(), "0");
    assert_eq!(parsed("1e-999999999999").to_string(), "1e-9");
    assert!(parsed("1e99") > parsed("-9e99") && parsed("1e99") > parsed("1n"));
}

const UNITS_OF_TEN: [(&str, u32); 10] = [
    ("n", 0),
    ("u", 3),
    ("m", 6),
    ("", 9),
    ("k", 12),
    ("M", 15),
    ("e0", 9),
    ("E3", 12),
    ("e-4", 5),
    ("e+5", 14),
];

/// A text, and what it is in nanos; no more than nanos in it.
fn exact() -> impl Strategy<Value = (String, i128)> {
    let number = (any::<bool>(), 0u64..=1 << 50, "[0-9]{0,9}");
    let ten = (number.clone(), prop::sample::select(&UNITS_OF_TEN[..]));
    let ten =
        ten.prop_filter_map("finer than nanos", |((negative, whole, fraction), (unit, zeros))| {
            let zeros = zeros.checked_sub(fraction.len() as u32)?;
            let nanos = format!("{whole}{fraction}").parse::<i128>().ok()? * 10i128.pow(zeros);
            Some(signed(negative, &format!("{whole}.{fraction}{unit}"), nanos))
        });
    let two =
        (any::<bool>(), 0u64..=4000, prop::sample::select(&["Ki", "Mi", "Gi", "Ti", "Pi"][..]));
    let two = two.prop_map(|(negative, number, unit)| {
        let bits = 10 * (1 + "KMGTP".find(&unit[..1]).expect("one of them"));
        signed(negative, &format!("{number}{unit}"), (i128::from(number) << bits) * 1_000_000_000)
    });
    prop_oneof![ten, two]
}

fn signed(negative: bool, text: &str, nanos: i128) -> (String, i128) {
    if negative { (format!("-{text}"), -nanos) } else { (text.to_owned(), nanos) }
}

/// Texts that look like quantities.
const NEARLY: &str = "[+-]?[0-9]{0,25}[.]?[0-9]{0,25}([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,3}|)";

/// Decimal units above `E` are not printed, and then what is printed is another quantity.
fn unprintable(quantity: &Quantity) -> bool {
    let mut amount = quantity.decimal();
    amount.reduce();
    quantity.format() == Format::DecimalSi && quantity.text.is_none() && amount.exponent() >= 21
}

#[test]
fn rounded_up_to_a_scale() {
    for (text, scale, rounded) in [
        ("1500u", Scale::Milli, "2m"),
        ("1500u", Scale::One, "1"),
        ("1500u", Scale::Micro, "1500u"),
        ("-1500u", Scale::Milli, "-2m"),
        ("1.5Ki", Scale::One, "1536"),
        ("1.0001Ki", Scale::One, "1025"),
        ("007", Scale::Milli, "007"),
        ("0", Scale::Exa, "0"),
        ("1", Scale::Kilo, "1k"),
    ] {
        assert_eq!(parsed(text).round_up(scale).to_string(), rounded, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_text_panics(text in "\\PC*|[-+.0-9eEinumkKMGTP]{0,140}|[0-9]{0,60}[.][0-9]{0,60}[KMGTPE]i") {
        match Quantity::parse(&text) {
            Err(error) => prop_assert!(error.to_string().ends_with(['?', 'i'])),
            Ok(quantity) => {
                prop_assert!(quantity.to_string().len() <= parse::LONGEST);
                for scale in [Scale::Nano, Scale::Micro, Scale::Milli, Scale::Giga, Scale::Tera, Scale::Exa] {
                    quantity.scaled_value(scale);
                    divide(&quantity, Some(&quantity), scale);
                }
            }
        }
    }

    #[test]
    fn what_is_printed_is_parsed_as_the_same_and_printed_the_same(text in NEARLY) {
        if let Ok(quantity) = Quantity::parse(&text) {
            let printed = quantity.to_string();
            let again = parsed(&printed);
            prop_assert_eq!(again.to_string(), printed);
            prop_assert_eq!(again.cmp(&quantity) == Ordering::Equal, !unprintable(&quantity) || quantity.is_zero());
        }
    }

    #[test]
    fn amounts_and_order_are_exact((a, nanos_of_a) in exact(), (b, nanos_of_b) in exact()) {
        let (a, b) = (parsed(&a), parsed(&b));
        prop_assert_eq!(a.cmp(&b), nanos_of_a.cmp(&nanos_of_b));
        prop_assert_eq!(a == b, nanos_of_a == nanos_of_b);
        prop_assert_eq!(a.signum(), nanos_of_a.signum() as i32);
        if let (0.., Ok(whole)) = (nanos_of_a, i64::try_from((nanos_of_a + 999_999_999) / 1_000_000_000)) {
            prop_assert_eq!(a.value(), whole);
        }
    }

    #[test]
    fn one_amount_in_all_formats(value in any::<i64>(), bits in 0u32..63) {
        for format in [Format::BinarySi, Format::DecimalSi, Format::DecimalExponent] {
            let quantity = Quantity::new(value >> bits << (bits / 2), Scale::One, format);
            prop_assert_eq!(&parsed(&quantity.to_string()), &quantity);
        }
    }
}
