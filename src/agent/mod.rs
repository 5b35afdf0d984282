//! The agent: a process beside init that runs probes when they are due, and hooks when init asks for them, that hears
//! what the program says of itself, and tells who asks by HTTP how the container is.
//!
//! It is forked from init and never executes anything itself; one thread waits in ppoll(2) for init's orders and for the
//! attempts under way, each of which is a process or a thread ([`crate::probe::UnderWay`]). What probes add up to is decided
//! by `lifecycle::probe`; init is told what has changed and nothing else, and keeps what the next agent needs.
//!
//! It may be killed at any moment: attempts end with it, and nothing else is lost.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use crate::lifecycle::Moment;
use crate::lifecycle::status::health::Vitals;
use crate::link::{self, Message, Order, Packet, Remarked, Report};
use crate::plan::supervision::Errands;
use crate::probe::{Ending, Prober};
pub use crate::probe::{Ledger, Surroundings, Trust};
use crate::signal::{Signal, SignalSet};
use crate::sys::packets::{self, Received};
use crate::sys::poll::{self, PollFd, PollFlags};
use crate::sys::signals::{self, Source};
use crate::sys::{Pid, clock, descriptors, this_process};

mod endpoints;
mod hooks;
mod notify;
mod probes;
mod remark;
pub mod server;

use hooks::Hooks;
use notify::Listener;
pub use notify::message::Notice;
use probes::Probes;
pub use remark::{Remark, Tone};
use server::Server;

/// One turn of the loop may take so long; who takes longer hangs, and is ended by the kernel. That is far more than a
/// loaded machine needs to fork a few processes.
const TURN: Duration = Duration::from_secs(30);

/// The agent's `oom_score_adj`, at least: it can be replaced, the program cannot.
const OOM_SCORE_ADJ: i32 = 800;

/// What init gives its agent.
pub struct Start<'a> {
    /// The agent's end.
    pub link: OwnedFd,
    /// Where it is asked by HTTP.
    pub listeners: &'a [OwnedFd],
    /// Init itself: without it there is nothing to do.
    pub init: Pid,
    pub errands: Errands,
    /// The container's: those of its main process. The `oom_score_adj` of commands is what init has.
    pub surroundings: Surroundings<'a>,
    pub trust: &'a Trust,
    /// Writes a line to init's log, and never waits. It is called in children of the agent, too.
    pub say: &'a mut dyn FnMut(Remark<'_>),
    /// Init is to be told of events too.
    pub tells: bool,
}

/// Lives until init is gone or has closed the link. To be called in a process that was just forked, with one thread and
/// every signal blocked; everything it holds but the link and standard error is closed. Returns the exit code.
pub fn run(start: Start<'_>) -> u8 {
    let Start { link, listeners, init, mut errands, mut surroundings, trust, say, tells } = start;
    descriptors::keep_only(listeners.iter().map(AsFd::as_fd).chain([link.as_fd()]));
    this_process::leave_group();
    // Where the kernel refuses it, there is the link.
    let _ = this_process::set_parent_death_signal(Signal::KILL);
    if this_process::parent() != init {
        return 0;
    }
    volunteer(&mut surroundings);
    // Init has its own way with CHLD.
    let _ = signals::expect_children(false);
    signals::use_default(Signal::ALRM);
    signals::replace_mask(SignalSet::ALL.without(Signal::ALRM));
    if let Some(host) = errands.host.take() {
        errands.name_host(&host);
    }
    let own = Source::open(SignalSet::EMPTY.with(Signal::CHLD));
    let prober = Prober { surroundings, signals: &own, trust };
    let link = &link;
    let say = &mut |remark: Remark<'_>| {
        say(remark);
        if tells && remark.tone == Tone::Warning {
            tell(link, remark);
        }
    };
    let server = serve(listeners, say);
    let office = Office { link, prober, say, endings: Vec::new(), is_over: false };
    let (probes, hooks) = (Probes::new(&errands), Hooks::new(&errands));
    let listener = Listener::new(init);
    Agent { probes, hooks, listener, server, vitals: None, office }.run();
    0
}

/// Tells init of an event; that it is gone is seen elsewhere.
fn tell(link: &OwnedFd, Remark { reason, text, .. }: Remark<'_>) {
    let text = text.get(..text.floor_char_boundary(link::TEXT)).unwrap_or_default();
    let message = Message::Event(Remarked { reason, text });
    if let Ok(packet) = postcard::to_stdvec(&message) {
        let _ = packets::send(link, &packet);
    }
}

/// Has the kernel end this process before others when memory is short, and its commands as if there were no agent.
fn volunteer(surroundings: &mut Surroundings<'_>) {
    let Ok(inherited) = this_process::oom_score_adj() else { return };
    if inherited < OOM_SCORE_ADJ && this_process::set_oom_score_adj(OOM_SCORE_ADJ).is_ok() {
        surroundings.oom_score_adj = Some(inherited);
    }
}

