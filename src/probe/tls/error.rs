//! Why there is no TLS, in the words of Go's client where it has some.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::{Duration, UNIX_EPOCH};

use rustls::pki_types::{ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError};

use super::super::outcome::one_line;
use super::super::patience::{Cut, cut_of};
use super::super::reason;
use super::verify::is_ca;
use crate::sys::Errno;

/// What a server says of itself is shown up to here.
const SHOWN: usize = 200;

#[derive(Debug)]
pub enum TlsError {
    Cut(Cut),
    /// The server hung up before it had said anything.
    Eof,
    /// The server hung up in the middle of something.
    UnexpectedEof,
    /// The call that failed.
    Transport(&'static str, Errno),
    PlainHttp,
    NotTls,
    /// The server refuses, for this reason.
    Alert(AlertDescription),
    Certificate(CertificateError),
    /// No certificate can be for such a name.
    Name(String),
    Protocol(rustls::Error),
}

impl TlsError {
    /// Of an error that this call has brought up.
    pub fn io(call: &'static str, error: io::Error) -> TlsError {
        match (cut_of(&error), error.raw_os_error()) {
            (Some(cut), _) => TlsError::Cut(cut),
            (None, Some(number)) => TlsError::Transport(call, Errno::from_raw(number)),
            (None, None) => error.downcast().unwrap_or_else(|other| {
                TlsError::Protocol(rustls::Error::General(other.to_string()))
            }),
        }
    }

    /// Whether waiting was the reason, and which end it had.
    pub fn cut(&self) -> Option<Cut> {
        match self {
            TlsError::Cut(cut) => Some(*cut),
            _ => None,
        }
    }

    /// Whether it is that this podinit has no TLS.
    pub fn is_absent(&self) -> bool {
        false
    }

    /// Whether the server has answered without it.
    pub fn is_plain_http(&self) -> bool {
        matches!(self, TlsError::PlainHttp)
    }
}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> TlsError {
        match error {
            rustls::Error::AlertReceived(alert) => TlsError::Alert(alert),
            rustls::Error::InvalidCertificate(problem) => TlsError::Certificate(problem),
            error => TlsError::Protocol(error),
        }
    }
}

impl From<TlsError> for io::Error {
    /// A cut stays one that [`cut_of`] finds.
    fn from(error: TlsError) -> io::Error {
        match error {
            TlsError::Cut(cut) => cut.into(),
            TlsError::Transport(_, errno) => errno.into(),
            TlsError::Eof | TlsError::UnexpectedEof => {
                io::Error::new(io::ErrorKind::UnexpectedEof, error)
            }
            error => io::Error::new(io::ErrorKind::InvalidData, error),
        }
    }
}

impl std::error::Error for TlsError {}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsError::Cut(Cut::TimedOut) => write!(f, "context deadline exceeded"),
            TlsError::Cut(cut) => cut.fmt(f),
            TlsError::Eof => write!(f, "EOF"),
            TlsError::UnexpectedEof => write!(f, "unexpected EOF"),
            TlsError::Transport(call, errno) => write!(f, "{call}: {}", reason(*errno)),
            TlsError::PlainHttp => write!(f, "http: server gave HTTP response to HTTPS client"),
            TlsError::NotTls => write!(f, "tls: first record does not look like a TLS handshake"),
            TlsError::Alert(alert) => match alert_text(*alert) {
                Some(text) => write!(f, "remote error: tls: {text}"),
                None => write!(f, "remote error: tls: alert({})", u8::from(*alert)),
            },
            TlsError::Certificate(problem) => {
                write!(f, "tls: failed to verify certificate: x509: ")?;
                certificate_text(problem, f)
            }
            TlsError::Name(name) => write!(
                f,
                "tls: failed to verify certificate: x509: {:?} is not a host name",
                one_line(name, SHOWN)
            ),
            TlsError::Protocol(error) => write!(f, "tls: {}", one_line(&error.to_string(), SHOWN)),
        }
    }
}

