//! How a call went: gRPC's status, and what in HTTP stands for which one, as grpc-go has it (kubelet P43).

use std::fmt;

use super::super::http::reason_phrase::reason_phrase;
use super::super::http2::{self, Error, Fields};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code(pub u32);

impl Code {
    pub const OK: Code = Code(0);
    pub const CANCELED: Code = Code(1);
    pub const UNKNOWN: Code = Code(2);
    pub const DEADLINE_EXCEEDED: Code = Code(4);
    pub const PERMISSION_DENIED: Code = Code(7);
    pub const RESOURCE_EXHAUSTED: Code = Code(8);
    pub const UNIMPLEMENTED: Code = Code(12);
    pub const INTERNAL: Code = Code(13);
    pub const UNAVAILABLE: Code = Code(14);
    pub const UNAUTHENTICATED: Code = Code(16);
}

const NAMES: [&str; 17] = [
    "OK",
    "Canceled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.get(self.0 as usize) {
            Some(name) => f.write_str(name),
            None => write!(f, "Code({})", self.0),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    pub code: Code,
    pub message: String,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rpc error: code = {} desc = {}", self.code, self.message)
    }
}

fn status(code: Code, message: impl Into<String>) -> Status {
    Status { code, message: message.into() }
}

pub fn no_message() -> Status {
    status(
        Code::INTERNAL,
        "cardinality violation: received no response message from non-server-streaming RPC",
    )
}

pub fn no_trailers() -> Status {
    status(Code::INTERNAL, "server closed the stream without sending trailers")
}

pub fn time_is_over() -> Status {
    status(Code::DEADLINE_EXCEEDED, "context deadline exceeded")
}

impl Status {
    /// What trailers say, which may have come as the only headers.
    pub fn of_trailers(trailers: &Fields) -> Status {
        let message = trailers.get("grpc-message").map(percent_decoded).unwrap_or_default();
        let Some(value) = trailers.get("grpc-status") else {
            return status(Code::UNKNOWN, message);
        };
        let text = String::from_utf8_lossy(value);
        match text.parse::<i32>() {
            Ok(code) => status(Code(code as u32), message),
            Err(_) => status(
                Code::UNKNOWN,
                format!(
                    "transport: malformed grpc-status: strconv.ParseInt: parsing {text:?}: invalid syntax"
                ),
            ),
        }
    }

    /// What it means that the exchange broke off.
    pub fn of_broken(error: &Error) -> Status {
        match error {
            Error::Reset(code) => {
                let meaning = match *code {
                    http2::Code::REFUSED_STREAM => Code::UNAVAILABLE,
                    http2::Code::CANCEL => Code::CANCELED,
                    http2::Code::FLOW_CONTROL_ERROR | http2::Code::ENHANCE_YOUR_CALM => {
                        Code::RESOURCE_EXHAUSTED
                    }
                    http2::Code::INADEQUATE_SECURITY => Code::PERMISSION_DENIED,
                    http2::Code(0..=13) => Code::INTERNAL,
                    _ => Code::UNKNOWN,
                };
                status(meaning, format!("stream terminated by RST_STREAM with error code: {code}"))
            }
            Error::GoAway(code, said) => status(
                Code::UNAVAILABLE,
                format!(
                    "closing transport due to: connection error: desc = \"error reading from server: EOF\", \
                     received prior goaway: code: {code}, debug data: {said:?}"
                ),
            ),
            Error::Fault(_) => status(Code::INTERNAL, error.to_string()),
            Error::Io(_) | Error::Closed | Error::Foreign(_) => {
                status(Code::UNAVAILABLE, format!("error reading from server: {error}"))
            }
        }
    }

    pub fn into_result(self) -> Result<(), Status> {
        if self.code == Code::OK { Ok(()) } else { Err(self) }
    }
}

/// Whether a response is gRPC's at all.
///
/// # Errors
/// The status that stands for it, if not.
pub fn check_head(http_status: u16, headers: &Fields) -> Result<(), Status> {
    let mut problems = Vec::new();
    if http_status != 200 {
        problems.push(format!(
            "unexpected HTTP status code received from server: {http_status} ({})",
            reason_phrase(http_status)
        ));
    }
    match headers.get("content-type") {
        Some(kind) if is_grpc(kind) => {}
        Some(kind) => problems.push(format!(
            "transport: received unexpected content-type {:?}",
            String::from_utf8_lossy(kind)
        )),
        None => problems.push("malformed header: missing HTTP content-type".to_owned()),
    }
    if problems.is_empty() {
        return Ok(());
    }
    let code = match http_status {
        400 => Code::INTERNAL,
        401 => Code::UNAUTHENTICATED,
        403 => Code::PERMISSION_DENIED,
        404 => Code::UNIMPLEMENTED,
        429 | 502 | 503 | 504 => Code::UNAVAILABLE,
        _ => Code::UNKNOWN,
    };
    Err(status(code, problems.join("; ")))
}

/// `application/grpc`, with a message format or parameters behind it.
fn is_grpc(content_type: &[u8]) -> bool {
    let content_type = content_type.to_ascii_lowercase();
    let rest = content_type.strip_prefix(b"application/grpc");
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// `grpc-message` as it was meant; what is no percent-encoding stands for itself.
fn percent_decoded(value: &[u8]) -> String {
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((byte, after)) = rest.split_first() {
        let octet = match (byte, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        decoded.push(octet.unwrap_or(*byte));
        let done = if octet.is_some() { 3 } else { 1 };
        rest = rest.get(done..).unwrap_or_default();
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p43_messages_are_percent_decoded() {
        for (value, text) in [
            ("", ""),
            ("unknown service", "unknown service"),
            ("%C3%A4%20b%0a", "ä b\n"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%zz%41", "%zzA"),
            ("%+1", "%+1"),
        ] {
            assert_eq!(percent_decoded(value.as_bytes()), text);
        }
        assert_eq!(percent_decoded(b"%ff"), "\u{fffd}");
    }

    #[test]
    fn p43_codes_have_the_names_of_go() {
        assert_eq!(status(Code(5), "x").to_string(), "rpc error: code = NotFound desc = x");
        assert_eq!(Code(99).to_string(), "Code(99)");
    }

    #[test]
    fn content_types_of_grpc() {
        for kind in [
            "application/grpc",
            "application/grpc+proto",
            "application/grpc;x=y",
            "Application/GRPC",
        ] {
            assert!(is_grpc(kind.as_bytes()), "{kind}");
        }
        for kind in ["application/grpc-web", "text/html", ""] {
            assert!(!is_grpc(kind.as_bytes()), "{kind}");
        }
    }

    #[test]
    fn p43_what_http_says_is_a_status() {
        let said = |http_status| check_head(http_status, &Fields::default()).unwrap_err();
        for (http_status, code) in [
            (400, 13),
            (401, 16),
            (403, 7),
            (404, 12),
            (429, 14),
            (502, 14),
            (503, 14),
            (504, 14),
            (500, 2),
            (200, 2),
        ] {
            assert_eq!(said(http_status).code, Code(code), "{http_status}");
        }
        assert_eq!(
            said(404).message,
            "unexpected HTTP status code received from server: 404 (Not Found); malformed header: missing HTTP content-type"
        );
    }
}
