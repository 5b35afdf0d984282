//! Where to listen, as it is written.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// The address that is meant, and whether it stands for all of both families. A port alone is the loopback's: whoever
/// wants to be reached by others has to say so.
///
/// # Errors
/// It is none; and what would be one.
pub fn parse(text: &str) -> Result<(SocketAddr, bool), String> {
    if let Some(port) = text.strip_prefix(':').and_then(port) {
        return Ok((SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)), true));
    }
    let loopback = port(text).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    match loopback.or_else(|| text.parse().ok()) {
        Some(address) => Ok((address, false)),
        None => Err(format!(
            "{text:?} is not an address with a port (try 8080 or 127.0.0.1:8080, [::1]:8080, or :8080 for all addresses)"
        )),
    }
}

fn port(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_unless_it_says_otherwise() {
        for (text, address, all) in [
            ("8080", "127.0.0.1:8080", false),
            ("0", "127.0.0.1:0", false),
            ("127.0.0.1:8080", "127.0.0.1:8080", false),
            ("[::1]:8080", "[::1]:8080", false),
            ("0.0.0.0:80", "0.0.0.0:80", false),
            ("[::]:80", "[::]:80", false),
            (":65535", "[::]:65535", true),
        ] {
            assert_eq!(parse(text), Ok((address.parse().unwrap(), all)), "{text}");
        }
        for text in [
            "",
            ":",
            "+80",
            ":+80",
            "65536",
            "localhost:80",
            "10.0.0.1",
            "::1",
            "[::1]",
            "*:80",
            " 80",
        ] {
            let remedy = " or :8080 for all addresses)";
            assert!(parse(text).unwrap_err().ends_with(remedy), "{text}");
        }
    }
}
