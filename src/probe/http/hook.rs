//! A hook's request: any answer is a success (kubelet H3 to H5; `pkg/kubelet/lifecycle/handlers.go`).

use super::request::Headers;
use super::response::Response;
use super::{Chain, Client, Error, first_request, no_response};
use crate::probe::OUTPUT_LIMIT;
use crate::probe::host_port;
use crate::probe::outcome::Outcome;
use crate::probe::patience::{Patience, stop};
use crate::probe::tls::Trust;
use crate::signal::Signal;
use crate::spec::action::{HttpGet, Scheme};

/// With `strict` only 200 to 399 are a success. A warning says that a server asked for HTTPS spoke HTTP; its output is
/// the server's `HOST:PORT`.
pub fn attempt(
    get: &HttpGet,
    strict: bool,
    trust: &Trust,
    patience: &Patience<'_>,
) -> Result<Outcome, Signal> {
    let mut chain = match first_request(get, Headers::of_hook(&get.headers, get.method)) {
        Ok(request) => Chain::new(request),
        Err(why) => return Ok(Outcome::impossible(why)),
    };
    let client = Client { trust, patience, offers_http2: false };
    match ask(&client, &mut chain) {
        Ok(response) => Ok(outcome(&response, strict)),
        Err(Error::Tls(error)) if error.is_plain_http() => {
            let first = Error::Tls(error);
            match fall_back(get, &client)? {
                Some(response) => Ok(fallen_back(get, outcome(&response, strict))),
                // What was wrong first is what is told.
                None => no_response(&chain.request, first),
            }
        }
        Err(error) => no_response(&chain.request, error),
    }
}

/// A body is read, as far as a long one is, only to be polite: what becomes of it changes nothing.
fn ask(client: &Client<'_>, chain: &mut Chain) -> Result<Response, Error> {
    let is_wanted = |length: Option<u64>| length.is_none_or(|length| length <= OUTPUT_LIMIT as u64);
    client.ask(chain, |head| is_wanted(head.length)).map(|(response, _)| response)
}

/// Kubelet H5: once more in plain HTTP, where no secret is sent.
fn fall_back(get: &HttpGet, client: &Client<'_>) -> Result<Option<Response>, Signal> {
    let is_secret = |name: &str| name.eq_ignore_ascii_case("authorization");
    let headers = get.headers.iter().filter(|header| !is_secret(header.name())).cloned().collect();
    let plain = HttpGet { scheme: Scheme::Http, headers, ..get.clone() };
    let request = first_request(&plain, Headers::of_hook(&plain.headers, plain.method));
    let Ok(request) = request else { return Ok(None) };
    match ask(client, &mut Chain::new(request)) {
        Ok(response) => Ok(Some(response)),
        Err(error) => stop(error.cut()).map(|()| None),
    }
}

fn fallen_back(get: &HttpGet, outcome: Outcome) -> Outcome {
    let target = host_port(&get.address);
    if outcome.verdict.holds() { Outcome::warning(outcome.seen, target) } else { outcome }
}

/// Kubelet H4, and podinit's own `strict`.
fn outcome(response: &Response, strict: bool) -> Outcome {
    match response.head.status {
        status if strict && !(200..400).contains(&status) => {
            Outcome::failure(format!("HTTP hook failed with statuscode: {status}"))
        }
        _ => Outcome::success(response.head.to_string(), []),
    }
}
