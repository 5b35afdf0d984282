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
}

/// Whether podinit's group is in the foreground. For a group outside the PID namespace both numbers
/// are 0: then it is taken to be, or nobody inside could ever read.
pub fn is_ours(terminal: &Terminal) -> bool {
    terminal.foreground() == Some(this_process::group())
}

impl Foreground {
    /// For a main child that was started with it in the foreground if `wanted`, and if it was ours.
    pub fn new(terminal: Terminal, main: Pid, wanted: bool, given: bool) -> Foreground {
        Foreground { terminal, main, wanted, given }
    }

    /// podinit was continued: if its shell put it into the foreground, that is meant for the program.
    pub fn continued(&mut self) {
        if self.wanted {
            self.hand_over_if_ours();
        }
    }

    /// The program was stopped. If it only wanted the terminal, and podinit has it, it gets it and goes
    /// on. Otherwise podinit's group stops like it, so that the shell gets its prompt back; when that
    /// continues podinit, the whole group that stopped goes on too, though signals may be forwarded to
    /// the main child alone. As PID 1 the program just stays stopped (init U21).
    pub fn main_stopped(&mut self, signal: Signal) {
        let wants_terminal = matches!(signal, Signal::TTIN | Signal::TTOU);
        if wants_terminal && self.hand_over_if_ours() {
            self.wanted = true;
            self.continue_main();
        } else if !this_process::is_pid_1() {
            if signals::stop_group(Signal::TSTP) {
                self.continued();
                self.continue_main();
            } else {
                self.pass_as_orphaned(signal);
            }
        }
    }

    /// Where no shell is left that could continue podinit, the program fares as it would without it:
    /// Ctrl-Z has no effect, and who waits for a terminal that nobody will give is hung up.
    fn pass_as_orphaned(&self, signal: Signal) {
        match signal {
            Signal::TSTP => self.continue_main(),
            Signal::TTIN | Signal::TTOU => {
                // It may have ended meanwhile (init U19).
                let _ = signals::send(Recipient::Group(self.main), Signal::HUP);
                self.continue_main();
            }
            _ => {}
        }
    }

    pub fn terminal(&self) -> &Terminal {
        &self.terminal
    }

    /// For the next main child.
    #[cfg(feature = "probe")]
    pub fn give_back(self) -> Terminal {
        self.take_back();
        self.terminal
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

    /// The program has ended: a terminal left to it, or to a group that is gone, comes back. One that
    /// somebody else has taken since stays theirs.
    pub fn take_back(&self) {
        let own = this_process::group();
        if let (true, Some(group)) = (self.given, self.terminal.foreground())
            && group != own
            && (group == self.main || !signals::group_exists(group))
        {
            let _ = self.terminal.give_to(own);
        }
    }
}
