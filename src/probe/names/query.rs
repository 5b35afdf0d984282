//! Asking name servers: one after the other, each for IPv4 and IPv6 at once.
//!
//! Each question has a socket of its own, as with Go: two from one port at the same moment are what the
//! kernel's connection tracking loses one of in clusters (the five seconds of kubernetes#56903).

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::Duration;

use super::super::patience::{Cut, Patience};
use super::super::reason;
use super::message::{self, Kind, Question, Reply};
use super::resolv_conf::Config;
use super::stream;
use crate::sys::poll::PollFlags;
use crate::sys::{Errno, errno_of, random, socket};

/// How long the second answer is waited for when the first one is enough: some servers never give one of
/// the two.
const LATE: Duration = Duration::from_millis(300);

/// What the servers say to a name.
#[derive(Debug)]
pub enum Answer {
    /// Never none.
    Addresses(Vec<IpAddr>),
    /// Says this server; nobody was asked for what can be no name.
    NotFound(Option<SocketAddr>),
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Asking {
    Cut(Cut),
    /// Of the server that was asked last.
    Failed(Failure),
}

/// A server that does not help.
#[derive(Debug)]
pub struct Failure {
    pub server: SocketAddr,
    pub why: Why,
}

#[derive(Debug)]
pub enum Why {
    /// It answers that it cannot, or nothing that makes sense.
    Misbehaving,
    Dial(Network, Errno),
    /// From this address of ours.
    Read(Network, Option<SocketAddr>, Broken),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Network {
    Udp,
    Tcp,
}

/// What came in place of an answer.
#[derive(Clone, Copy, Debug)]
pub enum Broken {
    TimedOut,
    Ended,
    Errno(Errno),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = self.server;
        match &self.why {
            Why::Misbehaving => write!(f, "server misbehaving"),
            Why::Dial(network, errno) => {
                write!(f, "dial {} {to}: connect: {}", network.name(), reason(*errno))
            }
            Why::Read(network, from, broken) => {
                write!(f, "read {} ", network.name())?;
                if let Some(from) = from {
                    write!(f, "{from}->")?;
                }
                match broken {
                    Broken::TimedOut => write!(f, "{to}: {}", Cut::TimedOut),
                    Broken::Ended => write!(f, "{to}: EOF"),
                    Broken::Errno(errno) => write!(f, "{to}: read: {}", reason(*errno)),
                }
            }
        }
    }
}

impl Network {
    fn name(self) -> &'static str {
        match self {
            Network::Udp => "udp",
            Network::Tcp => "tcp",
        }
    }
}

/// Asks one server after the other until one has an answer.
pub fn ask(
    name: &str,
    servers: &[SocketAddr],
    config: &Config,
    patience: &Patience<'_>,
) -> Result<Answer, Asking> {
    if Question::new(name, Kind::A, 0).is_none() {
        return Ok(Answer::NotFound(None));
    }
    let mut failed = None;
    for _ in 0..config.attempts {
        for (server, after) in servers.iter().zip((0..servers.len() as u32).rev()) {
            // A silent one leaves their share of the time to those after it.
            let share = patience.left().map_err(Asking::Cut)? / (after + 1);
            let turn = patience.at_most(share.min(config.timeout));
            match Conversation::new(name, *server, turn).replies(config.use_tcp) {
                Ok(replies) => match combine(replies) {
                    Some(Some(addresses)) => return Ok(Answer::Addresses(addresses)),
                    Some(None) => return Ok(Answer::NotFound(Some(*server))),
                    None => failed = Some(Failure { server: *server, why: Why::Misbehaving }),
                },
                Err(Trouble::Why(why)) => failed = Some(Failure { server: *server, why }),
                Err(Trouble::Cut(Cut::TimedOut, why)) if patience.left().is_ok() => {
                    failed = Some(Failure { server: *server, why });
                }
                Err(Trouble::Cut(cut, _)) => return Err(Asking::Cut(cut)),
            }
        }
    }
    // There is always a server and an attempt.
    Err(failed.map_or(Asking::Cut(Cut::TimedOut), Asking::Failed))
}

/// IPv4 before IPv6; inside, nothing if there is no such name or no address; nothing at all if it cannot be told.
fn combine(replies: [Option<Reply>; 2]) -> Option<Option<Vec<IpAddr>>> {
    let mut found: Vec<IpAddr> = Vec::new();
    for address in replies.iter().flatten().flat_map(Reply::addresses) {
        if found.len() < message::MOST && !found.contains(address) {
            found.push(*address);
        }
    }
    if !found.is_empty() {
        return Some(Some(found));
    }
    match replies {
        [Some(Reply::NoSuchName), _] | [_, Some(Reply::NoSuchName)] => Some(None),
        [Some(Reply::NoData), Some(Reply::NoData)] => Some(None),
        _ => None,
    }
}

/// Why one server's turn ends without an answer.
pub(super) enum Trouble {
    Why(Why),
    /// With what to say if it was this server's time only.
    Cut(Cut, Why),
}

/// One server's turn.
struct Conversation<'a> {
    name: &'a str,
    server: SocketAddr,
    turn: Patience<'a>,
}

/// A question on its way, and what has come back.
struct Asked {
    question: Question,
    socket: UdpSocket,
    reply: Option<Reply>,
}

