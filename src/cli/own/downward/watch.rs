//! `--watch`: the volume follows the Pod file.

use std::ffi::{CString, OsStr};
use std::mem;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use super::super::arguments::{Typed, prober};
use super::super::planner::{refuse_lines, say};
use super::Start;
use super::render::Arguments;
use crate::init::manners::Manners;
use crate::plan::pod::volume::Volume;
use crate::probe::{Apart, Outcome, Prober, Task, Trust};
use crate::signal::Signal;
use crate::spec::document::MAX_BYTES;
use crate::sys::inotify::Watch;
use crate::sys::poll::{self, PollFd, PollFlags};
use crate::sys::wait::{self, Dead, Exit};
use crate::sys::{Errno, clock, file};

/// How often it is looked at the file in any case, as the kubelet does every 60 to 90 s (kubelet D34): there are file
/// systems whose changes nobody is told of, and files behind links that lead elsewhere.
const LOOK: Duration = Duration::from_secs(10);

/// What a volume's link is called through which all of its files are exchanged (kubelet D24).
const DATA: &str = "..data";

/// Writes the volume, and again when the file has changed, until a signal asks to end. Returns the exit code.
pub fn watch(arguments: &Arguments, mut start: Start) -> u8 {
    let manners = Manners::adopt(start.mask);
    let trust = Trust::default();
    let prober = &mut prober(&mut start, &manners, &trust);
    let mut watching = Watching::new(arguments);
    match watching.look() {
        Ok(_) => {}
        Err(problems) => return refuse_lines(&problems),
    }
    loop {
        if let Err(signal) = watching.wait(prober) {
            return Exit::Signal(signal).code();
        }
        match (watching.look(), &arguments.exec) {
            (Ok(true), Some(action)) => {
                if let Err(signal) = watching.act(action, prober) {
                    return Exit::Signal(signal).code();
                }
            }
            (Ok(_), _) => {}
            (Err(problems), _) => _ = refuse_lines(&problems),
        }
    }
}

struct Watching<'w> {
    arguments: &'w Arguments,
    path: CString,
    /// `None` where that is not to be had.
    watch: Option<Watch>,
    /// What there was when it was last looked.
    content: Option<Result<Vec<u8>, Errno>>,
    /// What could not be written yet.
    due: Option<Volume>,
    /// The last attempt to write has failed, at what point nobody knows: it may be that the new files stand.
    is_uncertain: bool,
}

impl<'w> Watching<'w> {
    fn new(arguments: &'w Arguments) -> Watching<'w> {
        let path = CString::new(arguments.pod.file.as_os_str().as_bytes()).unwrap_or_default();
        Watching {
            arguments,
            path,
            watch: Watch::new().ok(),
            content: None,
            due: None,
            is_uncertain: false,
        }
    }

    /// Looks at the file, and writes what is to be written. Whether that has changed anything.
    fn look(&mut self) -> Result<bool, String> {
        // First, so that no change is lost between the two. There may be another folder in its place.
        if let Some(watch) = &self.watch {
            let folder = self.arguments.pod.file.parent();
            let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
            let _ = watch.add(folder.unwrap_or(Path::new(".")));
        }
        let content = file::read_up_to(&self.path, MAX_BYTES + 1);
        if self.content.as_ref() != Some(&content) {
            self.due = None;
            let content = self.content.insert(content).as_ref();
            let content = content.map_err(|errno| self.arguments.pod.wrong(errno.desc()))?;
            self.due = Some(self.arguments.plan(content)?);
        }
        let Some(volume) = &self.due else { return Ok(false) };
        let was_uncertain = mem::replace(&mut self.is_uncertain, true);
        let changed = self.arguments.write(volume)?;
        (self.due, self.is_uncertain) = (None, false);
        Ok(changed || was_uncertain)
    }

    /// Until the file may have changed, or it is time to look.
    ///
    /// # Errors
    /// The signal that asks to end.
    fn wait(&self, prober: &Prober<'_>) -> Result<(), Signal> {
        let due = clock::monotonic() + LOOK;
        let name = self.arguments.pod.file.file_name().unwrap_or_default();
        loop {
            // As PID 1, or where an action has left children.
            while let Dead::One(..) = wait::reap_any() {}
            let left = due.saturating_sub(clock::monotonic());
            if left.is_zero() {
                return Ok(());
            }
            let watched = self.watch.as_ref().map(AsFd::as_fd);
            sleep(watched, prober, left)?;
            if self.watch.as_ref().is_some_and(|watch| watch.concerns(&[name, OsStr::new(DATA)])) {
                return Ok(());
            }
        }
    }

    /// Does what is to be done after a change; what comes of it is said.
    ///
    /// # Errors
    /// The signal that asks to end; what was begun has been ended too.
    fn act(&self, action: &Typed, prober: &mut Prober<'_>) -> Result<(), Signal> {
        let heard = &mut |line: &str| _ = say(&format!("downward: --exec: {line}"));
        let task = Task::Hook { action: &action.action, strict: true, heard };
        let outcome = match Apart::start(prober, task, self.arguments.exec_timeout) {
            Err(errno) => Outcome::no_process(errno),
            Ok(mut apart) => loop {
                if let Some(outcome) = apart.outcome() {
                    break outcome;
                }
                sleep(Some(apart.descriptor()), prober, apart.left())?;
            },
        };
        if !outcome.verdict.holds() {
            let _ = say(&format!("downward: --exec {:?}: {}", action.text, outcome.seen));
        }
        Ok(())
    }
}

/// Until this can be read, or a child has ended, or the time has passed.
fn sleep(
    on: Option<std::os::fd::BorrowedFd<'_>>,
    prober: &Prober<'_>,
    at_most: Duration,
) -> Result<(), Signal> {
    let all = on.into_iter().chain(prober.signals.descriptor());
    let mut polled: Vec<_> = all.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
    poll::poll(&mut polled, prober.signals.until_look(Some(at_most)));
    let mut received = std::iter::from_fn(|| prober.signals.poll());
    match received.find(|received| received.signal != Signal::CHLD) {
        Some(received) => Err(received.signal),
        None => Ok(()),
    }
}
