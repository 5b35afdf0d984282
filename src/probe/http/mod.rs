//! `http://` and `https://`: a request, and its redirects (kubelet P21 to P36).
//!
//! What is asked ([`request`], [`url`], [`redirect`]) and what is answered ([`response`]) do not depend on the version
//! of HTTP; [`http1`] puts the one into bytes and reads the other from bytes, and so does `over_http2` where a server
//! of `https://` prefers that.

use std::fmt;

mod body;
pub(super) mod hook;
pub mod http1;
mod input;
#[cfg(feature = "grpc")]
mod over_http2;
pub mod reason_phrase;
mod redirect;
pub mod request;
pub mod response;
pub mod url;

use self::redirect::{Chain, Next, RedirectError};
use self::request::{Asked, Headers, HostError, Request};
use self::response::{NoResponse, Response};
use self::url::Url;
use super::connect::{ConnectError, connect};
use super::outcome::{Outcome, one_line};
use super::patience::{Cut, Patience, stop};
use super::tls::{self, Secure, TlsError, Trust};
use super::{host, host_port};
use crate::signal::Signal;
use crate::spec::action::{Address, HttpGet, Method, Scheme};

pub(super) fn attempt(
    get: &HttpGet,
    trust: &Trust,
    patience: &Patience<'_>,
) -> Result<Outcome, Signal> {
    let mut chain = match first_request(get, Headers::of_probe(&get.headers)) {
        Ok(request) => Chain::new(request),
        Err(why) => return Ok(Outcome::impossible(why)),
    };
    let client = Client { trust, patience, offers_http2: cfg!(feature = "grpc") };
    match client.ask(&mut chain, |_| true) {
        Ok((response, elsewhere)) => outcome(response, elsewhere.as_ref()),
        Err(error) => no_response(&chain.request, error),
    }
}

/// What cannot be asked says nothing about the target.
fn first_request(get: &HttpGet, asked: Result<Asked, HostError>) -> Result<Request, String> {
    let url = Url::of_probe(get.scheme.name(), &host_port(&get.address), &get.path);
    let url = url.map_err(|error| format!("{}: {error}", host_port(&get.address)))?;
    let Asked { host: custom_host, headers } = asked.map_err(|error| error.to_string())?;
    Ok(Request { method: get.method, url, custom_host, headers })
}

/// Who asks.
struct Client<'a> {
    trust: &'a Trust,
    patience: &'a Patience<'a>,
    offers_http2: bool,
}

impl Client<'_> {
    /// Asks, and where it is sent on to the same host asks there (kubelet P30 to P32). Returns the answer, and the place
    /// elsewhere that it names.
    fn ask(
        &self,
        chain: &mut Chain,
        is_wanted: impl Fn(&response::Head) -> bool,
    ) -> Result<(Response, Option<Url>), Error> {
        loop {
            let mut next = Ok(Next::Final);
            let response = self.exchange(&chain.request, |head| {
                next = chain.next(head);
                !matches!(next, Ok(Next::Follow(_)) | Err(_)) && is_wanted(head)
            })?;
            match next.map_err(Error::Redirect)? {
                Next::Follow(request) => chain.follow(request),
                Next::Final => return Ok((response, None)),
                Next::Elsewhere(url) => return Ok((response, Some(url))),
            }
        }
    }

    /// One request on a connection of its own (kubelet P21).
    fn exchange(
        &self,
        request: &Request,
        is_wanted: impl FnOnce(&response::Head) -> bool,
    ) -> Result<Response, Error> {
        let (scheme, address) = target(&request.url)?;
        let mut wire = connect(&address, self.patience).map_err(Error::Connect)?;
        let response = match scheme {
            Scheme::Http => http1::exchange(&mut wire, request, is_wanted),
            Scheme::Https => {
                let secure = tls::connect(wire, host(&address), self.trust, self.offers_http2);
                secure_exchange(secure.map_err(Error::Tls)?, request, is_wanted)
            }
        };
        response.map_err(Error::NoResponse)
    }
}

