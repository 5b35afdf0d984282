//! What is asked of a server, whatever the version of HTTP.

use std::fmt;

use super::url::Url;
use crate::probe::KUBERNETES;
use crate::spec::action::{Header, Method};

/// A request without a body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    /// The Host that was asked for in place of the URL's.
    pub custom_host: Option<String>,
    pub headers: Headers,
}

impl Request {
    /// What stands in the Host line, or in `:authority`.
    pub fn host(&self) -> String {
        let host = match &self.custom_host {
            Some(host) => host,
            None => self.url.host_port(),
        };
        // Go sends an empty one rather than one that could be misread.
        let is_part = |c: char| c.is_ascii_alphanumeric() || "!$%&'()*+,-.:;=[]_~".contains(c);
        if host.chars().all(is_part) { without_zone(host) } else { String::new() }
    }
}

/// `[fe80::1%eth0]:80` as `[fe80::1]:80`: an interface's name means nothing to others (RFC 6874).
fn without_zone(host: &str) -> String {
    let zone = host.strip_prefix('[').and_then(|inside| {
        let (inside, behind) = inside.rsplit_once(']')?;
        let (address, _) = inside.rsplit_once('%')?;
        Some(format!("[{address}]{behind}"))
    });
    zone.unwrap_or_else(|| host.to_owned())
}

/// The header lines of a request but Host, as the kubelet sends them (kubelet P25 to P27).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Headers {
    user_agent: String,
    /// Names in canonical form and in their order; repeated ones in the order given.
    lines: Vec<(String, String)>,
    /// Whether the server may think that there will be more requests.
    keep_alive: bool,
}

/// What a manifest's headers come to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    pub host: Option<String>,
    pub headers: Headers,
}

impl Headers {
    /// Reads a manifest's headers, and adds what the kubelet adds.
    ///
    /// # Errors
    /// A Host that cannot be sent.
    pub fn of_probe(given: &[Header]) -> Result<Asked, HostError> {
        Headers::read(given, "kube-probe")
    }

    /// The same for a hook, whose client is another (kubelet H3).
    pub fn of_hook(given: &[Header], method: Method) -> Result<Asked, HostError> {
        let mut asked = Headers::read(given, "kube-lifecycle")?;
        let headers = &mut asked.headers;
        headers.keep_alive = true;
        let has = |name| headers.first(name).is_some_and(|value| !value.is_empty());
        if method != Method::Head && !has("Accept-Encoding") && !has("Range") {
            headers.lines.push(("Accept-Encoding".to_owned(), "gzip".to_owned()));
        }
        Ok(asked)
    }

    fn read(given: &[Header], agent: &str) -> Result<Asked, HostError> {
        let line = |header: &Header| (canonical(header.name()), header.value().to_owned());
        let mut all: Vec<(String, String)> = given.iter().map(line).collect();
        let first = |wanted: &str| {
            let line = all.iter().find(|(name, _)| name == wanted);
            line.map(|(_, value)| value.clone())
        };
        let host = first("Host").filter(|host| !host.is_empty());
        if let Some(host) = host.as_ref().filter(|host| !host.is_ascii()) {
            return Err(HostError(host.clone()));
        }
        let user_agent = first("User-Agent").unwrap_or_else(|| format!("{agent}/{KUBERNETES}"));
        match first("Accept").as_deref() {
            None => all.push(("Accept".to_owned(), "*/*".to_owned())),
            Some("") => all.retain(|(name, _)| name != "Accept"),
            Some(_) => {}
        }
        all.retain(|(name, _)| !OWN.contains(&name.as_str()));
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        let headers = Headers { user_agent, lines: all, keep_alive: false };
        Ok(Asked { host, headers })
    }

