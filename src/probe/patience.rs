//! How long an attempt goes on: until its time is over, or a stop signal comes.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use crate::signal::Signal;
use crate::sys::poll::{self, PollFd, PollFlags};
use crate::sys::signals::Source;
use crate::sys::socket;

/// Why an attempt ends before it has an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    TimedOut,
    Stopped(Signal),
}

/// The limits of one attempt, or of a part of one.
#[derive(Clone, Copy)]
pub struct Patience<'a> {
    limit: Duration,
    end: Instant,
    signals: Option<&'a Source>,
}

impl<'a> Patience<'a> {
    /// Counts from now.
    pub fn new(limit: Duration, signals: &'a Source) -> Patience<'a> {
        Patience { signals: Some(signals), ..Patience::deaf(limit) }
    }

    /// The same where no signal ends it sooner.
    pub fn deaf(limit: Duration) -> Patience<'a> {
        Patience { limit, end: Instant::now() + limit, signals: None }
    }

    /// The whole time, for messages.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// The same, ending after `part` from now if that is sooner.
    pub fn at_most(&self, part: Duration) -> Patience<'a> {
        Patience { end: self.end.min(Instant::now() + part), ..*self }
    }

    /// The time that is left.
    ///
    /// # Errors
    /// [`Cut::TimedOut`] when there is none.
    pub fn left(&self) -> Result<Duration, Cut> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(Cut::TimedOut) } else { Ok(left) }
    }

    /// Waits until one of these is ready, or a child has changed, and now and then for nothing: whoever calls it looks
    /// and calls again. Returns which of them are ready.
    ///
    /// # Errors
    /// When there is no more waiting. A stop signal is told of once.
    pub fn wait(&self, descriptors: &[(BorrowedFd<'_>, PollFlags)]) -> Result<Vec<bool>, Cut> {
        let left = self.left()?;
        let own = self.signals.and_then(Source::descriptor);
        let own = own.map(|descriptor| (descriptor, PollFlags::POLLIN));
        let all = descriptors.iter().copied().chain(own);
        let mut polled: Vec<PollFd<'_>> =
            all.map(|(descriptor, flags)| PollFd::new(descriptor, flags)).collect();
        let left = self.signals.map_or(Some(left), |signals| signals.until_look(Some(left)));
        poll::poll(&mut polled, left);
        let is_ready = |polled: &PollFd<'_>| polled.any().unwrap_or(true);
        let mut ready: Vec<bool> = polled.iter().map(is_ready).collect();
        let has_signal = ready.split_off(descriptors.len()).first() != Some(&false);
        while has_signal && let Some(received) = self.signals.and_then(Source::poll) {
            if received.signal != Signal::CHLD {
                return Err(Cut::Stopped(received.signal));
            }
        }
        Ok(ready)
    }

    /// The same for one that is to be read from.
    pub fn readable(&self, descriptor: &impl AsFd) -> Result<(), Cut> {
        self.wait(&[(descriptor.as_fd(), PollFlags::POLLIN)]).map(drop)
    }

    /// The same for one that is to be written to.
    pub fn writable(&self, descriptor: &impl AsFd) -> Result<(), Cut> {
        self.wait(&[(descriptor.as_fd(), PollFlags::POLLOUT)]).map(drop)
    }
}

impl std::error::Error for Cut {}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cut::TimedOut => write!(f, "i/o timeout"),
            Cut::Stopped(signal) => write!(f, "stopped by {signal}"),
        }
    }
}

impl From<Cut> for io::Error {
    fn from(cut: Cut) -> io::Error {
        let kind =
            if cut == Cut::TimedOut { io::ErrorKind::TimedOut } else { io::ErrorKind::Other };
        io::Error::new(kind, cut)
    }
}

/// Passes a stop signal on, which ends more than what was cut; a time that is over does not.
pub fn stop(cut: Option<Cut>) -> Result<(), Signal> {
    match cut {
        Some(Cut::Stopped(signal)) => Err(signal),
        Some(Cut::TimedOut) | None => Ok(()),
    }
}

/// The cut that an error carries from below, if that is what it is.
pub fn cut_of(error: &io::Error) -> Option<Cut> {
    error.get_ref()?.downcast_ref().copied()
}

/// A connection that is read and written with patience.
pub struct Wire<'a> {
    pub stream: TcpStream,
    pub patience: Patience<'a>,
}

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // Also where there is always something to read.
            self.patience.left()?;
            match self.stream.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.patience.readable(&self.stream)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            self.patience.left()?;
            match self.stream.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.patience.writable(&self.stream)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Wire<'_> {
    /// Lingering changes nothing that Linux sends, but close(2) would wait for the peer to confirm, for up to a second,
    /// whether or not the attempt's time is over.
    fn drop(&mut self) {
        // The peer may be gone.
        let _ = socket::set_linger(&self.stream, None);
    }
}
