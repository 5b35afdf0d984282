//! Waiting for descriptors, by ppoll(2).

use std::time::Duration;

pub use nix::poll::{PollFd, PollFlags};

/// Waits until one of them is ready or the time has passed, and sometimes for nothing: whoever waits
/// looks at his descriptors, which must not block, and at his deadline. To be called with flags just made.
pub fn poll(descriptors: &mut [PollFd<'_>], at_most: Option<Duration>) {
    // A refusal (ENOMEM, EINTR) leaves no flags set, as if it had been for nothing.
    let _ = nix::poll::ppoll(descriptors, at_most.map(Into::into), None);
}