/// In the version of HTTP that was chosen with the handshake.
fn secure_exchange(
    mut stream: Secure<'_>,
    request: &Request,
    is_wanted: impl FnOnce(&response::Head) -> bool,
) -> Result<Response, NoResponse> {
    #[cfg(feature = "grpc")]
    if stream.is_http2() {
        return over_http2::exchange(&mut stream, request, is_wanted);
    }
    http1::exchange(&mut stream, request, is_wanted)
}

/// Where a URL points to.
fn target(url: &Url) -> Result<(Scheme, Address), Error> {
    let (scheme, usual) = match url.scheme() {
        "http" => (Scheme::Http, 80),
        "https" => (Scheme::Https, 443),
        other => return Err(Error::Scheme(other.to_owned())),
    };
    if url.hostname().is_empty() {
        return Err(Error::NoHost);
    }
    let port = match url.port() {
        None => usual,
        Some(digits) => digits.parse().map_err(|_| Error::Port(digits.to_owned()))?,
    };
    Ok((scheme, Address { host: Some(url.hostname().to_owned()), port }))
}

/// Why a request has no response.
#[derive(Debug)]
enum Error {
    Connect(ConnectError),
    Tls(TlsError),
    Scheme(String),
    NoHost,
    Port(String),
    NoResponse(NoResponse),
    Redirect(RedirectError),
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Connect(error) => error.fmt(f),
            Error::Tls(error) => error.fmt(f),
            Error::Scheme(scheme) => write!(f, "unsupported protocol scheme {scheme:?}"),
            Error::NoHost => write!(f, "http: no Host in request URL"),
            Error::Port(digits) => write!(f, "dial tcp: address {digits}: invalid port"),
            Error::NoResponse(error) => error.fmt(f),
            Error::Redirect(error) => error.fmt(f),
        }
    }
}

impl Error {
    /// The end of patience, if that was the reason.
    fn cut(&self) -> Option<Cut> {
        match self {
            Error::Connect(error) => error.cut(),
            Error::Tls(error) => error.cut(),
            Error::NoResponse(error) => error.cut(),
            Error::Scheme(_) | Error::NoHost | Error::Port(_) | Error::Redirect(_) => None,
        }
    }
}

fn no_response(request: &Request, error: Error) -> Result<Outcome, Signal> {
    stop(error.cut())?;
    Ok(match error {
        Error::Tls(error) if error.is_absent() => Outcome::impossible(error.to_string()),
        _ => failure(request, &error),
    })
}

/// So much of a URL is shown, in characters, and of what is wrong with one.
const SHOWN: usize = 300;

/// kubelet P33, P36: the words of Go's client.
fn failure(request: &Request, error: &Error) -> Outcome {
    let method = match request.method {
        Method::Get => "Get",
        Method::Head => "Head",
    };
    let url = match error {
        Error::Redirect(RedirectError::TooMany(location)) => location.clone(),
        _ => request.url.to_string(),
    };
    let url = one_line(&url, SHOWN);
    let late = match error.cut() {
        Some(_) => " (Client.Timeout exceeded while awaiting headers)",
        None => "",
    };
    let error: String = error.to_string().chars().take(4 * SHOWN).collect();
    Outcome::failure(format!("{method} \"{url}\": {error}{late}"))
}

/// kubelet P28, P29, and P35 but for what follows from it.
fn outcome(response: Response, elsewhere: Option<&Url>) -> Result<Outcome, Signal> {
    let Response { head, body } = response;
    let body = match body {
        Ok(body) => body,
        Err(broken) => {
            stop(broken.cut())?;
            let late = if broken.cut().is_some() {
                " (Client.Timeout or context cancellation while reading body)"
            } else {
                ""
            };
            let why = format!("{broken}{late}");
            let seen = format!("{head}, but its body broke off: {why}");
            return Ok(Outcome::broken_off(seen).with_output(why));
        }
    };
    Ok(match head.status {
        200..300 => Outcome::success(head.to_string(), body),
        300..400 => {
            let place = elsewhere
                .map(|url| format!(" to {} (not followed)", one_line(&url.to_string(), SHOWN)));
            let mut output = b"Probe terminated redirects, Response body: ".to_vec();
            output.extend(body);
            Outcome::warning(format!("{head}{}", place.unwrap_or_default()), output)
        }
        status => Outcome::failure(head.to_string())
            .with_output(format!("HTTP probe failed with statuscode: {status}")),
    })
}
