//! One connection: its socket and what is said on it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

use super::exchange::Exchange;
use super::request::Request;
use super::response::Response;
use crate::lifecycle::Moment;
use crate::sys::epoll::Interest;

/// So much is read at once: others have their turn after that.
const CHUNK: usize = 4096;

pub struct Connection {
    stream: TcpStream,
    exchange: Exchange,
    /// What it is waited for.
    pub interest: Interest,
    /// When it began with what it does.
    pub since: Moment,
    /// All is said, and the peer knows; what it still sends is read, so that the kernel does not take the answer back.
    is_draining: bool,
}

/// How it goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// With something new, if it is.
    Wait {
        new: bool,
    },
    Over,
}

impl Connection {
    pub fn new(stream: TcpStream, now: Moment) -> Connection {
        let exchange = Exchange::default();
        Connection { stream, exchange, interest: Interest::Read, since: now, is_draining: false }
    }

    /// Does what can be done without waiting, with what has come and no more than a piece of it.
    pub fn go_on(&mut self, respond: &mut dyn FnMut(&Request<'_>) -> Response) -> Next {
        if self.is_draining {
            return self.drain();
        }
        let mut new = false;
        if !self.receive() {
            return Next::Over;
        }
        loop {
            match self.send() {
                Err(_) => return Next::Over,
                Ok(false) => {
                    self.interest = Interest::Write;
                    return Next::Wait { new };
                }
                Ok(true) => {}
            }
            if !self.exchange.answer(respond) {
                break;
            }
            new = true;
        }
        self.interest = Interest::Read;
        if self.exchange.is_over() {
            self.is_draining = true;
            if self.stream.shutdown(Shutdown::Write).is_err() {
                return Next::Over;
            }
        }
        Next::Wait { new }
    }

    /// Whether the peer is still there.
    fn receive(&mut self) -> bool {
        let mut buffer = [0; CHUNK];
        let room = self.exchange.room().min(CHUNK);
        let Some(buffer) = buffer.get_mut(..room).filter(|buffer| !buffer.is_empty()) else {
            return true;
        };
        match self.stream.read(buffer) {
            Ok(0) => self.exchange.end(),
            Ok(count) => self.exchange.take(buffer.get(..count).unwrap_or_default()),
            Err(error) => return is_for_later(&error),
        }
        true
    }

    /// Whether all there was to send is sent.
    fn send(&mut self) -> std::io::Result<bool> {
        while !self.exchange.output().is_empty() {
            match self.stream.write(self.exchange.output()) {
                Ok(count) => self.exchange.sent(count),
                Err(error) if is_for_later(&error) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn drain(&mut self) -> Next {
        match self.stream.read(&mut [0; CHUNK]) {
            Ok(0) => Next::Over,
            Ok(_) => Next::Wait { new: false },
            Err(error) if is_for_later(&error) => Next::Wait { new: false },
            Err(_) => Next::Over,
        }
    }

    /// The peer has taken too long, and is told if it waits for an answer.
    pub fn time_out(&mut self) {
        self.exchange.time_out();
        let _ = self.send();
    }

    /// Whatever processes have it open still, it is over.
    pub fn close(self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

fn is_for_later(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
