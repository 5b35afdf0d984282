//! TLS for `https://`, within an attempt's time.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr};

use rustls::ClientConnection;
use rustls::pki_types::{DnsName, ServerName};

use super::patience::Wire;

mod error;
mod records;
mod trust;
mod verify;

pub use error::TlsError;
use records::{Greeting, Records};
pub use trust::{Trust, TrustError};

const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// Makes a wire secure. `host` is the URL's: a name, or an IP address without brackets.
pub fn connect<'a>(
    wire: Wire<'a>,
    host: &str,
    trust: &Trust,
    offer_http2: bool,
) -> Result<Secure<'a>, TlsError> {
    let name = match server_name(host) {
        Some(name) => name,
        None if trust.verifies() => return Err(TlsError::Name(host.to_owned())),
        // Nobody asks for it, and no name is sent for an address.
        None => IpAddr::from(Ipv4Addr::UNSPECIFIED).into(),
    };
    // As Go does: what is sent in two parts does not wait for the first to be acknowledged, 40 ms on Linux.
    let _ = wire.stream.set_nodelay(true);
    let offered: &[&[u8]] = if offer_http2 { &[HTTP2, HTTP1] } else { &[HTTP1] };
    let offered = offered.iter().map(|protocol| protocol.to_vec()).collect();
    let connection = ClientConnection::new_with_alpn(trust.config()?, name, offered)?;
    let mut secure = Secure { connection, records: Records::new(wire) };
    secure.shake_hands()?;
    Ok(secure)
}

/// Who the server should be, as Go has it: no zone, no dot at the end.
fn server_name(host: &str) -> Option<ServerName<'static>> {
    let address = host.split_once('%').map_or(host, |(address, _zone)| address);
    if let Ok(ip) = address.parse::<IpAddr>() {
        return Some(ip.into());
    }
    let name = DnsName::try_from(host.trim_end_matches('.').to_owned()).ok()?;
    Some(ServerName::DnsName(name))
}

/// A connection on which TLS is spoken.
///
/// Its end is what Go takes for one: the server's farewell (`close_notify`), or, as many servers leave without,
/// the end of the TCP connection between two records. Within a record it is an unexpected one.
pub struct Secure<'a> {
    connection: ClientConnection,
    records: Records<'a>,
}

impl Secure<'_> {
    /// Whether the server chose HTTP/2.
    #[cfg(feature = "grpc")]
    pub fn is_http2(&self) -> bool {
        self.connection.alpn_protocol() == Some(HTTP2)
    }

    /// The last that it has to say goes out with the request.
    fn shake_hands(&mut self) -> Result<(), TlsError> {
        while self.connection.is_handshaking() {
            self.send().map_err(|error| TlsError::io("write", error))?;
            let received = self.receive().map_err(|error| TlsError::io("read", error))?;
            if !received {
                return Err(if self.records.position().is_boundary() {
                    TlsError::Eof
                } else {
                    TlsError::UnexpectedEof
                });
            }
        }
        Ok(())
    }

    /// Sends what is ready to be sent.
    fn send(&mut self) -> io::Result<()> {
        let ready = self.ready_to_be_sent();
        self.records.write_all(&ready)
    }

    /// All that is, so that it takes one system call.
    fn ready_to_be_sent(&mut self) -> Vec<u8> {
        let mut ready = Vec::new();
        while self.connection.wants_write() && self.connection.write_tls(&mut ready).is_ok() {}
        ready
    }

    /// Takes in some of what the server sends. Returns whether there was anything.
    fn receive(&mut self) -> io::Result<bool> {
        let count = self.connection.read_tls(&mut self.records)?;
        if let Err(error) = self.connection.process_new_packets() {
            self.say_at_once();
            return Err(io::Error::from(match self.records.position().greeting() {
                Greeting::PlainHttp => TlsError::PlainHttp,
                Greeting::Unknown => TlsError::NotTls,
                Greeting::Tls => TlsError::from(error),
            }));
        }
        Ok(count > 0)
    }

    /// Tells the server what it is to know last, if that takes no time.
    fn say_at_once(&mut self) {
        let ready = self.ready_to_be_sent();
        let _ = self.records.wire.stream.write(&ready);
    }
}

impl Read for Secure<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    let whole = self.records.position().is_boundary();
                    return if whole { Ok(0) } else { Err(TlsError::UnexpectedEof.into()) };
                }
                result => return result,
            }
            // An answer to a change of keys, say.
            self.send()?;
            self.receive()?;
        }
    }
}

impl Write for Secure<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.connection.writer().write(bytes)?;
        self.send()?;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

impl Drop for Secure<'_> {
    /// Says farewell.
    fn drop(&mut self) {
        self.connection.send_close_notify();
        self.say_at_once();
    }
}

#[cfg(test)]
mod tests;
