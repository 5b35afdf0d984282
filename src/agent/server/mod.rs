//! A server of HTTP/1 within the agent's one thread: connections are made when they arrive, read when there is something
//! to read, and nothing waits. A turn does a bounded piece of work, so that probes have theirs.
//!
//! What peers can make it take is bounded too: heads ([`request::HEAD_LIMIT`]), the time for each step ([`PATIENCE`]),
//! and connections, of which at the bound the one that has waited longest gives way to the newest. So whoever asks at
//! once is answered, however many only hold on.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use crate::lifecycle::Moment;
use crate::sys::epoll::{Epoll, Interest};
use crate::sys::{Errno, descriptors, socket};

mod connection;
pub mod exchange;
pub mod request;
pub mod response;

use connection::{Connection, Next};
use request::Request;
use response::Response;

/// So long a peer may take for each step: to send a whole request, from the connection or the last answer on; to take the
/// answer; to close.
const PATIENCE: Duration = Duration::from_secs(5);

/// No more connections are held, and fewer where the limit on descriptors says so. With a head each that is 48 MiB.
const MOST: usize = 6000;

/// So many descriptors are left for probes and hooks.
const SPARE: usize = 64;

/// In one turn so many connections go on.
const BATCH: usize = 64;

/// Where there is no room for a connection it is tried again after this.
const PAUSE: Duration = Duration::from_millis(100);

pub struct Server<'a> {
    set: Epoll,
    /// Their places are their numbers in the set.
    listeners: &'a [OwnedFd],
    /// By their numbers, which no two have had.
    connections: BTreeMap<u64, Connection>,
    /// By when they began with what they do.
    order: BTreeSet<(Moment, u64)>,
    next_number: u64,
    most: usize,
    /// No connection is taken before.
    paused: Option<Moment>,
}

impl<'a> Server<'a> {
    /// One for those who connect to these sockets, which must not block. Takes what room there is for descriptors.
    ///
    /// # Errors
    /// EMFILE, ENOMEM: there is no room for it.
    pub fn new(listeners: &'a [OwnedFd]) -> Result<Server<'a>, Errno> {
        descriptors::make_room();
        let most = descriptors::limit().saturating_sub(SPARE).clamp(1, MOST);
        let server = Server {
            set: Epoll::new()?,
            listeners,
            connections: BTreeMap::new(),
            order: BTreeSet::new(),
            next_number: listeners.len() as u64,
            most,
            paused: None,
        };
        server.listen()?;
        Ok(server)
    }

    /// What can be read when there is something to do.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.set.as_fd()
    }

    /// When [`Server::turn`] is to be called at the latest.
    pub fn due(&self) -> Option<Moment> {
        let oldest = self.order.first().map(|(since, _)| *since + PATIENCE);
        oldest.into_iter().chain(self.paused).min()
    }

    /// Goes on with those who have something to say, and ends what takes too long.
    pub fn turn(&mut self, now: Moment, respond: &mut dyn FnMut(&Request<'_>) -> Response) {
        if self.paused.take_if(|until| *until <= now).is_some() && self.listen().is_err() {
            self.pause(now);
        }
        let mut ready: Vec<u64> = self.set.ready::<BATCH>().collect();
        // Who is there goes before who arrives, and might have to give way to that.
        ready.sort_unstable_by_key(|number| std::cmp::Reverse(*number));
        for number in ready {
            let listener = usize::try_from(number).ok().and_then(|place| self.listeners.get(place));
            match listener {
                Some(listener) => self.accept(listener, now),
                None => self.go_on(number, now, respond),
            }
        }
        while let Some((since, number)) = self.order.first().copied()
            && since + PATIENCE <= now
        {
            if let Some(connection) = self.connections.get_mut(&number) {
                connection.time_out();
            }
            self.close(number);
        }
    }

    fn listen(&self) -> Result<(), Errno> {
        (0..).zip(self.listeners).try_for_each(|(number, listener)| {
            self.set.remove(listener);
            self.set.add(listener, number, Interest::Read)
        })
    }

    fn accept(&mut self, listener: &OwnedFd, now: Moment) {
        for _ in 0..BATCH.min(self.most) {
            match socket::accept(listener) {
                Ok(stream) => self.add(stream, now),
                Err(Errno::EAGAIN) => return,
                // Somebody who holds on has what another needs.
                Err(Errno::EMFILE) if !self.order.is_empty() => self.give_way(),
                Err(Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM) => {
                    return self.pause(now);
                }
                // It was over before it was taken (accept(2)).
                Err(_) => {}
            }
        }
    }

    /// Whoever wants to connect waits in the kernel meanwhile; to look at that again and again would help nobody.
    fn pause(&mut self, now: Moment) {
        self.paused = Some(now + PAUSE);
        self.listeners.iter().for_each(|listener| self.set.remove(listener));
    }

    fn add(&mut self, stream: TcpStream, now: Moment) {
        if self.connections.len() >= self.most {
            self.give_way();
        }
        let (number, connection) = (self.next_number, Connection::new(stream, now));
        // Where there is no memory for it there is no connection.
        if self.set.add(&connection, number, connection.interest).is_ok() {
            self.next_number += 1;
            self.connections.insert(number, connection);
            self.order.insert((now, number));
        }
    }

    fn go_on(
        &mut self,
        number: u64,
        now: Moment,
        respond: &mut dyn FnMut(&Request<'_>) -> Response,
    ) {
        // One that was closed in this turn may have been ready.
        let Some(connection) = self.connections.get_mut(&number) else { return };
        let before = connection.interest;
        let next = connection.go_on(respond);
        let after = connection.interest;
        let changed = before == after || self.set.change(&*connection, number, after).is_ok();
        match next {
            Next::Wait { new } if changed => {
                if new {
                    self.order.remove(&(connection.since, number));
                    connection.since = now;
                    self.order.insert((now, number));
                }
            }
            Next::Wait { .. } | Next::Over => self.close(number),
        }
    }

    fn give_way(&mut self) {
        if let Some((_, number)) = self.order.first() {
            self.close(*number);
        }
    }

    fn close(&mut self, number: u64) {
        if let Some(connection) = self.connections.remove(&number) {
            self.order.remove(&(connection.since, number));
            self.set.remove(&connection);
            connection.close();
        }
    }
}

#[cfg(test)]
mod tests;
