//! The one message each way (kubelet P39): gRPC's frame around it, and its protobuf, by hand:
//!
//! ```proto
//! message HealthCheckRequest { string service = 1; }
//! message HealthCheckResponse { ServingStatus status = 1; }
//! ```

use std::fmt;

use super::status::{Code, Status};

/// A flag whether the message is compressed, and its length.
const PREFIX: usize = 5;

/// A HealthCheckResponse has two bytes; with fields of later versions it may have so many.
const LONGEST: usize = 4096;

/// So much has to be read of a body to tell that it is no such message.
pub const LIMIT: usize = PREFIX + LONGEST + 1;

/// How a service is, by its number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServingStatus(pub i32);

impl ServingStatus {
    pub const SERVING: ServingStatus = ServingStatus(1);
}

/// By its name, or by its number if it has none (kubelet P41).
impl fmt::Display for ServingStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => write!(f, "UNKNOWN"),
            1 => write!(f, "SERVING"),
            2 => write!(f, "NOT_SERVING"),
            3 => write!(f, "SERVICE_UNKNOWN"),
            other => write!(f, "{other}"),
        }
    }
}

/// A HealthCheckRequest in its frame. An empty service is what is meant when none is named.
pub fn encode_request(service: &str) -> Vec<u8> {
    let mut message = Vec::new();
    if !service.is_empty() {
        // Field 1, with a length.
        message.push(0x0a);
        let mut length = service.len();
        while length >= 0x80 {
            message.push(length as u8 | 0x80);
            length >>= 7;
        }
        message.push(length as u8);
        message.extend_from_slice(service.as_bytes());
    }
    let mut framed = vec![0];
    framed.extend((message.len() as u32).to_be_bytes());
    framed.extend(message);
    framed
}

/// The one HealthCheckResponse of a body, of which at most [`LIMIT`] bytes were read.
///
/// # Errors
/// It holds none, more than one, or something else; in grpc-go's words.
pub fn decode(body: &[u8], encoding: Option<&[u8]>) -> Result<ServingStatus, Status> {
    let internal = |message: String| Status { code: Code::INTERNAL, message };
    if body.is_empty() {
        return Err(super::status::no_message());
    }
    let Some(([flag, length @ ..], rest)) = body.split_first_chunk::<PREFIX>() else {
        return Err(internal("unexpected EOF".to_owned()));
    };
    let length = u32::from_be_bytes(*length) as usize;
    if *flag > 1 {
        return Err(internal(format!("grpc: received unexpected payload format {flag}")));
    }
    if length > LONGEST {
        let message = format!("grpc: received message larger than max ({length} vs. {LONGEST})");
        return Err(Status { code: Code::RESOURCE_EXHAUSTED, message });
    }
    let Some((message, more)) = rest.split_at_checked(length) else {
        return Err(internal("unexpected EOF".to_owned()));
    };
    if *flag == 1 {
        return Err(internal(match encoding {
            None | Some(b"" | b"identity") => {
                "grpc: compressed flag set with identity or empty encoding".to_owned()
            }
            // We have asked for none.
            Some(other) => format!(
                "grpc: Decompressor is not installed for grpc-encoding {:?}",
                String::from_utf8_lossy(other)
            ),
        }));
    }
    if !more.is_empty() {
        return Err(internal(
            "cardinality violation: expected <EOF> for non server-streaming RPCs, but received another message"
                .to_owned(),
        ));
    }
    decode_response(message).ok_or_else(|| {
        internal("grpc: failed to unmarshal the received message: proto: cannot parse invalid wire-format data".to_owned())
    })
}

