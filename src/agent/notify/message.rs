//! What a program says by sd_notify(3).

/// What podinit acts on. The rest (`STATUS=`, `RELOADING=1`, `WATCHDOG=1`, `MAINPID=`, `FDSTORE=1`, `BARRIER=1` and what
/// else there will be) is taken, and nothing follows from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notice {
    /// It has started, and is ready.
    Ready,
    /// It has begun to end.
    Stopping,
}

impl Notice {
    /// What a message says: assignments, each on a line of its own. As systemd has it, STOPPING goes before READY, and a
    /// message with a zero in it, but for the last byte, says nothing.
    pub fn read(message: &[u8]) -> Option<Notice> {
        let message = message.strip_suffix(b"\0").unwrap_or(message);
        let mut notice = None;
        for line in message.split(|byte| matches!(byte, b'\n' | b'\r')) {
            match line {
                b"STOPPING=1" => notice = Some(Notice::Stopping),
                b"READY=1" => notice = notice.or(Some(Notice::Ready)),
                line if line.contains(&0) => return None,
                _ => {}
            }
        }
        notice
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_message_says() {
        for (message, notice) in [
            (&b"READY=1"[..], Some(Notice::Ready)),
            (b"READY=1\0", Some(Notice::Ready)),
            (b"READY=1\n", Some(Notice::Ready)),
            (b"MAINPID=7\r\nREADY=1\r\nSTATUS=up", Some(Notice::Ready)),
            (b"STOPPING=1\nREADY=1", Some(Notice::Stopping)),
            (b"READY=1\nSTOPPING=1", Some(Notice::Stopping)),
            (b"READY=1\0\0", None),
            (b"READY=1\0\nWATCHDOG=1", None),
            (b"STATUS=READY=1", None),
            (b"READY=10", None),
            (b"READY=0", None),
            (b"XREADY=1", None),
            (b" READY=1", None),
            (b"ready=1", None),
            (b"RELOADING=1\nMONOTONIC_USEC=5", None),
            (b"BARRIER=1", None),
            (b"", None),
        ] {
            assert_eq!(Notice::read(message), notice, "{}", message.escape_ascii());
        }
    }

    /// Lines that say nothing of it, some of them nearly.
    fn others() -> impl Strategy<Value = Vec<String>> {
        let other = prop_oneof![
            "[A-Z_]{0,12}=[^\n\r\0]{0,12}",
            "(READY|STOPPING)=[^1\n\r\0]",
            "[^\n\r\0](READY|STOPPING)=1",
            "(READY|STOPPING)=1[^\n\r\0]",
        ];
        let says = |line: &str| ["READY=1", "STOPPING=1"].contains(&line);
        proptest::collection::vec(other.prop_filter("says it", move |line| !says(line)), 0..8)
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_message(message in proptest::collection::vec(any::<u8>(), 0..64)) {
            let notice = Notice::read(&message);
            let holds = |word: &[u8]| message.windows(word.len()).any(|part| part == word);
            prop_assert!(notice != Some(Notice::Ready) || holds(b"READY=1"));
            prop_assert!(notice != Some(Notice::Stopping) || holds(b"STOPPING=1"));
        }

        #[test]
        fn it_is_found_wherever_it_stands(
            before in others(),
            after in others(),
            stops in any::<bool>(),
        ) {
            let others = [&before[..], &after[..]].concat().join("\n");
            prop_assert_eq!(Notice::read(others.as_bytes()), None);
            let said = if stops { "STOPPING=1" } else { "READY=1" };
            let message = [&before[..], &[said.to_owned()], &after[..]].concat().join("\n");
            let notice = if stops { Notice::Stopping } else { Notice::Ready };
            prop_assert_eq!(Notice::read(message.as_bytes()), Some(notice));
        }
    }
}
