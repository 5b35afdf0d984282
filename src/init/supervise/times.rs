//! When the steps of an end were taken, for the closing line (design 3.6).

use std::time::Duration;

use crate::init::report::Account;
use crate::lifecycle::Moment;
use crate::signal::Signal;

#[derive(Default)]
pub(super) struct Times {
    /// The first request to stop.
    stop: Option<Moment>,
    latest: Latest,
}

/// Those of the latest instance.
#[derive(Default)]
struct Latest {
    /// The first word of its end, if that was asked for.
    began: Option<Moment>,
    pre_stop: Option<Moment>,
    pre_stop_over: Option<Moment>,
    signalled: Option<(Moment, Signal)>,
    main_ended: Option<Moment>,
    cleared: Option<Moment>,
    killed: bool,
}

impl Times {
    pub fn stop(&mut self, now: Moment) {
        self.stop.get_or_insert(now);
    }

    pub fn instance(&mut self) {
        self.latest = Latest::default();
    }

    pub fn killing(&mut self, now: Moment) {
        self.latest.began.get_or_insert(now);
    }

    pub fn pre_stop(&mut self, now: Moment) {
        self.latest.pre_stop.get_or_insert(now);
    }

    pub fn pre_stop_over(&mut self, now: Moment) {
        if self.latest.pre_stop.is_some() {
            self.latest.pre_stop_over.get_or_insert(now);
        }
    }

    pub fn signalled(&mut self, now: Moment, signal: Signal) {
        self.latest.signalled.get_or_insert((now, signal));
    }

    /// Whether this instance has been asked to end.
    pub fn is_signalled(&self) -> bool {
        self.latest.signalled.is_some()
    }

    pub fn killed(&mut self) {
        self.latest.killed = true;
    }

    pub fn main_ended(&mut self, now: Moment) {
        self.pre_stop_over(now);
        self.latest.main_ended.get_or_insert(now);
    }

    pub fn cleared(&mut self, now: Moment, killed: bool) {
        self.latest.cleared = Some(now);
        self.latest.killed |= killed;
    }

    /// What it comes to, `now` at the end.
    pub fn account(&self, now: Moment, grace: Option<Duration>, wanted: bool) -> Account {
        let Latest { began, pre_stop, pre_stop_over, signalled, main_ended, cleared, killed } =
            self.latest;
        let between = |from: Option<Moment>, to: Option<Moment>| Some(to?.since(from?));
        Account {
            pre_stop: between(pre_stop, pre_stop_over),
            signalled: signalled.map(|(at, signal)| (signal, between(Some(at), main_ended))),
            leftovers: between(main_ended, cleared),
            total: between(self.stop.or(began), Some(now)),
            grace: grace.filter(|_| self.stop.is_some()),
            killed,
            wanted,
        }
    }
}
