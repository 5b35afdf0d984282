use super::*;
use proptest::prelude::*;

/// kubelet V13: all 65, in the order in which the API lists them.
const LINUX: &str = "SIGABRT SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT SIGKILL \
    SIGPIPE SIGPOLL SIGPROF SIGPWR SIGQUIT SIGRTMAX SIGRTMAX-1 SIGRTMAX-10 SIGRTMAX-11 SIGRTMAX-12 SIGRTMAX-13 \
    SIGRTMAX-14 SIGRTMAX-2 SIGRTMAX-3 SIGRTMAX-4 SIGRTMAX-5 SIGRTMAX-6 SIGRTMAX-7 SIGRTMAX-8 SIGRTMAX-9 SIGRTMIN \
    SIGRTMIN+1 SIGRTMIN+10 SIGRTMIN+11 SIGRTMIN+12 SIGRTMIN+13 SIGRTMIN+14 SIGRTMIN+15 SIGRTMIN+2 SIGRTMIN+3 \
    SIGRTMIN+4 SIGRTMIN+5 SIGRTMIN+6 SIGRTMIN+7 SIGRTMIN+8 SIGRTMIN+9 SIGSEGV SIGSTKFLT SIGSTOP SIGSYS SIGTERM \
    SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ";

#[test]
fn v13_names_on_linux() {
    let listed: Vec<&str> = LINUX.split_whitespace().collect();
    assert_eq!(listed.len(), 65);
    assert_eq!(names(Os::Linux), listed);
    for name in listed {
        assert!(parse(name, Os::Linux).is_some(), "{name}");
    }
}

#[test]
fn v13_names_on_windows() {
    assert_eq!(names(Os::Windows), ["SIGKILL", "SIGTERM"]);
    assert_eq!(parse("SIGTERM", Os::Windows), Some(Signal::TERM));
    assert_eq!(parse("SIGHUP", Os::Windows), None);
    assert_eq!(parse("SIGCLD", Os::Windows), None);
}

#[test]
fn v13_numbers() {
    for (name, number) in [
        ("SIGTERM", 15),
        ("SIGCLD", 17),
        ("SIGIOT", 6),
        ("SIGPOLL", 29),
        ("SIGRTMIN", 34),
        ("SIGRTMIN+1", 35),
        ("SIGRTMIN+15", 49),
        ("SIGRTMAX-14", 50),
        ("SIGRTMAX-1", 63),
        ("SIGRTMAX", 64),
    ] {
        assert_eq!(parse(name, Os::Linux).map(Signal::number), Some(number), "{name}");
    }
}

#[test]
fn v13_no_other_spelling() {
    for name in [
        "",
        "TERM",
        "sigterm",
        "SigTerm",
        "15",
        "SIG15",
        "SIG32",
        "SIGRTMIN+0",
        "SIGRTMIN+16",
        "SIGRTMAX-15",
        "SIGRTMAX-0",
        "SIGRTMIN+01",
        "CLD",
        "SIGcld",
        "SIGTERM ",
    ] {
        assert_eq!(parse(name, Os::Linux), None, "{name}");
    }
}

proptest! {
    #[test]
    fn what_is_read_is_listed(name in "(SIG)?(RTM(IN|AX))?[-+]?[A-Z0-9]{0,5}") {
        prop_assert_eq!(parse(&name, Os::Linux).is_some(), names(Os::Linux).contains(&name));
    }
}
