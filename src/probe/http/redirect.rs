//! Where a response sends the client: on, if it is the same host, else nowhere (kubelet P30 to P32).

use std::fmt;

use super::request::Request;
use super::response::{Head, quote};
use super::url::{Url, UrlError};

/// So many requests are made for one answer (kubelet P31).
const MOST: usize = 10;

/// The requests of one attempt.
pub struct Chain {
    first: Request,
    /// The one to make now.
    pub request: Request,
    made: usize,
}

/// What a response means for the attempt.
pub enum Next {
    /// It is the answer.
    Final,
    /// It is the answer, as it sends elsewhere.
    Elsewhere(Url),
    Follow(Request),
}

/// Why a redirect can be neither followed nor left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RedirectError {
    Location(String, UrlError),
    /// The Location that would have been the next.
    TooMany(String),
}

impl std::error::Error for RedirectError {}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RedirectError::Location(text, error) => {
                let text = quote(text.as_bytes());
                write!(f, "failed to parse Location header {text}: parse {text}: {error}")
            }
            RedirectError::TooMany(_) => write!(f, "stopped after {MOST} redirects"),
        }
    }
}

impl Chain {
    pub fn new(request: Request) -> Chain {
        Chain { first: request.clone(), request, made: 1 }
    }

    /// What to do once this request has been answered so.
    pub fn next(&self, head: &Head) -> Result<Next, RedirectError> {
        let location = match (head.status, &head.location) {
            (301 | 302 | 303 | 307 | 308, Some(location)) => location,
            _ => return Ok(Next::Final),
        };
        let Request { url, custom_host, .. } = &self.request;
        let wrong = |error| RedirectError::Location(location.clone(), error);
        let target = url.resolve(location).map_err(wrong)?;
        if target.hostname() != self.first.url.hostname() {
            return Ok(Next::Elsewhere(target));
        }
        if self.made >= MOST {
            return Err(RedirectError::TooMany(location.clone()));
        }
        let is_relative = Url::parse(location).is_ok_and(|reference| !reference.is_absolute());
        let headers = self.first.headers.clone();
        let headers = match self.referer(&target) {
            Some(referer) => headers.with("Referer", referer),
            None => headers,
        };
        Ok(Next::Follow(Request {
            method: self.first.method,
            url: target,
            custom_host: custom_host.clone().filter(|host| is_relative && host != url.host_port()),
            headers,
        }))
    }

    /// Makes this the request to make.
    pub fn follow(&mut self, request: Request) {
        self.request = request;
        self.made += 1;
    }

    /// Who sent us, or who we were told to say it was; nobody learns a URL that was only for who can decrypt it.
    fn referer(&self, target: &Url) -> Option<String> {
        let last = &self.request.url;
        if last.scheme() == "https" && target.scheme() == "http" {
            return None;
        }
        let own = self.first.headers.first("Referer").filter(|own| !own.is_empty());
        Some(own.map_or_else(|| last.to_string(), str::to_owned))
    }
}
