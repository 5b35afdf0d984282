//! `grpc://`: the health check of gRPC (`grpc.health.v1`), in plain text over HTTP/2 (kubelet P39).
//!
//! What is sent, what counts as an answer and how failures read is what the kubelet's client, grpc-go, does. But
//! where it would try again until the time is over, since nothing there speaks gRPC or listens at all, the attempt
//! fails at once (kubelet P42).

use std::time::Duration;

use super::connect::{self, ConnectError};
use super::http2::{Error, Exchange, Head, Request};
use super::outcome::Outcome;
use super::patience::{Cut, Patience};
use super::{KUBERNETES, host_port};
use crate::duration::Go;
use crate::signal::Signal;
use crate::spec::action::Address;

pub mod message;
mod status;

use message::{ServingStatus, encode_request};
use status::{Code, Status};

const PATH: &str = "/grpc.health.v1.Health/Check";

/// Why there is no health to be told.
enum Failure {
    Stopped(Signal),
    /// There is no connection in time, or none that speaks HTTP/2.
    ConnectTimeout,
    Connect(String),
    /// The call did not go well.
    Call(Status),
}

/// Asks once.
///
/// # Errors
/// The stop signal that came first.
pub fn attempt(
    address: &Address,
    service: &str,
    patience: &Patience<'_>,
) -> Result<Outcome, Signal> {
    let to = host_port(address);
    let within = Go(patience.limit());
    // The kubelet's words (kubelet P43).
    let words = match check(address, &to, service, patience) {
        Ok(ServingStatus::SERVING) => {
            return Ok(Outcome::success(ServingStatus::SERVING.to_string(), "service healthy"));
        }
        Ok(status) => format!("service unhealthy (responded with \"{status}\")"),
        Err(Failure::Stopped(signal)) => return Err(signal),
        Err(Failure::ConnectTimeout) => format!(
            "timeout: failed to connect service \"{to}\" within {within}: context deadline exceeded"
        ),
        Err(Failure::Connect(why)) => {
            format!("error: failed to connect service at \"{to}\": {why}")
        }
        Err(Failure::Call(status)) => match status.code {
            Code::UNIMPLEMENTED => format!(
                "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): {}",
                status.message
            ),
            Code::DEADLINE_EXCEEDED => {
                format!("timeout: health rpc did not complete within {within}")
            }
            _ => format!("error: health rpc probe failed: {status}"),
        },
    };
    Ok(Outcome::failure(words))
}

fn check(
    address: &Address,
    to: &str,
    service: &str,
    patience: &Patience<'_>,
) -> Result<ServingStatus, Failure> {
    let wire = connect::connect(address, patience).map_err(refused)?;
    let body = encode_request(service);
    let left = patience.left().map_err(|cut| lost(&Error::Io(cut.into()), false))?;
    let request = Request {
        method: "POST",
        scheme: "http",
        authority: &authority(to),
        path: PATH,
        headers: &[
            ("content-type", "application/grpc"),
            ("user-agent", &user_agent()),
            ("te", "trailers"),
            ("grpc-timeout", &timeout(left)),
        ],
        body: &body,
    };
    let mut exchange = Exchange::begin(wire, &request).map_err(|error| lost(&error, false))?;
    let answer = call(&mut exchange);
    let answer = answer.map_err(|problem| match problem {
        Problem::Lost(error) => lost(&error, exchange.is_greeted()),
        Problem::Status(status) => Failure::Call(status),
    });
    if !matches!(answer, Err(Failure::Stopped(_) | Failure::ConnectTimeout)) {
        exchange.close();
    }
    answer
}

enum Problem {
    Lost(Error),
    Status(Status),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        Problem::Lost(error)
    }
}

impl From<Status> for Problem {
    fn from(status: Status) -> Problem {
        Problem::Status(status)
    }
}

/// Takes the answer: one message, and a status that says it is meant.
fn call<S: std::io::Read + std::io::Write>(
    exchange: &mut Exchange<'_, S>,
) -> Result<ServingStatus, Problem> {
    let Head { status, headers, is_all } = exchange.head()?;
    status::check_head(status, &headers)?;
    if is_all {
        Status::of_trailers(&headers).into_result()?;
        return Err(status::no_message().into());
    }
    let body = exchange.body(message::LIMIT)?;
    if !body.is_cut {
        if body.trailers.iter().next().is_none() {
            return Err(status::no_trailers().into());
        }
        Status::of_trailers(&body.trailers).into_result()?;
    }
    Ok(message::decode(&body.bytes, headers.get("grpc-encoding"))?)
}

fn refused(error: ConnectError) -> Failure {
    match error.cut() {
        Some(Cut::Stopped(signal)) => Failure::Stopped(signal),
        Some(Cut::TimedOut) => Failure::ConnectTimeout,
        None => Failure::Connect(error.to_string()),
    }
}

/// What a broken exchange means; grpc-go is connected once the peer's settings have come.
fn lost(error: &Error, is_connected: bool) -> Failure {
    match error.cut() {
        Some(Cut::Stopped(signal)) => Failure::Stopped(signal),
        Some(Cut::TimedOut) if is_connected => Failure::Call(status::time_is_over()),
        Some(Cut::TimedOut) => Failure::ConnectTimeout,
        None if is_connected => Failure::Call(Status::of_broken(error)),
        None => Failure::Connect(format!("error reading server preface: {error}")),
    }
}

/// kubelet P40
fn user_agent() -> String {
    format!("kube-probe/{KUBERNETES} podinit/{}", env!("CARGO_PKG_VERSION"))
}

/// The target as grpc-go makes an `:authority` of it: what has no place in one is percent-encoded.
fn authority(to: &str) -> String {
    let mut authority = String::new();
    for c in to.chars() {
        if c.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]@".contains(c) {
            authority.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                authority.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    authority
}

/// `grpc-timeout`: at most eight digits, in the finest unit that they suffice for, rounded up.
fn timeout(left: Duration) -> String {
    const UNITS: [(u128, &str); 5] =
        [(1, "n"), (1_000, "u"), (1_000_000, "m"), (1_000_000_000, "S"), (60_000_000_000, "M")];
    let nanos = left.as_nanos();
    let fits = |(size, unit): &(u128, &str)| {
        let count = nanos.div_ceil(*size);
        (count < 100_000_000).then(|| format!("{count}{unit}"))
    };
    let hours = || format!("{}H", nanos.div_ceil(3_600_000_000_000));
    UNITS.iter().find_map(fits).unwrap_or_else(hours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p40_a_timeout_in_the_finest_unit_of_eight_digits() {
        for (nanos, text) in [
            (0, "0n"),
            (99_999_999, "99999999n"),
            (100_000_000, "100000u"),
            (100_000_001, "100001u"),
            (998_123_456, "998124u"),
            (100_000_000_000, "100000m"),
            (100_000_000_000_000, "100000S"),
        ] {
            assert_eq!(timeout(Duration::from_nanos(nanos)), text);
        }
        assert_eq!(timeout(Duration::from_secs(60 * 99_999_999)), "99999999M");
        assert_eq!(timeout(Duration::from_secs(60 * 100_000_000)), "1666667H");
    }

    #[test]
    fn p39_an_authority_is_the_target() {
        assert_eq!(authority("127.0.0.1:9"), "127.0.0.1:9");
        assert_eq!(authority("[::1]:9"), "[::1]:9");
        assert_eq!(authority("[fe80::1%eth0]:9"), "[fe80::1%25eth0]:9");
        assert_eq!(authority("a{b:9"), "a%7Bb:9");
    }
}
