//! The terminal's foreground: handing it to the program, getting it back, and being a job of the
//! shell that started podinit (design 3.4, init U32, init X15, init X16).

use crate::signal::Signal;
use crate::sys::signals::{self, Recipient};
use crate::sys::terminal::Terminal;
use crate::sys::{Pid, this_process};

/// A terminal between podinit's group and the main child's.
pub struct Foreground {
    terminal: Terminal,
    main: Pid,
    /// The program is to have it whenever podinit is in the foreground: by plan, or because it has
    /// asked for it by reading.
    wanted: bool,
    /// podinit has handed it over at some time.
    given: bool,
    /// podinit has stopped with the main child and is to continue it.
    suspended: bool,
}

/// Whether podinit's group is in the foreground. For a group outside the PID namespace both numbers
/// are 0: then it is taken to be, or nobody inside could ever read.
pub fn is_ours(terminal: &Terminal) -> bool {
    terminal.foreground() == Some(this_process::group())
}

impl Foreground {
    /// For a main child that was started with it in the foreground if `wanted`, and if it was ours.
    pub fn new(terminal: Terminal, main: Pid, wanted: bool, given: bool) -> Foreground {
        Foreground { terminal, main, wanted, given, suspended: false }
    }

    /// podinit was continued: if its shell put it into the foreground, that is meant for the program,
    /// and the whole group that stopped with podinit goes on with it, though signals may be forwarded to
    /// the main child alone. Whether that was done: a second CONT could undo a Ctrl-Z that came since.
    pub fn continued(&mut self) -> bool {
        if self.wanted {
            self.hand_over_if_ours();
        }
        let suspended = std::mem::take(&mut self.suspended);
        if suspended {
            self.continue_main();
        }
        suspended
    }

    /// The program was stopped by the terminal. If it only wanted that, and podinit has it, it gets it
    /// and goes on. Otherwise podinit's group stops like it, so that the shell gets its prompt back.
    /// Where no shell is left that could continue the group, Ctrl-Z passes, as it would without podinit.
    /// As PID 1 the program just stays stopped (init U21).
    pub fn main_stopped(&mut self, signal: Signal) {
        let wants_terminal = matches!(signal, Signal::TTIN | Signal::TTOU);
        if wants_terminal && self.hand_over_if_ours() {
            self.wanted = true;
            self.continue_main();
        } else if (wants_terminal || signal == Signal::TSTP) && !this_process::is_pid_1() {
            self.suspended = signals::stop_group(Signal::TSTP);
            if !self.suspended && !wants_terminal {
                self.continue_main();
            }
        }
    }

    fn hand_over_if_ours(&mut self) -> bool {
        // A terminal that is going away takes nobody with it.
        let given = is_ours(&self.terminal) && self.terminal.give_to(self.main).is_ok();
        self.given |= given;
        given
    }

    fn continue_main(&self) {
        // It may have ended meanwhile (init U19).
        let _ = signals::send(Recipient::Group(self.main), Signal::CONT);
    }

    /// All is over: a terminal left to the program, or to a group that is gone, comes back. One that
    /// somebody else has taken since stays theirs.
    pub fn take_back_at_the_end(&self) {
        let own = this_process::group();
        if let (true, Some(group)) = (self.given, self.terminal.foreground())
            && group != own
            && (group == self.main || !signals::group_exists(group))
        {
            let _ = self.terminal.give_to(own);
        }
    }
}
