//! URLs as Go's net/url reads, resolves and prints them: what the kubelet makes of a manifest's path and
//! of a Location (kubelet P24, P30).
//!
//! A path and a fragment are kept as they go on the wire: as written if that is proper, else decoded and
//! encoded anew. User names and passwords are read over and not used.

use std::fmt;

/// A URL, or a reference that is still to be resolved.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Url {
    /// In small letters; empty in a reference.
    scheme: String,
    /// What follows the scheme if that is no slash: `mailto:OPAQUE`.
    opaque: String,
    /// `HOST[:PORT]`, decoded.
    host: String,
    path: String,
    /// As written; `Some("")` for a question mark with nothing behind it.
    query: Option<String>,
    fragment: String,
}

/// Why a text is no URL, in Go's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UrlError {
    Control,
    NoScheme,
    Colon,
    Escape(String),
    HostCharacter(char),
    Bracket,
    Port(String),
    User,
}

impl std::error::Error for UrlError {}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UrlError::Control => write!(f, "net/url: invalid control character in URL"),
            UrlError::NoScheme => write!(f, "missing protocol scheme"),
            UrlError::Colon => write!(f, "first path segment in URL cannot contain colon"),
            UrlError::Escape(text) => write!(f, "invalid URL escape {text:?}"),
            UrlError::HostCharacter(c) => {
                write!(f, "invalid character {:?} in host name", c.to_string())
            }
            UrlError::Bracket => write!(f, "missing ']' in host"),
            UrlError::Port(text) => write!(f, "invalid port {text:?} after host"),
            UrlError::User => write!(f, "net/url: invalid userinfo"),
        }
    }
}

impl Url {
    /// Reads a URL or a reference.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Url, UrlError> {
        let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
        if rest.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(UrlError::Control);
        }
        let (scheme, rest) = split_scheme(rest)?;
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query.to_owned())),
            None => (rest, None),
        };
        let mut url = Url { scheme: scheme.to_ascii_lowercase(), query, ..Url::default() };
        if rest.starts_with('/') {
            // Three slashes without a scheme begin a path.
            let has_authority = !scheme.is_empty() || !rest.starts_with("///");
            match rest.strip_prefix("//").filter(|_| has_authority) {
                Some(behind) => {
                    let (authority, path) =
                        behind.split_at(behind.find('/').unwrap_or(behind.len()));
                    url.host = read_authority(authority)?;
                    url.path = on_the_wire(path, Part::Path)?;
                }
                None => url.path = on_the_wire(rest, Part::Path)?,
            }
        } else if !scheme.is_empty() {
            rest.clone_into(&mut url.opaque);
        } else if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return Err(UrlError::Colon);
        } else {
            url.path = on_the_wire(rest, Part::Path)?;
        }
        url.fragment = on_the_wire(fragment, Part::Fragment)?;
        Ok(url)
    }

    /// The URL of a probe. `path` is a reference of which path, query and fragment count; if it cannot be read as
    /// one, all of it is a path (kubelet P24). `host_port` has brackets where they are needed.
    ///
    /// # Errors
    /// The host can stand in no URL.
    pub fn of_probe(scheme: &str, host_port: &str, path: &str) -> Result<Url, UrlError> {
        let as_path = |_| Url { path: escape(path.as_bytes(), Part::Path), ..Url::default() };
        let mut url = Url::parse(path).unwrap_or_else(as_path);
        scheme.clone_into(&mut url.scheme);
        host_port.clone_into(&mut url.host);
        Url::parse(&url.to_string())
    }

    /// What `reference` means where this URL is the base (RFC 3986, 5.2).
    ///
    /// # Errors
    /// It is no URL.
    pub fn resolve(&self, reference: &str) -> Result<Url, UrlError> {
        let reference = Url::parse(reference)?;
        if reference.is_absolute() || !reference.host.is_empty() {
            let scheme = if reference.is_absolute() { &reference.scheme } else { &self.scheme };
            let path = resolve_path("", &reference.path);
            return Ok(Url { scheme: scheme.clone(), path, ..reference });
        }
        let is_same = reference.path.is_empty() && reference.query.is_none();
        let keeps_fragment = is_same && reference.fragment.is_empty();
        Ok(Url {
            scheme: self.scheme.clone(),
            opaque: String::new(),
            host: self.host.clone(),
            path: resolve_path(&self.path, &reference.path),
            query: if is_same { self.query.clone() } else { reference.query },
            fragment: if keeps_fragment { self.fragment.clone() } else { reference.fragment },
        })
    }

    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether it has a scheme.
    pub fn is_absolute(&self) -> bool {
        !self.scheme.is_empty()
    }

    /// `HOST[:PORT]`, with brackets; empty if it has none.
    pub fn host_port(&self) -> &str {
        &self.host
    }

    /// The host without brackets and port.
    pub fn hostname(&self) -> &str {
        let (host, _) = split_port(&self.host);
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// The port's digits, if there are any.
    pub fn port(&self) -> Option<&str> {
        Some(split_port(&self.host).1).filter(|digits| !digits.is_empty())
    }

    /// What a request line asks for: path and query.
    pub fn target(&self) -> String {
        let path = if self.path.is_empty() { "/" } else { &self.path };
        match &self.query {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_absolute() {
            write!(f, "{}:", self.scheme)?;
        }
        if !self.opaque.is_empty() {
            f.write_str(&self.opaque)?;
        } else {
            let has_host = !self.host.is_empty();
            if has_host || (self.is_absolute() && !self.path.is_empty()) {
                write!(f, "//{}", escape(self.host.as_bytes(), Part::Host))?;
            }
            if has_host && !self.path.is_empty() && !self.path.starts_with('/') {
                f.write_str("/")?;
            }
            f.write_str(&self.path)?;
        }
        if let Some(query) = &self.query {
            write!(f, "?{query}")?;
        }
        if !self.fragment.is_empty() {
            write!(f, "#{}", self.fragment)?;
        }
        Ok(())
    }
}

/// (scheme, what is behind its colon), or all of it as the second.
fn split_scheme(text: &str) -> Result<(&str, &str), UrlError> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    match text.split_once(':') {
        Some(("", _)) => Err(UrlError::NoScheme),
        Some((scheme, rest))
            if scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(is_part) =>
        {
            Ok((scheme, rest))
        }
        _ => Ok(("", text)),
    }
}

