//! The terminal's foreground: handing it to the program, getting it back, and being a job of the
//! shell that started podinit (design 3.4, init U32, init X15, init X16).

use std::os::fd::RawFd;

use crate::signal::Signal;
use crate::sys::signals::{self, Recipient};
use crate::sys::terminal::Terminal;
use crate::sys::{Pid, this_process};

/// A terminal between podinit's group and the main child's.
pub struct Foreground {
    terminal: Terminal,
    own: Pid,
    main: Pid,
}

impl Foreground {
    /// The controlling terminal, if there is one.
    pub fn find() -> Option<Foreground> {
        let own = this_process::group();
        Terminal::find().map(|terminal| Foreground { terminal, own, main: own })
    }

    /// Its descriptor, if podinit is in the foreground and may pass it on.
    pub fn to_give(&self) -> Option<RawFd> {
        self.is_ours().then(|| self.terminal.descriptor())
    }

    /// Moves what is needed to talk to the terminal out of the way; returns the first descriptor
    /// that nobody needs.
    pub fn settle(&mut self) -> RawFd {
        self.terminal.settle()
    }

    /// Now with the group that shares it.
    #[must_use]
    pub fn of_main(self, main: Pid) -> Foreground {
        Foreground { main, ..self }
    }

    fn is_ours(&self) -> bool {
        self.terminal.foreground() == Some(self.own)
    }

    /// podinit was continued: if its shell put it into the foreground, that is meant for the program.
    pub fn hand_over_if_ours(&self) {
        if self.is_ours() {
            // A terminal that is going away takes nobody with it.
            let _ = self.terminal.give_to(self.main);
        }
    }

    /// The program was stopped. If it only wanted the terminal and podinit has that, it gets it and
    /// goes on. Otherwise podinit's group stops like it, so that the shell gets its prompt back. As
    /// PID 1, and where no shell is left that could continue it, the program just stays stopped
    /// (init U21).
    pub fn main_stopped(&self, signal: Signal) {
        if matches!(signal, Signal::TTIN | Signal::TTOU) && self.is_ours() {
            self.hand_over_if_ours();
            // It may have ended meanwhile (init U19).
            let _ = signals::send(Recipient::Group(self.main), Signal::CONT);
        } else if !this_process::is_pid_1() {
            // The kernel lets this pass where no shell is left to continue the group.
            signals::obey_as_group(Signal::TSTP);
        }
    }

    /// All is over: a terminal left to the program, or to a group that is gone, comes back. One that
    /// somebody else has taken since stays theirs.
    pub fn take_back_at_the_end(&self) {
        if let Some(group) = self.terminal.foreground()
            && group != self.own
            && (group == self.main || !signals::group_exists(group))
        {
            let _ = self.terminal.give_to(self.own);
        }
    }
}
