//! The names of Linux's capabilities (capabilities(7)). A set of them is a number with a bit each, by the kernel's numbers.

use super::document::closest;

/// What `ALL` stands for, those that only later kernels know included.
pub const ALL: u64 = u64::MAX;

/// By the kernel's numbers (`linux/capability.h`), without `CAP_`.
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// The set that a name or `ALL` means, in capitals or not, with `CAP_` or without, as Docker and CRI-O take them.
///
/// # Errors
/// The name it may be a slip of, if there is one.
pub fn parse(name: &str) -> Result<u64, Option<&'static str>> {
    let is = |name: &str, known: &str| name.eq_ignore_ascii_case(known);
    if is(name, "ALL") {
        return Ok(ALL);
    }
    let bare = match name.split_at_checked(4) {
        Some((prefix, bare)) if is(prefix, "CAP_") => bare,
        _ => name,
    };
    let number = NAMES.iter().position(|known| is(bare, known));
    number.map(|number| 1 << number).ok_or_else(|| closest(bare, &NAMES))
}

/// The names of those in `set` that have one.
pub fn names(set: u64) -> impl Iterator<Item = &'static str> {
    let named = NAMES.into_iter().enumerate();
    named.filter_map(move |(number, name)| (set & 1 << number != 0).then_some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_kernel_however_they_are_written() {
        for (name, number) in [
            ("CHOWN", 0),
            ("cap_setpcap", 8),
            ("CAP_NET_BIND_SERVICE", 10),
            ("Net_Admin", 12),
            ("SYS_ADMIN", 21),
            ("SETFCAP", 31),
            ("CHECKPOINT_RESTORE", 40),
        ] {
            assert_eq!(parse(name), Ok(1 << number), "{name}");
        }
        assert_eq!((parse("ALL"), parse("all")), (Ok(ALL), Ok(ALL)));
        assert_eq!(names(1 << 10 | 1 | 1 << 63).collect::<Vec<_>>(), ["CHOWN", "NET_BIND_SERVICE"]);
        assert!(NAMES.iter().all(|name| parse(name).map(names).unwrap().eq([*name])));
    }

    #[test]
    fn what_is_none_may_be_a_slip() {
        for (name, meant) in [
            ("NET_ADMN", Some("NET_ADMIN")),
            ("CAP_CAP_CHOWN", None),
            ("cap_SYSADMIN", Some("SYS_ADMIN")),
            ("CAP_ALL", None),
            ("", None),
            ("\u{e9}\u{e9}\u{e9}", None),
        ] {
            assert_eq!(parse(name), Err(meant), "{name}");
        }
    }
}
