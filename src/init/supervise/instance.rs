//! The main process, one instance after the other: started, signalled, ended.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::init::foreground::Foreground;
use crate::init::report::{Log, Note};
use crate::init::start::{NoProcess, Program, Stage, Ties};
use crate::lifecycle::Moment;
use crate::lifecycle::container::{Event, Exit};
use crate::lifecycle::status::Waiting;
use crate::plan::{Placement, Plan, Target};
use crate::signal::Signal;
use crate::sys::signals::{self, Recipient};
use crate::sys::{Errno, Pid, descriptors, notify, wait};

/// The program, and the process that it is at present.
pub(super) struct Instance<'a> {
    plan: &'a Plan,
    pub program: Program,
    pub stage: Stage,
    /// The latest main process; what it left behind may still be in its group.
    main: Pid,
    /// It has not been reaped.
    is_there: bool,
    exec: Exec,
    /// What has not executed the program by then is killed.
    kill_at: Option<Moment>,
    foreground: Option<Foreground>,
    /// The program speaks sd_notify(3).
    notifies: bool,
    /// What it says comes here, for whoever hears it.
    pub messages: Option<OwnedFd>,
}

/// What is known of a main process's exec(2).
enum Exec {
    /// The pipe ends when it has been carried out, and has the exit code of a process that has failed to.
    Pending(OwnedFd),
    /// The process is about to end, or has.
    Failed(u8),
    Done,
}

impl<'a> Instance<'a> {
    pub fn new(plan: &'a Plan, program: Program, stage: Stage, notifies: bool) -> Instance<'a> {
        let (main, exec) = (Pid::from_raw(0), Exec::Done);
        Instance {
            plan,
            program,
            stage,
            main,
            is_there: false,
            exec,
            kill_at: None,
            foreground: None,
            notifies,
            messages: None,
        }
    }

    /// Starts the next; an answer where none came of it.
    pub fn start(&mut self, log: &mut Log) -> Option<Event> {
        match self.try_start(log) {
            Ok(pipe) => {
                self.exec = Exec::Pending(pipe);
                None
            }
            Err(_) => Some(Event::NotSpawned(Waiting::CreateContainerError)),
        }
    }

    fn try_start(&mut self, log: &mut Log) -> Result<OwnedFd, Errno> {
        let pipe = descriptors::with_room(descriptors::pipe);
        let (reading, writing) = pipe.inspect_err(|errno| {
            let program = self.program.argv.program();
            log.note(Note::NotStarted { program, because: &NoProcess(*errno) });
        })?;
        let messages = self.open_socket(log)?;
        let notify_socket = messages.as_ref().and_then(|(_, name)| name.as_c_str());
        let ties = Ties { failure: Some(writing.as_fd()), notify_socket };
        let (main, foreground) = self.stage.start(self.plan, &mut self.program, ties, log)?;
        self.messages = messages.map(|(socket, _)| socket);
        self.main = main;
        self.is_there = true;
        self.foreground = foreground;
        Ok(reading)
    }

    /// One for each instance: what another has said, or one that lives on says, is in another socket.
    fn open_socket(&self, log: &mut Log) -> Result<Option<(OwnedFd, notify::Name)>, Errno> {
        if !self.notifies {
            return Ok(None);
        }
        let socket = descriptors::with_room(notify::open).inspect_err(|errno| {
            let what = "--notify: there is no socket for what the program says";
            log.note(Note::Refused { what, errno: *errno, fatal: true });
        })?;
        Ok(Some(socket))
    }

    /// The main process, while it is there.
    pub fn pid(&self) -> Option<Pid> {
        self.is_there.then_some(self.main)
    }

    pub fn is(&self, pid: Pid) -> bool {
        self.is_there && pid == self.main
    }

    /// What tells of the exec, while nothing is known of it.
    pub fn pipe(&self) -> Option<BorrowedFd<'_>> {
        match &self.exec {
            Exec::Pending(pipe) => Some(pipe.as_fd()),
            Exec::Failed(_) | Exec::Done => None,
        }
    }

    /// Looks what has become of its exec. One that has failed is told of when the process has ended.
    pub fn look_at_exec(&mut self) -> Option<Event> {
        match descriptors::read_byte(self.pipe()?) {
            Ok(Some(code)) => {
                self.exec = Exec::Failed(code);
                None
            }
            Ok(None) => {
                self.exec = Exec::Done;
                self.kill_at = None;
                Some(Event::Spawned)
            }
            Err(_) => None,
        }
    }

    /// It has been reaped.
    pub fn ended(&mut self, exit: wait::Exit, out_of_memory: bool) -> Event {
        // Nobody is left who could write, so that nothing is pending then.
        let _ = self.look_at_exec();
        self.is_there = false;
        self.kill_at = None;
        self.stage.ended(self.foreground.take());
        match self.exec {
            Exec::Failed(code) => Event::NotExecuted(i32::from(code)),
            _ => Event::Exited(Exit { code: i32::from(exit.code()), out_of_memory }),
        }
    }

    /// When [`Instance::act_on_due`] is to be called at the latest.
    pub fn due(&self) -> Option<Moment> {
        self.kill_at
    }

    /// Gives a process that may be stopped before its exec so long, and no more.
    pub fn limit_exec(&mut self, until: Moment) {
        if self.is_there && !matches!(self.exec, Exec::Done) {
            self.kill_at.get_or_insert(until);
        }
    }

    pub fn act_on_due(&mut self, now: Moment) {
        if self.kill_at.take_if(|at| *at <= now).is_some() {
            self.kill();
        }
    }

    /// To the group or the process, as the plan says; whether there was anybody to send it to.
    pub fn send(&self, signal: Signal, log: &mut Log) -> bool {
        let (pid, group) = (self.main, self.plan.target == Target::Group);
        let to = if group { Recipient::Group(pid) } else { Recipient::Process(pid) };
        match if self.is_there { signals::send(to, signal) } else { Err(Errno::ESRCH) } {
            Ok(()) => log.note(Note::Forwarded { signal, pid, group }),
            Err(Errno::ESRCH) => return false,
            Err(errno) => log.note(Note::NotForwarded { signal, pid, errno }),
        }
        true
    }

    /// SIGKILL to the main process.
    pub fn kill(&self) {
        if self.is_there {
            // It may have ended since (init U19).
            let _ = signals::send(Recipient::Process(self.main), Signal::KILL);
        }
    }

    /// The latest main process's group, while its number cannot have become a stranger's.
    pub fn group(&self) -> Option<Pid> {
        let has_group = self.plan.placement != Placement::InitsGroup;
        let ours = self.is_there || self.main.as_raw() > 1 && wait::has_child_in(self.main);
        (has_group && ours).then_some(self.main)
    }

    /// podinit was continued.
    pub fn continued(&mut self) {
        if let Some(foreground) = &mut self.foreground {
            foreground.continued();
        }
    }

    pub fn look_whether_stopped(&mut self, log: &mut Log) {
        let Some(foreground) = &mut self.foreground else { return };
        if let Some(signal) = wait::stopped(self.main) {
            log.note(Note::MainStopped { signal });
            foreground.main_stopped(signal);
        }
    }

    pub fn take_terminal_back(&self) {
        if let Some(foreground) = &self.foreground {
            foreground.take_back();
        }
    }
}