/// A HealthCheckResponse; the last status counts, and fields that it does not know are skipped.
fn decode_response(message: &[u8]) -> Option<ServingStatus> {
    let mut rest = message;
    let mut status = ServingStatus(0);
    while !rest.is_empty() {
        let tag = varint(&mut rest)?;
        let field = tag >> 3;
        if field == 0 || field >= 1 << 29 {
            return None;
        }
        match tag & 7 {
            0 => {
                let number = varint(&mut rest)?;
                if field == 1 {
                    status = ServingStatus(number as i32);
                }
            }
            1 => rest = rest.get(8..)?,
            2 => {
                let length = usize::try_from(varint(&mut rest)?).ok()?;
                rest = rest.get(length..)?;
            }
            5 => rest = rest.get(4..)?,
            // Groups, which nobody writes any more.
            _ => return None,
        }
    }
    Some(status)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        // The tenth byte has room for the last bit only.
        if shift == 63 && *byte > 1 {
            return None;
        }
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
        [&[flag], &(message.len() as u32).to_be_bytes()[..], message].concat()
    }

    #[test]
    fn p39_a_request_names_the_service() {
        assert_eq!(encode_request(""), [0, 0, 0, 0, 0]);
        assert_eq!(encode_request("db"), [0, 0, 0, 0, 4, 0x0a, 2, b'd', b'b']);
        let long = encode_request(&"s".repeat(300));
        assert_eq!(long[..8], [0, 0, 0, 1, 0x2f, 0x0a, 0xac, 2]);
        assert_eq!(long.len(), 5 + 3 + 300);
    }

    #[test]
    fn p41_a_response_says_how_the_service_is() {
        for (message, number) in [
            (&[][..], 0),
            (&[8, 1], 1),
            (&[8, 2], 2),
            (&[8, 1, 8, 3], 3),
            // Fields 2 to 5 of every type that there is, then the status.
            (
                &[
                    0x10, 0x80, 1, 0x19, 1, 2, 3, 4, 5, 6, 7, 8, 0x22, 2, 8, 2, 0x2d, 1, 2, 3, 4,
                    8, 1,
                ],
                1,
            ),
            // Its number as a string is another field that nobody knows.
            (&[0x0a, 1, 1], 0),
            // -1
            (&[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], -1),
        ] {
            assert_eq!(
                decode(&framed(0, message), None),
                Ok(ServingStatus(number)),
                "{message:x?}"
            );
        }
        assert_eq!(ServingStatus(-1).to_string(), "-1");
        assert_eq!(ServingStatus(7).to_string(), "7");
    }

    #[test]
    fn what_is_no_response_is_refused() {
        let failed = |body: &[u8], encoding: Option<&[u8]>| {
            decode(body, encoding).map_err(|status| status.to_string()).unwrap_err()
        };
        for (body, encoding, words) in [
            (framed(1, &[8, 1]), None, "compressed flag set"),
            (
                framed(1, &[8, 1]),
                Some(&b"gzip"[..]),
                "Decompressor is not installed for grpc-encoding \"gzip\"",
            ),
            (framed(2, &[8, 1]), None, "unexpected payload format 2"),
            (vec![0; LIMIT], None, "received another message"),
            (
                framed(0, &vec![0; LIMIT]),
                None,
                "ResourceExhausted desc = grpc: received message larger than max",
            ),
            (vec![], None, "received no response message"),
            (vec![0, 0, 0, 0], None, "unexpected EOF"),
            (vec![0, 0, 0, 0, 2, 8], None, "unexpected EOF"),
            (framed(0, &[8]), None, "failed to unmarshal"),
            (framed(0, &[0, 1]), None, "failed to unmarshal"),
            (framed(0, &[0x12, 5, 0]), None, "failed to unmarshal"),
            (framed(0, &[0x0b, 0x0c]), None, "failed to unmarshal"),
            (
                framed(0, &[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2]),
                None,
                "failed to unmarshal",
            ),
        ] {
            let text = failed(&body, encoding);
            assert!(text.contains(words), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_status_or_none(body: Vec<u8>, message: Vec<u8>) {
            let _ = decode(&body, None);
            let _ = decode(&framed(0, &message), None);
        }
    }
}
