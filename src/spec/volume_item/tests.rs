use super::*;
use proptest::prelude::*;

/// kubelet V21, kubelet D28
#[test]
fn v21_d28_paths() {
    let name = |length: usize| "n".repeat(length);
    let path = |length: usize| "n/".repeat(length / 2);
    for (text, result) in [
        ("a", Ok("a")),
        ("a/b", Ok("a/b")),
        ("a/..x", Ok("a/..x")),
        ("a/...", Ok("a/...")),
        (".a", Ok(".a")),
        ("a..b", Ok("a..b")),
        (name(255).as_str(), Ok(name(255).as_str())),
        (name(256).as_str(), Err(ItemPathError::NameTooLong)),
        (path(4096).as_str(), Ok(path(4096).trim_end_matches('/'))),
        (path(4098).as_str(), Err(ItemPathError::TooLong)),
        ("", Err(ItemPathError::Empty)),
        ("/", Err(ItemPathError::Absolute)),
        ("/a", Err(ItemPathError::Absolute)),
        ("..", Err(ItemPathError::Upwards)),
        ("../a", Err(ItemPathError::Upwards)),
        ("a/..", Err(ItemPathError::Upwards)),
        ("a/../b", Err(ItemPathError::Upwards)),
        ("..x", Err(ItemPathError::Reserved)),
        ("...", Err(ItemPathError::Reserved)),
        ("..data/a", Err(ItemPathError::Reserved)),
    ] {
        let parsed = ItemPath::parse(text);
        assert_eq!(
            parsed.as_ref().map(ItemPath::as_str),
            result.as_ref().map(|text| *text),
            "{text}"
        );
    }
}

/// kubelet D27
#[test]
fn d27_paths_are_cleaned() {
    for (text, cleaned) in [("./a", "a"), ("a//b", "a/b"), ("a/./b/", "a/b"), (".//./a", "a")] {
        assert_eq!(ItemPath::parse(text).unwrap().as_str(), cleaned, "{text}");
    }
}

#[test]
fn what_only_cleaning_shows_is_refused() {
    assert_eq!(ItemPath::parse("."), Err(ItemPathError::Empty));
    assert_eq!(ItemPath::parse("./."), Err(ItemPathError::Empty));
    assert_eq!(ItemPath::parse("./..data"), Err(ItemPathError::Reserved));
}

/// kubelet V21
#[test]
fn v21_modes() {
    for (mode, fits) in
        [(0, true), (0o644, true), (511, true), (512, false), (-1, false), (i32::MAX, false)]
    {
        assert_eq!(is_mode(mode), fits, "{mode}");
    }
}

proptest! {
    #[test]
    fn a_path_stays_below_its_root(text in "[a./]{0,12}|.{0,20}") {
        if let Ok(path) = ItemPath::parse(&text) {
            prop_assert!(path.as_str().split('/').all(|name| !matches!(name, "" | "." | "..")));
            prop_assert_eq!(ItemPath::parse(path.as_str()), Ok(path));
        }
    }
}
