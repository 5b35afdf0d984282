//! The container's probes: the machines of `lifecycle::probe`, and the attempts they ask for.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use super::{Office, now, remark};
use crate::lifecycle::Moment;
use crate::lifecycle::probe::{Action, Answer, Attempt, Consequence, Event, Kind, Probe, Snapshot};
use crate::link::{Order, Report};
use crate::plan::supervision::{Check, Errands};
use crate::probe::{Outcome, UnderWay, Verdict};

/// Those there are, in the order startup, liveness, readiness.
pub struct Probes<'a> {
    all: Vec<Watch<'a>>,
    /// The instance that is probed, or was last.
    instance: u32,
}

/// One probe.
struct Watch<'a> {
    check: &'a Check,
    machine: Probe,
    /// What init knows of it.
    told: Snapshot,
    under_way: Option<(Attempt, UnderWay)>,
    /// One that there was no process for. It is answered in the next turn, which comes no later than its time-out: so
    /// the next is tried in good time, and none in haste.
    lost: Option<Attempt>,
}

impl<'a> Probes<'a> {
    pub fn new(errands: &'a Errands) -> Probes<'a> {
        let Errands { startup, liveness, readiness, .. } = errands;
        let checks =
            [(Kind::Startup, startup), (Kind::Liveness, liveness), (Kind::Readiness, readiness)];
        let there = checks.into_iter().filter_map(|(kind, check)| Some((kind, check.as_ref()?)));
        let all = there.map(|(kind, check)| {
            let machine = Probe::new(kind, check.settings);
            let told = machine.snapshot();
            Watch { check, machine, told, under_way: None, lost: None }
        });
        Probes { all: all.collect(), instance: 0 }
    }

    /// An order about probes; others are not for here.
    pub fn obey(&mut self, order: Order, office: &mut Office<'_>) {
        let event = match order {
            Order::Watch { instance, since, started } => {
                self.instance = instance;
                Event::Running { since, started }
            }
            Order::Started => Event::Started,
            Order::Quieten => Event::Terminating,
            Order::Unwatch => Event::Stopped,
            Order::Restore { kind, instance, snapshot } => {
                self.instance = instance;
                self.all
                    .iter_mut()
                    .filter(|watch| watch.machine.kind() == kind)
                    .for_each(|watch| watch.restore(snapshot, office));
                return;
            }
            Order::Run { .. }
            | Order::End(_)
            | Order::Listen { .. }
            | Order::Noted { .. }
            | Order::Status(_) => return,
        };
        for watch in &mut self.all {
            watch.step(event, self.instance, office);
        }
    }

    /// Takes answers in, and does what is due.
    pub fn turn(&mut self, office: &mut Office<'_>) {
        for watch in &mut self.all {
            if let Some(attempt) = watch.lost.take() {
                watch.step(Event::Answered(attempt, Answer::Lost), self.instance, office);
            }
            watch.collect(self.instance, office);
            if watch.machine.due().is_some_and(|due| due <= now()) {
                watch.step(Event::Due, self.instance, office);
            }
        }
    }

    pub fn due(&self) -> Option<Moment> {
        self.all.iter().filter_map(|watch| watch.machine.due()).min()
    }

    /// How long the attempts may still take.
    pub fn left(&self) -> Option<Duration> {
        self.under_way().map(UnderWay::left).min()
    }

    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.under_way().filter_map(UnderWay::descriptor)
    }

    fn under_way(&self) -> impl Iterator<Item = &UnderWay> {
        self.all.iter().filter_map(|watch| watch.under_way.as_ref().map(|(_, under_way)| under_way))
    }
}

