//! Where each received signal goes.

use crate::signal::Signal;

/// What init does with one received signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Sent to the target in its place; `None` drops it.
    pub send: Option<Signal>,
    /// It begins termination.
    pub stops: bool,
    /// Init stops itself afterwards, as a job would (init D12).
    pub suspends: bool,
}

/// A route for each of the 64 signals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routes([Route; 64]);

const DROP: Route = Route { send: None, stops: false, suspends: false };

impl Routes {
    /// Every signal that can be forwarded goes on as it came (init U13).
    #[inline(always)]
    pub fn forward_all() -> Routes {
        let mut routes = Routes([DROP; 64]);
        for signal in Signal::forwardable() {
            routes.set_send(signal, Some(signal));
        }
        routes
    }

    pub fn of(&self, signal: Signal) -> Route {
        self.0.get(index(signal)).copied().unwrap_or(DROP)
    }

    /// `signal` is sent on as `send`, or dropped.
    pub fn set_send(&mut self, signal: Signal, send: Option<Signal>) {
        self.change(signal, |route| route.send = send);
    }

    /// `signal` begins termination, with `instead` if it is given.
    pub fn set_stop(&mut self, signal: Signal, instead: Option<Signal>) {
        self.change(signal, |route| {
            route.stops = true;
            route.send = instead.or(route.send);
        });
    }

    /// Init stops itself after it has forwarded `signal`.
    pub fn set_suspend(&mut self, signal: Signal) {
        self.change(signal, |route| route.suspends = true);
    }

    fn change(&mut self, signal: Signal, change: impl FnOnce(&mut Route)) {
        if let Some(route) = self.0.get_mut(index(signal)) {
            change(route);
        }
    }
}

fn index(signal: Signal) -> usize {
    signal.number() as usize - 1
}
