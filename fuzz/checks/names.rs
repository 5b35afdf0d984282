//! A hosts file, a resolv.conf, and what name servers answer.

use std::net::IpAddr;

use podinit::probe::names::hosts;
use podinit::probe::names::message::{self, Kind, Question, Reply};
use podinit::probe::names::resolv_conf::Config;

/// The name that the DNS messages of the corpus answer to.
const NAME: &str = "www.example.org";

/// An answer of a name server. The first two bytes are its id and so always right; so that all that follows a
/// question is reached, the bytes are also read as what follows the right one.
pub fn dns_message(bytes: &[u8]) {
    for kind in [Kind::A, Kind::Aaaa] {
        let id = bytes.first_chunk().map_or(0, |id| u16::from_be_bytes(*id));
        let Some(question) = Question::new(NAME, kind, id) else { continue };
        check_reply(question.read(bytes), kind);
        let asked = question.message();
        if let (Some((counts, rest)), Some(before), Some(after)) =
            (bytes.split_first_chunk::<6>(), asked.get(..2), asked.get(12..))
        {
            let header = [before, &[0x81, 0x80, 0, 1], counts].concat();
            check_reply(question.read(&[&header, after, rest].concat()), kind);
        }
    }
}

fn check_reply(reply: Option<Reply>, kind: Kind) {
    if let Some(Reply::Addresses(found)) = reply {
        assert!((1..=message::MOST).contains(&found.len()), "bounded");
        assert!(found.iter().all(|ip| ip.is_ipv4() == (kind == Kind::A)), "of one kind");
    }
}

/// A resolv.conf.
pub fn resolv_conf(bytes: &[u8]) {
    let config = Config::read(bytes, "pod.example.org");
    assert!((1..=3).contains(&config.servers.len()), "servers");
    assert!(config.ndots <= 15 && (1..=5).contains(&config.attempts), "options");
    assert!((1..=30).contains(&config.timeout.as_secs()), "timeout");
    for name in ["www", NAME] {
        let candidates = config.candidates(name);
        assert!((1..=34).contains(&candidates.len()), "candidates");
        assert!(candidates.iter().any(|candidate| candidate == name), "the name itself");
    }
}

/// A hosts file.
pub fn hosts(bytes: &[u8]) {
    for name in [NAME, "localhost", "a"] {
        let found: Vec<IpAddr> = hosts::addresses(bytes, name);
        assert!(found.len() <= hosts::MOST, "bounded");
    }
}