/// (host, digits of the port)
fn split_port(host: &str) -> (&str, &str) {
    match host.rsplit_once(':') {
        Some((name, digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => (name, digits),
        _ => (host, ""),
    }
}

/// The host and port of `[USER[:PASSWORD]@]HOST[:PORT]`.
fn read_authority(authority: &str) -> Result<String, UrlError> {
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (user, host),
        None => ("", authority),
    };
    let host = read_host(host)?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !user.chars().all(is_part) {
        return Err(UrlError::User);
    }
    unescape(user, Part::Fragment)?;
    Ok(host)
}

fn read_host(host: &str) -> Result<String, UrlError> {
    let port = if host.starts_with('[') {
        host.get(host.rfind(']').ok_or(UrlError::Bracket)? + 1..).unwrap_or_default()
    } else {
        host.get(host.rfind(':').unwrap_or(host.len())..).unwrap_or_default()
    };
    let is_port = port.is_empty()
        || port.strip_prefix(':').is_some_and(|d| d.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_port {
        return Err(UrlError::Port(port.to_owned()));
    }
    // `[fe80::1%25eth0]`: what an interface is called may be encoded with fewer rules (RFC 6874).
    let bracket = host.rfind(']').filter(|_| host.starts_with('['));
    let zone = bracket.and_then(|end| host.get(..end)?.find("%25").map(|start| (start, end)));
    let parts = match zone {
        Some((start, end)) => {
            let (address, rest) = host.split_at(start);
            let (zone, rest) = rest.split_at(end.saturating_sub(start));
            [(address, Part::Host), (zone, Part::Zone), (rest, Part::Host)]
        }
        None => [(host, Part::Host), ("", Part::Host), ("", Part::Host)],
    };
    let mut bytes = Vec::new();
    for (text, part) in parts {
        bytes.extend(unescape(text, part)?);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Where in a URL a text stands, which decides what must be encoded there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Host,
    Zone,
    Path,
    Fragment,
}

fn must_be_escaped(byte: u8, part: Part) -> bool {
    match (byte, part) {
        (b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~', _) => false,
        (_, Part::Host | Part::Zone) => !b"!$&'()*+,;=:[]<>\"".contains(&byte),
        (_, Part::Path) => !b"$&+,/:;=@".contains(&byte),
        (_, Part::Fragment) => !b"$&+,/:;=?@!()*".contains(&byte),
    }
}

/// Whether somebody else's encoding may leave it as it is.
fn may_stand(byte: u8, part: Part) -> bool {
    b"!$&'()*+,;=:@[]%".contains(&byte) || !must_be_escaped(byte, part)
}

/// As it goes on the wire.
fn on_the_wire(text: &str, part: Part) -> Result<String, UrlError> {
    let decoded = unescape(text, part)?;
    let is_proper = text.bytes().all(|byte| may_stand(byte, part));
    Ok(if is_proper { text.to_owned() } else { escape(&decoded, part) })
}

fn escape(bytes: &[u8], part: Part) -> String {
    let digit = |value: u8| {
        char::from(b"0123456789ABCDEF".get(usize::from(value)).copied().unwrap_or(b'0'))
    };
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if must_be_escaped(byte, part) {
            text.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        } else {
            text.push(char::from(byte));
        }
    }
    text
}

fn unescape(text: &str, part: Part) -> Result<Vec<u8>, UrlError> {
    let bytes = text.as_bytes();
    let is_host = matches!(part, Part::Host | Part::Zone);
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, behind)) = rest.split_first() {
        if byte != b'%' {
            if is_host && byte.is_ascii() && must_be_escaped(byte, part) {
                return Err(UrlError::HostCharacter(char::from(byte)));
            }
            decoded.push(byte);
            rest = behind;
            continue;
        }
        let shown = || {
            let text = rest.get(..rest.len().min(3)).unwrap_or_default();
            UrlError::Escape(String::from_utf8_lossy(text).into_owned())
        };
        let value = hex_byte(behind).ok_or_else(shown)?;
        let is_percent = value == b'%';
        let is_refused = match part {
            Part::Host => value < 0x80 && !is_percent,
            Part::Zone => !is_percent && value != b' ' && must_be_escaped(value, Part::Host),
            Part::Path | Part::Fragment => false,
        };
        if is_refused {
            return Err(shown());
        }
        decoded.push(value);
        rest = behind.get(2..).unwrap_or_default();
    }
    Ok(decoded)
}

/// The value of the two digits that a text begins with.
fn hex_byte(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

/// `path` seen from `base`, without `.` and `..`; a leading slash is added where there is anything at all.
fn resolve_path(base: &str, path: &str) -> String {
    let folder = base.get(..base.rfind('/').map_or(0, |slash| slash + 1)).unwrap_or_default();
    let full = match path.chars().next() {
        None => base.to_owned(),
        Some('/') => path.to_owned(),
        Some(_) => format!("{folder}{path}"),
    };
    if full.is_empty() {
        return full;
    }
    let mut done = String::from("/");
    let mut is_first = true;
    for segment in full.split('/') {
        match segment {
            "." => is_first = false,
            ".." => match done.get(1..).and_then(|done| done.rfind('/')) {
                Some(slash) => done.truncate(slash + 1),
                None => {
                    done.truncate(1);
                    is_first = true;
                }
            },
            _ => {
                if !is_first {
                    done.push('/');
                }
                done.push_str(segment);
                is_first = false;
            }
        }
    }
    if matches!(full.rsplit('/').next(), Some("." | "..")) {
        done.push('/');
    }
    // The path had a slash of its own.
    match done.strip_prefix('/') {
        Some(rest) if rest.starts_with('/') => rest.to_owned(),
        _ => done,
    }
}

#[cfg(test)]
mod tests;
