//! Which servers to ask for which names, resolv.conf(5).

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::same_name;

/// More servers than these are passed over, as glibc does it.
const SERVERS: usize = 3;

/// As many domains as Kubernetes lets a pod have. (glibc has no limit since 2.26, and had 6 before.)
const DOMAINS: usize = 32;

/// What is to be done to look a name up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Never none.
    pub servers: Vec<Server>,
    /// The domains a short name is looked for in, without their last dots; the root is `""`.
    pub search: Vec<String>,
    /// A name with so many dots is tried as it is first.
    pub ndots: usize,
    /// How long a server is waited for.
    pub timeout: Duration,
    /// How often all servers are asked.
    pub attempts: usize,
    /// Another server first each time.
    pub rotate: bool,
    /// TCP from the start.
    pub use_tcp: bool,
}

/// A name server; the zone is the interface of a link-local address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Server {
    pub ip: IpAddr,
    pub zone: Option<String>,
}

impl Config {
    /// Reads the file's content, none of which is an error: what makes no sense is passed over. The host's name is
    /// for where no domain is named.
    pub fn read(text: &[u8], host_name: &str) -> Config {
        let mut config = Config {
            servers: Vec::new(),
            search: host_name
                .split_once('.')
                .map(|(_, domain)| domain_of(domain))
                .into_iter()
                .collect(),
            ndots: 1,
            timeout: Duration::from_secs(5),
            attempts: 2,
            rotate: false,
            use_tcp: false,
        };
        for line in text.split(|byte| *byte == b'\n') {
            if let Ok(line) = str::from_utf8(line) {
                config.line(line);
            }
        }
        if config.servers.is_empty() {
            config.servers.push(Server { ip: Ipv4Addr::LOCALHOST.into(), zone: None });
        }
        config
    }

    fn line(&mut self, line: &str) {
        // The keyword starts the line, so a comment is just another one that means nothing.
        if line.starts_with([' ', '\t']) {
            return;
        }
        let mut words =
            line.split_ascii_whitespace().take_while(|word| !word.starts_with(['#', ';']));
        match words.next() {
            Some("nameserver") if self.servers.len() < SERVERS => {
                self.servers.extend(words.next().and_then(server));
            }
            Some("domain") => {
                if let Some(domain) = words.next() {
                    self.search = vec![domain_of(domain)];
                }
            }
            Some("search") => {
                let domains: Vec<String> = words.take(DOMAINS).map(domain_of).collect();
                if !domains.is_empty() {
                    self.search = domains;
                }
            }
            Some("options") => words.for_each(|word| self.option(word)),
            _ => {}
        }
    }

    fn option(&mut self, option: &str) {
        match option.split_once(':') {
            Some(("ndots", value)) => set(&mut self.ndots, value, 0, 15),
            Some(("attempts", value)) => set(&mut self.attempts, value, 1, 5),
            Some(("timeout", value)) => {
                let mut seconds = self.timeout.as_secs() as usize;
                set(&mut seconds, value, 1, 30);
                self.timeout = Duration::from_secs(seconds as u64);
            }
            None if option == "rotate" => self.rotate = true,
            None if option == "use-vc" || option == "usevc" => self.use_tcp = true,
            _ => {}
        }
    }

    /// What a name may stand for, in the order in which to ask, without last dots. With one, it stands for
    /// itself only.
    pub fn candidates(&self, name: &str) -> Vec<String> {
        if let Some(name) = name.strip_suffix('.') {
            return vec![name.to_owned()];
        }
        let as_is_first = name.bytes().filter(|byte| *byte == b'.').count() >= self.ndots;
        let mut candidates = Vec::new();
        if as_is_first {
            candidates.push(name.to_owned());
        }
        for domain in &self.search {
            let candidate =
                if domain.is_empty() { name.to_owned() } else { format!("{name}.{domain}") };
            if !candidates.iter().any(|other| same_name(other, &candidate)) {
                candidates.push(candidate);
            }
        }
        if !candidates.iter().any(|other| same_name(other, name)) {
            candidates.push(name.to_owned());
        }
        candidates
    }
}

fn server(text: &str) -> Option<Server> {
    // A comment may follow closely.
    let text = text.split(['#', ';']).next()?;
    if let Ok(ip) = text.parse() {
        return Some(Server { ip, zone: None });
    }
    let (ip, zone) = text.split_once('%')?;
    let ip = ip.parse().ok().filter(IpAddr::is_ipv6)?;
    (!zone.is_empty()).then(|| Server { ip, zone: Some(zone.to_owned()) })
}

fn domain_of(text: &str) -> String {
    text.trim_end_matches('.').to_owned()
}

/// Takes a number if it is one.
fn set(to: &mut usize, value: &str, least: usize, most: usize) {
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // Too large for the type is too large anyway.
        *to = value.parse().unwrap_or(most).clamp(least, most);
    }
}

#[cfg(test)]
#[path = "resolv_conf/tests.rs"]
mod tests;
