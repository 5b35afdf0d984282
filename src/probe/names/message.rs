//! DNS messages (RFC 1035 section 4): a question out, an answer in. Reading is `domain`'s, which looks into
//! a message where it lies: nothing is built from what a server sends but addresses.

use std::net::IpAddr;

use domain::base::iana::{Class, Opcode, Rcode, Rtype};
use domain::base::message::RecordSection;
use domain::base::name::ParsedName;
use domain::base::{Message, Name, ParseRecordData, ToName};
use domain::rdata::{A, Aaaa};

/// No message is longer.
pub const LONGEST: usize = 65_535;

/// So many addresses are taken from one message.
pub const MOST: usize = 64;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    A = 1,
    Aaaa = 28,
}

/// A question to one server.
#[derive(Clone, Debug)]
pub struct Question {
    id: u16,
    kind: Kind,
    /// The name as labels, each with its length before it.
    labels: Vec<u8>,
}

/// What a server says to a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// Never none.
    Addresses(Vec<IpAddr>),
    /// There is such a name, without an address of that kind.
    NoData,
    NoSuchName,
    /// The whole answer is to be had over TCP.
    Truncated,
    /// The server cannot or does not want to answer.
    Refused,
}

impl Reply {
    pub fn addresses(&self) -> &[IpAddr] {
        match self {
            Reply::Addresses(addresses) => addresses,
            _ => &[],
        }
    }

    /// Whether there is, or can be had, something to connect to.
    pub fn is_of_use(&self) -> bool {
        matches!(self, Reply::Addresses(_) | Reply::Truncated)
    }
}

impl Question {
    /// `None` if no domain can have that name: it is empty, has an empty label, or is too long.
    pub fn new(name: &str, kind: Kind, id: u16) -> Option<Question> {
        let mut labels = Vec::new();
        for label in name.strip_suffix('.').unwrap_or(name).split('.') {
            let length =
                u8::try_from(label.len()).ok().filter(|length| (1..64).contains(length))?;
            labels.push(length);
            labels.extend(label.as_bytes());
        }
        labels.push(0);
        (labels.len() <= 255).then_some(Question { id, kind, labels })
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// As it goes out: one question, recursion desired, no EDNS.
    pub fn message(&self) -> Vec<u8> {
        const RECURSION_DESIRED: u16 = 0x0100;
        const COUNTS: [u16; 4] = [1, 0, 0, 0];
        let mut message = Vec::from(self.id.to_be_bytes());
        for word in [RECURSION_DESIRED].into_iter().chain(COUNTS) {
            message.extend(word.to_be_bytes());
        }
        message.extend(&self.labels);
        for word in [self.kind as u16, Class::IN.to_int()] {
            message.extend(word.to_be_bytes());
        }
        message
    }

    /// Reads what came; `None` if it is not an answer to this question, or none at all.
    pub fn read(&self, bytes: &[u8]) -> Option<Reply> {
        let message = Message::from_slice(bytes).ok()?;
        let header = message.header();
        if header.id() != self.id || !header.qr() || header.opcode() != Opcode::QUERY {
            return None;
        }
        let question = message.sole_question().ok()?;
        let name = Name::from_slice(&self.labels).ok()?;
        let asked = (Rtype::from_int(self.kind as u16), Class::IN);
        if !question.qname().name_eq(name) || (question.qtype(), question.qclass()) != asked {
            return None;
        }
        if header.tc() {
            return Some(Reply::Truncated);
        }
        match header.rcode() {
            Rcode::NOERROR => {}
            Rcode::NXDOMAIN => return Some(Reply::NoSuchName),
            _ => return Some(Reply::Refused),
        }
        let answer = message.answer().ok()?;
        // What is behind a defect is not known, so one spoils all; this also bounds what follows.
        if answer.map(|record| record.ok()).any(|record| record.is_none()) {
            return None;
        }
        let Some(owner) = message.canonical_name() else { return Some(Reply::Refused) };
        let addresses = match self.kind {
            Kind::A => addresses::<A>(answer, &owner, |data| data.addr().into())?,
            Kind::Aaaa => addresses::<Aaaa>(answer, &owner, |data| data.addr().into())?,
        };
        if !addresses.is_empty() {
            return Some(Reply::Addresses(addresses));
        }
        // A server that only points to others knows nothing about the name.
        let counts = message.header_counts();
        let referral = !header.aa() && !header.ra() && counts.ancount() == 0;
        Some(if referral { Reply::Refused } else { Reply::NoData })
    }
}

/// The addresses that `owner` has there.
fn addresses<'a, Data: ParseRecordData<'a, [u8]>>(
    answer: RecordSection<'a, [u8]>,
    owner: &ParsedName<&[u8]>,
    address: impl Fn(&Data) -> IpAddr,
) -> Option<Vec<IpAddr>> {
    let mut found = Vec::new();
    for record in answer.limit_to_in::<Data>() {
        let record = record.ok()?;
        if found.len() < MOST && record.owner().name_eq(owner) {
            found.push(address(record.data()));
        }
    }
    Some(found)
}

#[cfg(test)]
#[path = "message/tests.rs"]
mod tests;