/// Go's word for an alert.
fn alert_text(alert: AlertDescription) -> Option<&'static str> {
    Some(match alert {
        AlertDescription::CloseNotify => "close notify",
        AlertDescription::UnexpectedMessage => "unexpected message",
        AlertDescription::BadRecordMac => "bad record MAC",
        AlertDescription::DecryptionFailed => "decryption failed",
        AlertDescription::RecordOverflow => "record overflow",
        AlertDescription::DecompressionFailure => "decompression failure",
        AlertDescription::HandshakeFailure => "handshake failure",
        AlertDescription::BadCertificate => "bad certificate",
        AlertDescription::UnsupportedCertificate => "unsupported certificate",
        AlertDescription::CertificateRevoked => "revoked certificate",
        AlertDescription::CertificateExpired => "expired certificate",
        AlertDescription::CertificateUnknown => "unknown certificate",
        AlertDescription::IllegalParameter => "illegal parameter",
        AlertDescription::UnknownCA => "unknown certificate authority",
        AlertDescription::AccessDenied => "access denied",
        AlertDescription::DecodeError => "error decoding message",
        AlertDescription::DecryptError => "error decrypting message",
        AlertDescription::ProtocolVersion => "protocol version not supported",
        AlertDescription::InsufficientSecurity => "insufficient security level",
        AlertDescription::InternalError => "internal error",
        AlertDescription::InappropriateFallback => "inappropriate fallback",
        AlertDescription::UserCanceled => "user canceled",
        AlertDescription::NoRenegotiation => "no renegotiation",
        AlertDescription::MissingExtension => "missing extension",
        AlertDescription::UnsupportedExtension => "unsupported extension",
        AlertDescription::UnrecognisedName => "unrecognized name",
        AlertDescription::UnknownPSKIdentity => "unknown PSK identity",
        AlertDescription::CertificateRequired => "certificate required",
        AlertDescription::NoApplicationProtocol => "no application protocol",
        _ => return None,
    })
}

/// Go's words for what is wrong with a certificate, so far as it and rustls find the same things.
fn certificate_text(problem: &CertificateError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const EXPIRED: &str = "certificate has expired or is not yet valid";
    match problem {
        CertificateError::Expired | CertificateError::NotValidYet => write!(f, "{EXPIRED}"),
        CertificateError::ExpiredContext { time, not_after } => {
            write!(f, "{EXPIRED}: current time {} is after {}", date(*time), date(*not_after))
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            write!(f, "{EXPIRED}: current time {} is before {}", date(*time), date(*not_before))
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            write!(f, "certificate signed by unknown authority")
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            names_text(expected, presented, f)
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            write!(f, "certificate specifies an incompatible key usage")
        }
        CertificateError::Other(_) if is_ca(problem) => write!(
            f,
            "certificate signed by unknown authority (it is a CA's own, and not one of the roots given)"
        ),
        CertificateError::Other(other) => write!(f, "{}", one_line(&other.0.to_string(), SHOWN)),
        CertificateError::BadEncoding => write!(f, "malformed certificate"),
        other => write!(f, "{}", one_line(&other.to_string(), SHOWN)),
    }
}

fn names_text(
    expected: &ServerName<'_>,
    presented: &[String],
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let wanted = match expected {
        ServerName::IpAddress(ip) => IpAddr::from(*ip).to_string(),
        name => name.to_str().into_owned(),
    };
    let is_ip = matches!(expected, ServerName::IpAddress(_));
    // webpki tells them as `DnsName("a")` and `IpAddress(127.0.0.1)`.
    let kind = if is_ip { "IpAddress(" } else { "DnsName(" };
    let inside = |name: &String| {
        let name = name.strip_prefix(kind)?.strip_suffix(')')?;
        Some(name.trim_matches('"').to_owned())
    };
    let names: Vec<String> = presented.iter().filter_map(inside).collect();
    let shown = one_line(&names.join(", "), SHOWN);
    match (names.is_empty(), is_ip) {
        (true, true) => write!(
            f,
            "cannot validate certificate for {wanted} because it doesn't contain any IP SANs"
        ),
        (true, false) => {
            write!(f, "certificate is not valid for any names, but wanted to match {wanted}")
        }
        (false, _) => write!(f, "certificate is valid for {shown}, not {wanted}"),
    }
}

/// The last second that can be written so.
const LAST: u64 = 253_402_300_799;

fn date(time: UnixTime) -> humantime::Rfc3339Timestamp {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(time.as_secs().min(LAST)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Signal;

    #[test]
    fn a_cut_stays_a_cut_on_its_way() {
        for cut in [Cut::TimedOut, Cut::Stopped(Signal::TERM)] {
            let error = io::Error::from(TlsError::io("read", io::Error::from(cut)));
            assert_eq!(cut_of(&error), Some(cut));
        }
        let error = io::Error::from(TlsError::PlainHttp);
        assert!(matches!(TlsError::io("read", error), TlsError::PlainHttp));
    }

    #[test]
    fn what_a_server_says_is_bounded_and_one_line() {
        let presented = vec!["DnsName(\"a\nb\")".to_owned(); 1000];
        let expected = ServerName::try_from("c").unwrap();
        let problem = CertificateError::NotValidForNameContext { expected, presented };
        let text = TlsError::Certificate(problem).to_string();
        assert!(text.chars().count() < 2 * SHOWN && !text.contains('\n'), "{text}");
        let far = CertificateError::ExpiredContext {
            time: UnixTime::since_unix_epoch(Duration::MAX),
            not_after: UnixTime::since_unix_epoch(Duration::ZERO),
        };
        assert_eq!(
            TlsError::Certificate(far).to_string(),
            "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: \
             current time 9999-12-31T23:59:59Z is after 1970-01-01T00:00:00Z"
        );
    }
}
