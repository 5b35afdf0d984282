//! Waiting for many descriptors, by epoll(7): what nothing happens to costs nothing. The set is a descriptor itself, which
//! can be read while something in it is ready, so that it has a place among those of poll(2).

use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::epoll::{EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::{Errno, descriptors};

/// A set of descriptors, each with a number of its own.
pub struct Epoll(nix::sys::epoll::Epoll);

/// What a descriptor is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interest {
    Read,
    Write,
}

impl Interest {
    fn event(self, number: u64) -> EpollEvent {
        let flags = match self {
            Interest::Read => EpollFlags::EPOLLIN,
            Interest::Write => EpollFlags::EPOLLOUT,
        };
        EpollEvent::new(flags, number)
    }
}

impl Epoll {
    /// An empty set; programs do not inherit it.
    ///
    /// # Errors
    /// EMFILE, ENFILE, ENOMEM (epoll_create(2)).
    pub fn new() -> Result<Epoll, Errno> {
        let set = nix::sys::epoll::Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        Ok(Epoll(nix::sys::epoll::Epoll(descriptors::move_up(set.0)?)))
    }

    /// # Errors
    /// ENOMEM, ENOSPC (epoll_ctl(2)).
    pub fn add(&self, descriptor: impl AsFd, number: u64, interest: Interest) -> Result<(), Errno> {
        self.0.add(descriptor, interest.event(number))
    }

    /// Waits for something else.
    ///
    /// # Errors
    /// ENOENT (epoll_ctl(2)).
    pub fn change(
        &self,
        descriptor: impl AsFd,
        number: u64,
        interest: Interest,
    ) -> Result<(), Errno> {
        self.0.modify(descriptor, &mut interest.event(number))
    }

    /// To be called before it is closed: another process may have it still, and it would stay in the set.
    pub fn remove(&self, descriptor: impl AsFd) {
        // It was never added, then.
        let _ = self.0.delete(descriptor);
    }

    /// The numbers of those that are ready, or broken, now: no more than `N`, and others the next time.
    pub fn ready<const N: usize>(&self) -> impl Iterator<Item = u64> + use<N> {
        let mut events = [EpollEvent::empty(); N];
        // EINTR does not come to who does not wait.
        let found = self.0.wait(&mut events, EpollTimeout::ZERO).unwrap_or(0);
        events.into_iter().take(found).map(|event| event.data())
    }
}

impl AsFd for Epoll {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_removed_is_ready_no_more_though_another_has_it_open() {
        let set = Epoll::new().unwrap();
        let (reading, writing) = descriptors::pipe().unwrap();
        set.add(&reading, 7, Interest::Read).unwrap();
        set.add(&writing, 8, Interest::Write).unwrap();
        assert_eq!(set.ready::<4>().collect::<Vec<_>>(), [8]);
        descriptors::write_byte(writing.as_fd(), 1);
        assert_eq!(set.ready::<4>().count(), 2);
        assert_eq!(set.ready::<1>().count(), 1);
        let _another = reading.try_clone().unwrap();
        set.remove(&reading);
        drop(reading);
        assert_eq!(set.ready::<4>().collect::<Vec<_>>(), [8]);
    }
}