    pub fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// All lines in the order in which they are sent.
    pub fn lines(&self) -> impl Iterator<Item = (&str, &str)> {
        let user_agent = Some(("User-Agent", self.user_agent.as_str()));
        let user_agent = user_agent.into_iter().filter(|(_, value)| !value.is_empty());
        user_agent.chain(self.lines.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// The first value of this name, which is in canonical form.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.lines().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// With this line in place of all of its name.
    pub fn with(mut self, name: &str, value: String) -> Headers {
        self.lines.retain(|(other, _)| other != name);
        let at = self.lines.partition_point(|(other, _)| other.as_str() < name);
        self.lines.insert(at, (name.to_owned(), value));
        self
    }
}

/// What the client says itself: where a request goes and how long it is, it knows better than the manifest.
const OWN: [&str; 5] = ["Host", "User-Agent", "Content-Length", "Transfer-Encoding", "Trailer"];

/// `x-foo` as `X-Foo`.
fn canonical(name: &str) -> String {
    let mut begins = true;
    let change = |c: char| {
        let changed = if begins { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        begins = c == '-';
        changed
    };
    name.chars().map(change).collect()
}

/// A Host that is not ASCII.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostError(String);

impl std::error::Error for HostError {}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the Host {:?} is not ASCII (write it in its xn-- form)", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(given: &[(&str, &str)]) -> Result<Asked, HostError> {
        let header = |(name, value): &(&str, &str)| Header::new(name, value).unwrap();
        Headers::of_probe(&given.iter().map(header).collect::<Vec<_>>())
    }

    #[test]
    fn p25_names_are_canonical_and_repeats_stay() {
        let given = [("x-foo", "1"), ("a_b", "c"), ("X-FOO", "2"), ("content-length", "5")];
        let lines = asked(&given).unwrap().headers;
        let expected = [
            ("User-Agent", "kube-probe/1.36"),
            ("A_b", "c"),
            ("Accept", "*/*"),
            ("X-Foo", "1"),
            ("X-Foo", "2"),
        ];
        assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
    }

    // kubelet H3
    #[test]
    fn h03_a_hook_says_that_it_is_one() {
        let hook = |given: &[(&str, &str)], method| {
            let header = |(name, value): &(&str, &str)| Header::new(name, value).unwrap();
            let given: Vec<Header> = given.iter().map(header).collect();
            let headers = Headers::of_hook(&given, method).unwrap().headers;
            headers.lines().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
        };
        let plain =
            ["User-Agent: kube-lifecycle/1.36", "Accept: */*", "X: 1", "Accept-Encoding: gzip"];
        assert_eq!(hook(&[("x", "1")], Method::Get), plain);
        assert_eq!(hook(&[("x", "1")], Method::Head), plain[..3]);
        let own = ["User-Agent: me", "Accept: */*", "Accept-Encoding: br"];
        assert_eq!(hook(&[("accept-encoding", "br"), ("user-agent", "me")], Method::Get), own);
    }

    #[test]
    fn p25_only_the_first_host_counts() {
        let asked = asked(&[("host", "a.b:9"), ("Host", "c")]).unwrap();
        assert_eq!(asked.host.as_deref(), Some("a.b:9"));
        assert!(asked.headers.first("Host").is_none());
    }

    #[test]
    fn a_host_is_ascii() {
        assert_eq!(asked(&[("Host", "bücher.example")]), Err(HostError("bücher.example".into())));
    }

    #[test]
    fn a_host_that_could_be_misread_is_not_sent() {
        let host = |custom: Option<&str>, host_port| {
            let url = Url::of_probe("http", host_port, "/").unwrap();
            let Asked { headers, .. } = asked(&[]).unwrap();
            let custom_host = custom.map(str::to_owned);
            Request { method: Method::Get, url, custom_host, headers }.host()
        };
        assert_eq!(host(None, "[fe80::1%eth0]:80"), "[fe80::1]:80");
        assert_eq!(host(None, "[::1]:80"), "[::1]:80");
        assert_eq!(host(Some("a/b"), "[::1]:80"), "");
        assert_eq!(host(Some("a_b.c:1"), "[::1]:80"), "a_b.c:1");
    }
}
