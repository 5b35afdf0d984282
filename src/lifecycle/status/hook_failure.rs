//! What exactly was wrong with a hook, in the kubelet's words: kubelet M16, M17 and H6
//! (`pkg/kubelet/lifecycle/handlers.go`). It is the message of the waiting reason `PostStartHookError`.

use std::fmt;

use crate::spec::quote::Quoted;

/// A hook that failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HookFailure<'a> {
    pub handler: Handler<'a>,
    pub error: HookError<'a>,
    pub container: &'a str,
    /// `NAME_NAMESPACE(UID)`
    pub pod: &'a str,
}

/// What the hook was to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Handler<'a> {
    /// `output`: what it wrote to its standard output, then what to its standard error.
    Exec {
        command: &'a [String],
        output: &'a [u8],
    },
    Http {
        path: &'a str,
    },
    Sleep {
        seconds: u64,
    },
}

/// Why it failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HookError<'a> {
    /// Its command ended with this code (kubelet M17).
    Exited { command: &'a [String], code: i32, stderr: &'a [u8] },
    /// Its container ended before it had slept enough (kubelet H6).
    ContainerEnded,
    /// For this reason of ours.
    Other(&'a str),
}

impl fmt::Display for HookFailure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.handler {
            Handler::Exec { command, .. } => {
                write!(f, "Exec lifecycle hook ([{}])", Words(command))
            }
            Handler::Http { path } => write!(f, "HTTP lifecycle hook ({path})"),
            Handler::Sleep { seconds } => write!(f, "Sleep lifecycle hook ({seconds})"),
        }?;
        let [container, pod] = [self.container, self.pod].map(|name| Quoted(name.as_bytes()));
        write!(f, " for Container {container} in Pod {pod} failed - error: {}", self.error)?;
        match self.handler {
            Handler::Exec { output, .. } => write!(f, ", message: {}", Quoted(output)),
            Handler::Http { .. } | Handler::Sleep { .. } => Ok(()),
        }
    }
}

impl fmt::Display for HookError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HookError::Exited { command, code, stderr } => {
                let stderr = String::from_utf8_lossy(stderr);
                write!(f, "command '{}' exited with {code}: {stderr}", Words(command))
            }
            HookError::ContainerEnded => {
                f.write_str("container terminated before sleep hook finished")
            }
            HookError::Other(why) => f.write_str(why),
        }
    }
}

/// With blanks between them.
struct Words<'a>(&'a [String]);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.0.iter().enumerate() {
            let blank = if at > 0 { " " } else { "" };
            write!(f, "{blank}{word}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    // kubelet H6, M16, M17
    #[test]
    fn m16_m17_what_is_said_of_hooks() {
        let command = words(&["a", "b c", "\"d\""]);
        let exited = HookError::Exited { command: &command, code: 3, stderr: b"err\n" };
        let exec = Handler::Exec { command: &command, output: b"out\nerr\n\xff" };
        let end = r#"for Container "app" in Pod "web_default(u-1)" failed - error:"#;
        for (handler, error, expected) in [
            (
                exec,
                exited,
                "Exec lifecycle hook ([a b c \"d\"]) {end} command 'a b c \"d\"' exited with 3: err\n, \
                 message: \"out\\nerr\\n\\xff\"",
            ),
            (
                exec,
                HookError::Other("no such file"),
                "Exec lifecycle hook ([a b c \"d\"]) {end} no such file, message: \"out\\nerr\\n\\xff\"",
            ),
            (
                Handler::Http { path: "/stop?now=1" },
                HookError::Other("connection refused"),
                "HTTP lifecycle hook (/stop?now=1) {end} connection refused",
            ),
            (
                Handler::Sleep { seconds: 5 },
                HookError::ContainerEnded,
                "Sleep lifecycle hook (5) {end} container terminated before sleep hook finished",
            ),
        ] {
            let failure = HookFailure { handler, error, container: "app", pod: "web_default(u-1)" };
            assert_eq!(failure.to_string(), expected.replace("{end}", end));
        }
    }

    // kubelet M16, M17, H10: what v1.20.2 wrote.
    #[test]
    fn m16_what_a_kubelet_said() {
        let statuses =
            include_str!("../../../tests/vectors/timelines/tl-poststart-fail/status.jsonl");
        let script = "L(){ read u _ </proc/uptime; echo \"$u $1\" >>/log/tl-poststart-fail.log; }; L postStart; \
                      echo out; echo err >&2; exit 3";
        let command = words(&["/bin/sh", "-c", script]);
        let failure = HookFailure {
            handler: Handler::Exec { command: &command, output: b"out\nerr\n" },
            error: HookError::Exited { command: &command, code: 3, stderr: b"err\n" },
            container: "main",
            pod: "tl-poststart-fail-node1_default(13a59887ba8d040b95b4bfe335e266b5)",
        };
        let mut told = 0;
        for line in statuses.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let waiting = &line["status"]["containerStatuses"][0]["state"]["waiting"];
            let reason = waiting["reason"].as_str().unwrap_or_default();
            if reason.starts_with("PostStartHookError") {
                assert_eq!(failure.to_string(), waiting["message"].as_str().unwrap());
                assert_eq!(format!("PostStartHookError: {}", failure.error), reason);
                told += 1;
            }
        }
        assert_eq!(told, 7);
    }
}