impl<'a> Conversation<'a> {
    fn new(name: &'a str, server: SocketAddr, turn: Patience<'a>) -> Conversation<'a> {
        Conversation { name, server, turn }
    }

    /// What it says about IPv4 and about IPv6; not both are missing.
    fn replies(&self, use_tcp: bool) -> Result<[Option<Reply>; 2], Trouble> {
        let mut replies = if use_tcp {
            [Some(Reply::Truncated), Some(Reply::Truncated)]
        } else {
            self.over_udp()?
        };
        let mut trouble = None;
        for (at, kind) in [Kind::A, Kind::Aaaa].into_iter().enumerate() {
            if replies.get(at) != Some(&Some(Reply::Truncated)) {
                continue;
            }
            let found = replies.iter().flatten().any(|reply| !reply.addresses().is_empty());
            let turn = if found { self.late() } else { self.turn };
            // One that cannot be had whole is as good as none.
            let whole = match stream::ask(&self.question(kind)?, self.server, &turn) {
                Ok(whole) => Some(whole),
                Err(Trouble::Cut(cut @ Cut::Stopped(_), why)) => {
                    return Err(Trouble::Cut(cut, why));
                }
                Err(other) => {
                    trouble = Some(other);
                    None
                }
            };
            replies.iter_mut().skip(at).take(1).for_each(|reply| reply.clone_from(&whole));
        }
        let of_use = replies.iter().flatten().any(Reply::is_of_use);
        trouble.filter(|_| !of_use).map_or(Ok(replies), Err)
    }

    /// The time for a second answer, which must not eat up that for a connection.
    fn late(&self) -> Patience<'a> {
        let half = self.turn.left().unwrap_or_default() / 2;
        self.turn.at_most(LATE.min(half))
    }

    fn question(&self, kind: Kind) -> Result<Question, Trouble> {
        // Whoever asks has looked at the name.
        Question::new(self.name, kind, random::number()).ok_or(Trouble::Why(Why::Misbehaving))
    }

    fn over_udp(&self) -> Result<[Option<Reply>; 2], Trouble> {
        let mut asked = [self.send(Kind::A)?, self.send(Kind::Aaaa)?];
        let mut turn = self.turn;
        let mut buffer = vec![0; message::LONGEST];
        loop {
            let waiting: Vec<_> = asked.iter().filter(|asked| asked.reply.is_none()).collect();
            let watched: Vec<_> =
                waiting.iter().map(|asked| (asked.socket.as_fd(), PollFlags::POLLIN)).collect();
            let Some(first) = waiting.first() else { break };
            let has_one = waiting.len() < asked.len();
            match turn.wait(&watched) {
                Ok(_) => {}
                Err(Cut::TimedOut) if has_one && self.turn.left().is_ok() => break,
                Err(Cut::TimedOut) if asked.iter().any(Asked::is_of_use) => break,
                Err(cut) => return Err(Trouble::Cut(cut, first.why(Broken::TimedOut))),
            }
            for at in &mut asked {
                let Err(why) = at.receive(&mut buffer) else { continue };
                // Refused there is refused here; but the other may have brought something before.
                if asked.iter().any(Asked::is_of_use) {
                    return Ok(asked.map(|asked| asked.reply));
                }
                return Err(Trouble::Why(why));
            }
            if !has_one && asked.iter().any(Asked::is_enough) {
                turn = self.late();
            }
        }
        Ok(asked.map(|asked| asked.reply))
    }

    fn send(&self, kind: Kind) -> Result<Asked, Trouble> {
        let question = self.question(kind)?;
        let dial = |errno| Trouble::Why(Why::Dial(Network::Udp, errno));
        let socket = socket::datagrams(self.server).map_err(dial)?;
        let message = question.message();
        match socket.send(&message) {
            // What the kernel has no room for is lost like any other datagram.
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(dial(errno_of(&error))),
            _ => Ok(Asked { question, socket, reply: None }),
        }
    }
}

impl Asked {
    /// Takes one datagram, if there is one. What is no answer to this question is passed over: another one
    /// may follow.
    fn receive(&mut self, buffer: &mut [u8]) -> Result<(), Why> {
        if self.reply.is_some() {
            return Ok(());
        }
        match self.socket.recv(buffer) {
            Ok(count) => {
                self.reply = self.question.read(buffer.get(..count).unwrap_or_default());
                Ok(())
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(()),
                _ => Err(self.why(Broken::Errno(errno_of(&error)))),
            },
        }
    }

    fn why(&self, broken: Broken) -> Why {
        Why::Read(Network::Udp, self.socket.local_addr().ok(), broken)
    }

    fn is_of_use(&self) -> bool {
        self.reply.as_ref().is_some_and(Reply::is_of_use)
    }

    /// Whether the other one need not be waited for as long. That there is no such name is believed for both
    /// kinds if it was said about IPv4: some servers say it where IPv6 alone is missing.
    fn is_enough(&self) -> bool {
        match self.reply {
            Some(Reply::NoSuchName) => self.question.kind() == Kind::A,
            Some(Reply::Addresses(_) | Reply::Truncated | Reply::Refused) => true,
            Some(Reply::NoData) | None => false,
        }
    }
}