impl Watch<'_> {
    fn restore(&mut self, snapshot: Snapshot, office: &mut Office<'_>) {
        self.abandon(office);
        let settings = self.check.settings;
        self.machine = Probe::restore(self.machine.kind(), settings, snapshot, now());
        // As good as what init has.
        self.told = self.machine.snapshot();
    }

    fn step(&mut self, event: Event, instance: u32, office: &mut Office<'_>) {
        for action in self.machine.step(now(), event) {
            match action {
                Action::Abandon(_) => self.abandon(office),
                Action::Changed(_, follows) => {
                    if let Some(consequence) = follows {
                        office.report(report(self.machine.kind(), consequence, instance));
                    }
                }
                Action::Begin(attempt) => self.begin(attempt, office),
            }
        }
        // Behind what follows from it: should this agent end in between, the next says that again.
        let (kind, snapshot) = (self.machine.kind(), self.machine.snapshot());
        if snapshot != self.told {
            self.told = snapshot;
            office.report(Report::Kept { kind, instance, snapshot });
        }
    }

    fn begin(&mut self, attempt: Attempt, office: &mut Office<'_>) {
        let Check { action, settings } = self.check;
        match UnderWay::start(&mut office.prober, action, settings.timeout) {
            Ok(under_way) => self.under_way = Some((attempt, under_way)),
            Err(errno) => {
                let outcome = Outcome::no_process(errno);
                remark::attempt(self.machine.kind(), Answer::Lost, &outcome, office.say);
                self.lost = Some(attempt);
            }
        }
    }

    fn abandon(&mut self, office: &mut Office<'_>) {
        self.lost = None;
        let under_way = self.under_way.take();
        office.endings.extend(under_way.and_then(|(_, under_way)| under_way.end_later()));
    }

    fn collect(&mut self, instance: u32, office: &mut Office<'_>) {
        let Some((attempt, under_way)) = &mut self.under_way else { return };
        let Some(mut outcome) = under_way.outcome() else { return };
        if self.machine.has_paused(now()) {
            outcome = Outcome::lost("podinit was stopped meanwhile".to_owned());
        }
        let (attempt, answer) = (*attempt, answer(&outcome));
        self.abandon(office);
        remark::attempt(self.machine.kind(), answer, &outcome, office.say);
        self.step(Event::Answered(attempt, answer), instance, office);
    }
}

/// That there is no process for an attempt, or that it was killed, is podinit's trouble and says nothing of the program: to
/// kill that for it would be the wrong end of a shortage (kubelet W19).
fn answer(outcome: &Outcome) -> Answer {
    match outcome.verdict {
        _ if outcome.lost => Answer::Lost,
        _ if outcome.errored => Answer::Errored,
        Verdict::Success | Verdict::Warning => Answer::Success,
        Verdict::Failure => Answer::Failure,
        Verdict::Unknown => Answer::Errored,
    }
}

fn report(kind: Kind, consequence: Consequence, instance: u32) -> Report {
    match consequence {
        Consequence::Kill => Report::Failed { instance, kind },
        Consequence::Started => Report::Started { instance },
        Consequence::Ready(ready) => Report::Ready { instance, ready },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Errno;

    #[test]
    fn what_an_outcome_counts_for() {
        let outcome = |verdict, errored, lost| {
            let no_process = Outcome::no_process(Errno::EAGAIN);
            answer(&Outcome { verdict, errored, lost, ..no_process })
        };
        for (verdict, errored, lost, expected) in [
            (Verdict::Success, false, false, Answer::Success),
            (Verdict::Warning, false, false, Answer::Success), // kubelet P28
            (Verdict::Failure, false, false, Answer::Failure),
            (Verdict::Failure, true, false, Answer::Errored), // kubelet P35
            (Verdict::Unknown, true, false, Answer::Errored), // kubelet P15
            (Verdict::Unknown, true, true, Answer::Lost),     // kubelet W19
        ] {
            assert_eq!(outcome(verdict, errored, lost), expected, "{verdict:?}");
        }
        assert_eq!(answer(&Outcome::no_process(Errno::EAGAIN)), Answer::Lost);
    }

    // kubelet W21
    #[test]
    fn w21_what_follows_is_told_of_its_instance() {
        let (kind, instance) = (Kind::Liveness, 7);
        for (consequence, expected) in [
            (Consequence::Kill, Report::Failed { instance, kind }),
            (Consequence::Started, Report::Started { instance }),
            (Consequence::Ready(true), Report::Ready { instance, ready: true }),
        ] {
            assert_eq!(report(kind, consequence, instance), expected);
        }
    }
}
