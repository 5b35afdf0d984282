//! A podinit without any feature is the init alone.

use crate::common::*;

#[test]
fn probe_and_wait_are_refused() {
    for command in ["probe", "wait"] {
        let finished = own().args([command, "tcp://:1"]).finish().exits(125);
        let words = "podinit: built without probe and wait (feature probe)\n";
        assert_eq!(finished.stderr, words);
    }
}

#[test]
fn downward_is_refused() {
    let finished = own().args(["downward", "render"]).finish().exits(125);
    assert_eq!(finished.stderr, "podinit: built without downward (feature manifest)\n");
}

#[test]
fn its_help_does_not_speak_of_them() {
    let help = own().arg("--help").finish().exits(0).stdout;
    assert!(!help.contains("podinit probe") && !help.contains("podinit wait"), "{help}");
    assert!(!help.contains("podinit downward"), "{help}");
    assert!(help.contains("podinit sleep DURATION"), "{help}");
}
