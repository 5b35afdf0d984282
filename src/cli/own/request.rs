//! What can be said of requests on the command line, the same for `probe` and `wait`.

#[cfg(feature = "tls")]
use std::path::PathBuf;

use clap::ValueEnum;

use crate::probe::Trust;
use crate::spec::action::{Action, Header, Method, Scheme};

/// What can be said of the requests of http:// and https://.
#[derive(clap::Args)]
pub struct Request {
    /// Send this header, in place of podinit's own of that name; repeatable
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = Header::parse)]
    headers: Vec<Header>,

    /// The request's method
    #[arg(long, value_name = "METHOD")]
    method: Option<TypedMethod>,

    /// Verify the server's certificate, against the certificates in F (PEM) alone
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "F")]
    ca: Option<PathBuf>,

    /// Show the server the certificate in F (PEM); needs --key
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "F")]
    cert: Option<PathBuf>,

    /// The private key of that certificate (PEM)
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "F")]
    key: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "UPPER")]
enum TypedMethod {
    Get,
    Head,
}

impl Request {
    /// Gives the actions that are requests what was said of them. Returns what was said of certificates.
    ///
    /// # Errors
    /// Something was said, and none of them is a request; or there is something wrong with a file.
    pub fn apply<'a>(self, actions: impl Iterator<Item = &'a mut Action>) -> Result<Trust, String> {
        let mut requests = actions.filter_map(|action| match action {
            Action::Http(request) => Some(request),
            _ => None,
        });
        let certificates = self.certificates();
        let said = [("--header", !self.headers.is_empty()), ("--method", self.method.is_some())];
        let method = match self.method {
            Some(TypedMethod::Head) => Method::Head,
            Some(TypedMethod::Get) | None => Method::Get,
        };
        let (mut count, mut secure) = (0, 0);
        for request in &mut requests {
            request.headers.clone_from(&self.headers);
            request.method = method;
            count += 1;
            secure += usize::from(request.scheme == Scheme::Https);
        }
        let first = |said: &[(&'static str, bool)]| {
            said.iter().find(|(_, said)| *said).map(|(option, _)| *option)
        };
        match (first(&said), first(&certificates)) {
            (Some(option), _) if count == 0 => {
                Err(format!("{option}: is for http:// and https:// only"))
            }
            (_, Some(option)) if secure == 0 => Err(format!("{option}: is for https:// only")),
            _ => self.trust(),
        }
    }
}

#[cfg(feature = "tls")]
impl Request {
    /// Which of the options on certificates were typed.
    fn certificates(&self) -> [(&'static str, bool); 3] {
        let Request { ca, cert, key, .. } = self;
        [("--ca", ca.is_some()), ("--cert", cert.is_some()), ("--key", key.is_some())]
    }

    fn trust(&self) -> Result<Trust, String> {
        let identity = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => Some((cert.as_path(), key.as_path())),
            (None, None) => None,
            (Some(_), None) => return Err("--cert: --key is missing beside it".to_owned()),
            (None, Some(_)) => return Err("--key: --cert is missing beside it".to_owned()),
        };
        Trust::load(self.ca.as_deref(), identity).map_err(|error| error.to_string())
    }
}

#[cfg(not(feature = "tls"))]
impl Request {
    fn certificates(&self) -> [(&'static str, bool); 0] {
        []
    }

    fn trust(&self) -> Result<Trust, String> {
        Ok(Trust::default())
    }
}