/// Who is asked; `None` if nobody is to be, or nobody can.
fn serve<'a>(listeners: &'a [OwnedFd], say: &mut dyn FnMut(Remark<'_>)) -> Option<Server<'a>> {
    if listeners.is_empty() {
        return None;
    }
    let server = Server::new(listeners);
    server.inspect_err(|errno| remark::no_server(*errno, say)).ok()
}

/// What probes and hooks have in common: a way to start attempts, to be rid of them, and to tell.
struct Office<'a> {
    link: &'a OwnedFd,
    prober: Prober<'a>,
    say: &'a mut dyn FnMut(Remark<'_>),
    /// Attempts that were told to end.
    endings: Vec<Ending>,
    is_over: bool,
}

impl Office<'_> {
    /// Tells init; if that is gone, all is over.
    fn report(&mut self, report: Report) {
        let sent = packets::send(self.link, Packet::of(&Message::Report(report)).as_bytes());
        self.is_over |= sent.is_err();
    }

    /// The next order there is, and the descriptor that came with it.
    fn order(&mut self) -> Option<(Order, Option<OwnedFd>)> {
        let mut buffer = [0; link::LONGEST];
        loop {
            match packets::receive_with(self.link, &mut buffer) {
                // What cannot be read is from no init of ours.
                (Received::Packet(packet), descriptor) => {
                    if let Some(order) = link::read(packet) {
                        return Some((order, descriptor));
                    }
                }
                (Received::Nothing, _) => return None,
                (Received::Closed, _) => {
                    self.is_over = true;
                    return None;
                }
            }
        }
    }
}

struct Agent<'a> {
    probes: Probes<'a>,
    hooks: Hooks<'a>,
    listener: Listener,
    server: Option<Server<'a>>,
    /// What init has said last of the container.
    vitals: Option<Vitals>,
    office: Office<'a>,
}

impl Agent<'_> {
    /// Whoever leaves takes the attempts along: the kernel tells them.
    fn run(mut self) {
        while !self.office.is_over {
            // A frozen container's clock goes on; that it was asleep meanwhile is no reason to end.
            this_process::set_alarm(None);
            self.sleep();
            this_process::set_alarm(Some(TURN));
            while self.office.prober.signals.poll().is_some() {}
            while let Some((order, descriptor)) = self.office.order() {
                self.obey(order, descriptor);
            }
            self.listener.turn(&mut self.office);
            self.probes.turn(&mut self.office);
            self.hooks.turn(&mut self.office);
            self.answer();
            self.office.endings.retain_mut(|ending| !ending.is_over());
        }
    }

    /// Until init has said how the container is there is no answer.
    fn answer(&mut self) {
        if let (Some(server), Some(vitals)) = (&mut self.server, &self.vitals) {
            server.turn(now(), &mut |request| endpoints::respond(request, vitals));
        }
    }

    fn obey(&mut self, order: Order, descriptor: Option<OwnedFd>) {
        match order {
            Order::Listen { instance } => match descriptor {
                Some(socket) => self.listener.listen(instance, socket),
                // There was no room for it here: the next agent has more.
                None => self.office.is_over = true,
            },
            Order::Noted { instance } => self.listener.noted(instance),
            Order::Status(vitals) => self.vitals = Some(vitals),
            Order::Run { hook, instance } => self.hooks.run(hook, instance, &mut self.office),
            Order::End(hook) => self.hooks.end(hook, &mut self.office),
            order => self.probes.obey(order, &mut self.office),
        }
    }

    /// Until something may have happened.
    fn sleep(&self) {
        let now = now();
        let server = self.server.as_ref().filter(|_| self.vitals.is_some());
        let due = self.probes.due().into_iter().chain(self.hooks.due());
        let due = due.chain(server.and_then(Server::due)).map(|due| due.since(now));
        let ends = self.office.endings.iter().map(Ending::left);
        let at_most = due.chain(self.probes.left()).chain(ends).min();
        let own = self.office.prober.signals.descriptor();
        let mut watched: Vec<PollFd<'_>> = std::iter::once(self.office.link.as_fd())
            .chain(own)
            .chain(self.listener.descriptor())
            .chain(server.map(Server::descriptor))
            .chain(self.probes.descriptors())
            .chain(self.hooks.descriptors())
            .map(|descriptor: BorrowedFd<'_>| PollFd::new(descriptor, PollFlags::POLLIN))
            .collect();
        poll::poll(&mut watched, self.office.prober.signals.until_look(at_most));
    }
}

fn now() -> Moment {
    Moment::at(clock::monotonic())
}
