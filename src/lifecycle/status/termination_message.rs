//! What a container leaves to be read about its end: kubelet R31 to R36 (`getTerminationMessage` in
//! `pkg/kubelet/kuberuntime/kuberuntime_container.go`, `modifyContainerStatuses` in `pkg/kubelet/kubelet_pods.go`,
//! limits in `pkg/kubelet/container/runtime.go`).
//!
//! All of it is bytes and is cut between any two of them, within a character too (kubelet R36).

/// Where the file is, unless the manifest says otherwise (kubelet R31).
pub const DEFAULT_PATH: &str = "/dev/termination-log";

/// So many bytes at the end of the file count (kubelet R32): no more need be read.
pub const FILE_BYTES: usize = 4096;

/// So many lines at the end of the log stand in for a file (kubelet R33) …
pub const LOG_LINES: usize = 80;

/// … and so many bytes at the end of those: no more need be kept.
pub const LOG_BYTES: usize = 2048;

/// All messages of a pod share this (kubelet R35).
const POD_BYTES: usize = 12288;

/// Where the message comes from (kubelet R31, R33).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Policy {
    File,
    FallbackToLogsOnError,
}

impl Policy {
    /// Whether the end of the log is to stand in for a file with nothing in it (kubelet R33). The reason
    /// `ContainerCannotRun`, for which it does not, is a legacy of Docker and not given here.
    pub const fn asks_for_logs(self, exit_code: i32, file: &[u8]) -> bool {
        matches!(self, Policy::FallbackToLogsOnError) && exit_code != 0 && file.is_empty()
    }
}

/// What counts of the file (kubelet R32). A missing one is empty.
pub fn of_file(file: &[u8]) -> &[u8] {
    tail(file, FILE_BYTES)
}

/// What counts of the log in place of a file (kubelet R33); a last line without its end is one too.
pub fn of_log(log: &[u8]) -> &[u8] {
    let ended = log.strip_suffix(b"\n").unwrap_or(log);
    let mut ends = ended.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    let before = ends.nth(LOG_LINES - 1).map_or(0, |(at, _)| at + 1);
    tail(log.get(before..).unwrap_or_default(), LOG_BYTES)
}

/// The message with what was said of the end by who started the container (kubelet R34). Both may be empty.
pub fn join(runtime: &str, message: &[u8]) -> Vec<u8> {
    match (runtime.is_empty(), message.is_empty()) {
        (true, _) => message.to_vec(),
        (false, true) => runtime.as_bytes().to_vec(),
        (false, false) => [runtime.as_bytes(), b": ", message].concat(),
    }
}

/// What is reported of a message in a pod of so many containers, init containers among them: its beginning
/// (kubelet R35).
pub fn share(message: &[u8], containers: usize) -> &[u8] {
    let share = POD_BYTES.checked_div(containers).unwrap_or(POD_BYTES);
    message.get(..share).unwrap_or(message)
}

fn tail(bytes: &[u8], most: usize) -> &[u8] {
    bytes.get(bytes.len().saturating_sub(most)..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // kubelet R31, R32
    #[test]
    fn r32_the_end_of_the_file_counts() {
        assert_eq!(of_file(b""), b"");
        assert_eq!(of_file(b"why\n"), b"why\n");
        let exact = [b'a'; FILE_BYTES];
        assert_eq!(of_file(&exact), exact);
        let long = [&b"beginning"[..], &exact[1..], b"z"].concat();
        assert_eq!(of_file(&long), [&exact[1..], b"z"].concat());
    }

    // kubelet R33
    #[test]
    fn r33_when_the_log_stands_in() {
        use Policy::{FallbackToLogsOnError, File};
        for (policy, code, file, expected) in [
            (FallbackToLogsOnError, 1, &b""[..], true),
            (FallbackToLogsOnError, 137, b"", true),
            (FallbackToLogsOnError, 0, b"", false),
            (FallbackToLogsOnError, 1, b"\n", false),
            (File, 1, b"", false),
        ] {
            assert_eq!(policy.asks_for_logs(code, file), expected, "{policy:?} {code} {file:?}");
        }
    }

    // kubelet R33
    #[test]
    fn r33_the_last_lines_of_the_log() {
        let lines = |range: std::ops::Range<usize>| -> Vec<u8> {
            range.flat_map(|n| format!("{n}\n").into_bytes()).collect()
        };
        assert_eq!(of_log(b""), b"");
        assert_eq!(of_log(b"\n"), b"\n");
        assert_eq!(of_log(b"one line"), b"one line");
        assert_eq!(of_log(&lines(0..80)), lines(0..80));
        assert_eq!(of_log(&lines(0..81)), lines(1..81));
        let unended = [&lines(0..80)[..], b"80"].concat();
        assert_eq!(of_log(&unended), &unended[2..]);
        let empty_ones = [b'\n'; 100];
        assert_eq!(of_log(&empty_ones).len(), 80);
        let long: Vec<u8> = (0..80).flat_map(|_| [&[b'x'; 99][..], b"\n"].concat()).collect();
        assert_eq!(of_log(&long), &long[8000 - LOG_BYTES..]);
    }

    // kubelet R34
    #[test]
    fn r34_who_started_it_speaks_first() {
        assert_eq!(join("", b"why"), b"why");
        assert_eq!(join("no such file", b""), b"no such file");
        assert_eq!(join("no such file", b"why"), b"no such file: why");
        assert_eq!(join("", b""), b"");
    }

    // kubelet R35, Q21: the beginning of what was the end of the file.
    #[test]
    fn r35_the_containers_of_a_pod_share() {
        let message: Vec<u8> = (0..FILE_BYTES).map(|n| n as u8).collect();
        for (containers, bytes) in
            [(0, 4096), (1, 4096), (3, 4096), (4, 3072), (7, 1755), (12, 1024), (20_000, 0)]
        {
            assert_eq!(share(&message, containers), &message[..bytes], "{containers}");
        }
        assert_eq!(share(b"short", 12), b"short");
    }

    // kubelet R36
    #[test]
    fn r36_characters_may_be_torn() {
        let text = "é".repeat(3000);
        let text = format!("{text}x");
        assert_eq!(of_file(text.as_bytes())[0], 0xa9);
        assert_eq!(share(text.as_bytes(), 7).last(), Some(&0xc3));
    }

    proptest! {
        #[test]
        fn what_counts_is_an_end_of_what_there_is(
            lengths in proptest::collection::vec(0usize..60, 0..200),
            unended: bool,
        ) {
            let lines: Vec<String> = lengths.into_iter().map(|length| "x".repeat(length)).collect();
            let log = lines.join("\n") + if unended { "" } else { "\n" };
            let counts = of_log(log.as_bytes());
            prop_assert!(log.as_bytes().ends_with(counts) && counts.len() <= LOG_BYTES);
            prop_assert!(std::str::from_utf8(counts).unwrap().lines().count() <= LOG_LINES);
            prop_assert!(log.is_empty() || !counts.is_empty());
        }
    }
}
