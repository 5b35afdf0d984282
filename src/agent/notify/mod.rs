//! What the program itself says of its state.
//!
//! Its messages wait in a socket that init holds too, one for each instance: so what is read here is of that instance
//! alone. One that something follows from stays there until init has taken it: another agent would find it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::{Office, remark};
use crate::link::Report;
use crate::sys::notify;
use crate::sys::{Pid, process_tree};

pub mod message;

use message::Notice;

/// The longest message, as systemd has it. A longer one is none.
const LONGEST: usize = 4096;

/// So many messages are taken before it is looked what else there is to do.
const BATCH: usize = 64;

pub struct Listener {
    init: Pid,
    hears: Option<Hearing>,
}

/// The instance that is listened to.
struct Hearing {
    instance: u32,
    socket: OwnedFd,
    /// The last that init was told.
    told: Option<Notice>,
    /// Init has yet to take it.
    waits: bool,
    /// It was said that somebody else has sent a message.
    complained: bool,
}

impl Listener {
    pub fn new(init: Pid) -> Listener {
        Listener { init, hears: None }
    }

    /// From now on to this instance.
    pub fn listen(&mut self, instance: u32, socket: OwnedFd) {
        let hearing = Hearing { instance, socket, told: None, waits: false, complained: false };
        self.hears = Some(hearing);
    }

    /// Init has taken what it was told of this instance.
    pub fn noted(&mut self, instance: u32) {
        if let Some(hearing) = &mut self.hears
            && hearing.instance == instance
            && std::mem::take(&mut hearing.waits)
        {
            notify::discard(hearing.socket.as_fd());
        }
    }

    /// Takes messages in, up to the next that init has to know.
    pub fn turn(&mut self, office: &mut Office<'_>) {
        let Listener { init, hears: Some(hearing) } = self else { return };
        let mut room = [0; LONGEST];
        if hearing.waits {
            return;
        }
        for _ in 0..BATCH {
            let Some(message) = notify::peek(hearing.socket.as_fd(), &mut room) else { return };
            let notice = Notice::read(message.text).filter(|_| message.is_whole);
            match notice.filter(|notice| hearing.told != Some(*notice)) {
                Some(notice) if is_of_the_container(message.sender, *init) => {
                    return hearing.tell(notice, office);
                }
                Some(_) if !std::mem::replace(&mut hearing.complained, true) => {
                    remark::stranger(message.sender, office.say);
                }
                _ => {}
            }
            notify::discard(hearing.socket.as_fd());
        }
    }

    /// Where there may be something to take in.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        let hearing = self.hears.as_ref().filter(|hearing| !hearing.waits);
        hearing.map(|hearing| hearing.socket.as_fd())
    }
}

impl Hearing {
    fn tell(&mut self, notice: Notice, office: &mut Office<'_>) {
        (self.told, self.waits) = (Some(notice), true);
        let ready = notice == Notice::Ready;
        office.report(Report::Notified { instance: self.instance, ready });
    }
}

/// Not of a neighbour, who may share the network or the PID namespace.
fn is_of_the_container(sender: Option<Pid>, init: Pid) -> bool {
    sender.is_some_and(|sender| !process_tree::is_stranger(sender, init))
}
