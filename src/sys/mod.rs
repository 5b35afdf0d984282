//! The kernel behind a thin typed wall. The only room with `unsafe`; each block says why it holds.
//!
//! One file a concept. Nothing here decides anything: a call does what its name says and returns
//! what the kernel said, as a type. What PID 1's loop calls neither allocates nor panics.

mod ancillary;
pub mod capabilities;
#[cfg(feature = "manifest")]
pub mod cgroup;
pub mod clock;
pub mod credentials;
pub mod descriptors;
pub mod directory;
#[cfg(feature = "probe")]
pub mod epoll;
pub mod exec;
pub mod file;
#[cfg(feature = "manifest")]
pub mod folder;
pub mod fork;
#[cfg(feature = "manifest")]
pub mod inotify;
pub mod line;
pub mod machine;
#[cfg(feature = "probe")]
pub mod memory_cgroup;
#[cfg(feature = "probe")]
pub mod message_file;
pub mod notify;
pub mod packets;
pub mod poll;
pub mod process_tree;
pub mod random;
pub mod shared_memory;
pub mod signals;
pub mod socket;
pub mod spawn;
pub mod stderr;
pub mod terminal;
pub mod text;
pub mod this_process;
pub mod wait;
pub mod words;

pub use nix::errno::Errno;
pub use nix::unistd::Pid;

/// The kernel's reason for an error; unknown if it is std's own.
pub fn errno_of(error: &std::io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw)
}
