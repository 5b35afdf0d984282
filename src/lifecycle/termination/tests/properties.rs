//! Whatever order signals, exits and deadlines come in: no stop is forgotten and no deadline passed.

use proptest::prelude::*;

use super::*;

/// Something the world does by itself.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Signal(Received),
    MainEnds,
    /// One of the others ends.
    OtherEnds,
    /// Somebody is orphaned, or forked.
    OtherComes,
}

#[derive(Clone, Debug)]
struct Life {
    ending: Ending,
    others: usize,
    /// Not even SIGKILL ends it.
    undead: bool,
    /// Each with its distance from the one before, in milliseconds.
    happenings: Vec<(u64, Happening)>,
}

fn received() -> impl Strategy<Value = Received> {
    let signal =
        prop_oneof![Just(15), Just(2), 1..=64i32].prop_map(|number| Signal::new(number).unwrap());
    let sender =
        prop_oneof![4 => Just(Sender::Process), 1 => Just(Sender::Kernel), 1 => Just(Sender::Init)];
    (signal, sender).prop_map(|(signal, sender)| Received { signal, sender })
}

fn life(grace: impl Strategy<Value = Option<u64>>) -> impl Strategy<Value = Life> {
    let happening = prop_oneof![
        4 => received().prop_map(Happening::Signal),
        1 => Just(Happening::MainEnds),
        2 => Just(Happening::OtherEnds),
        1 => Just(Happening::OtherComes),
    ];
    let rewrite = proptest::collection::vec((1..32i32, proptest::option::of(1..32i32)), 0..3);
    (
        grace,
        rewrite,
        0..3usize,
        any::<bool>(),
        proptest::collection::vec((0..4000u64, happening), 0..40),
    )
        .prop_map(|(grace, rewrite, others, undead, happenings)| {
            let signal = |number| Signal::new(number).unwrap();
            let rewrite = rewrite.into_iter().map(|(from, to)| (signal(from), to.map(signal)));
            let options = OwnOptions {
                grace: grace.map(Duration::from_millis),
                rewrite: rewrite.filter(|(from, _)| from.is_forwardable()).collect(),
                ..OwnOptions::default()
            };
            Life { ending: plan::own(&options).ending, others, undead, happenings }
        })
}

/// What was seen of a life lived to its end.
#[derive(Debug, Default)]
struct Seen {
    first_stop: Option<Moment>,
    main_ended: Option<Moment>,
    left: Option<Moment>,
    first_kill: Option<Moment>,
    /// Signals that should have been sent on, and those that were.
    owed: Vec<Signal>,
    sent: Vec<Signal>,
}

/// A world of processes around a machine, in virtual time.
struct World<'a> {
    machine: Termination<'a>,
    ending: &'a Ending,
    main: bool,
    others: usize,
    undead: bool,
    seen: Seen,
}

impl World<'_> {
    fn tell(&mut self, now: Moment, event: Event) {
        let actions: Vec<Action> = self.machine.step(now, event).into_iter().collect();
        for action in actions {
            assert_eq!(self.seen.left, None, "it acts after it has left");
            match action {
                Action::Send(signal) => self.seen.sent.push(signal),
                Action::KillAll => {
                    self.seen.first_kill.get_or_insert(now);
                    if !self.undead {
                        self.others = 0;
                        self.main_ends(now);
                    }
                }
                Action::Leave => self.seen.left = Some(now),
                Action::TermLeftovers | Action::TermNewOrphans | Action::Suspend => {}
            }
        }
    }

    fn main_ends(&mut self, now: Moment) {
        if self.main && self.seen.left.is_none() {
            self.main = false;
            self.seen.main_ended = Some(now);
            self.tell(now, Event::MainEnded);
        }
        self.look(now);
    }

    /// What init's look at its children tells the machine once the main child has ended.
    fn look(&mut self, now: Moment) {
        if !self.main && self.seen.left.is_none() {
            self.tell(now, if self.others == 0 { Event::Childless } else { Event::Remaining });
        }
    }

    fn happen(&mut self, now: Moment, happening: Happening) {
        match happening {
            Happening::Signal(received) => {
                let route = self.ending.routes.of(received.signal);
                if !concerns_init_only(received) {
                    let stop = route.stops && self.seen.first_stop.is_none();
                    if stop {
                        self.seen.first_stop = Some(now);
                    }
                    if !(stop && self.ending.grace == Some(Duration::ZERO)) {
                        self.seen.owed.extend(route.send);
                    }
                }
                self.tell(now, Event::Signal(received));
            }
            Happening::MainEnds => self.main_ends(now),
            Happening::OtherEnds => {
                self.others = self.others.saturating_sub(1);
                self.look(now);
            }
            Happening::OtherComes => self.others += 1,
        }
    }
}

fn live(life: &Life) -> Seen {
    let mut world = World {
        machine: Termination::new(&life.ending),
        ending: &life.ending,
        main: true,
        others: life.others,
        undead: life.undead,
        seen: Seen::default(),
    };
    let mut now = Moment::at(Duration::ZERO);
    let mut happenings =
        life.happenings.iter().copied().scan(now, |time, (distance, happening)| {
            *time = *time + Duration::from_millis(distance);
            Some((*time, happening))
        });
    let mut next = happenings.next();
    while world.seen.left.is_none() {
        match (next, world.machine.deadline()) {
            (Some((time, happening)), deadline)
                if deadline.is_none_or(|deadline| time < deadline) =>
            {
                now = time;
                world.happen(now, happening);
                next = happenings.next();
            }
            (_, Some(deadline)) => {
                assert!(deadline >= now, "a deadline in the past");
                now = deadline;
                world.tell(now, Event::Due);
            }
            (_, None) => break,
        }
    }
    world.seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Design 8: a stop request that arrives in any state ends with everything gone in time.
    #[test]
    fn with_a_finite_grace_a_stop_ends_within_it_and_two_seconds(life in life((0..20_000u64).prop_map(Some))) {
        let seen = live(&life);
        if let Some(stop) = seen.first_stop {
            let left = seen.left.expect("it never leaves");
            let allowed = life.ending.grace.unwrap() + LAST_WAIT;
            prop_assert!(left.since(stop) <= allowed, "{seen:?}");
        }
    }

    /// What a main child that ended by itself left behind is gone in time as well.
    #[test]
    fn leftovers_are_gone_in_time(life in life(proptest::option::of(0..20_000u64))) {
        let seen = live(&life);
        if let (Some(ended), None) = (seen.main_ended, seen.first_stop) {
            let left = seen.left.expect("it never leaves");
            prop_assert!(left.since(ended) <= LEFTOVER_GRACE + LAST_WAIT, "{seen:?}");
        }
    }

    /// No signal is lost while there is somebody to send it to.
    #[test]
    fn every_signal_is_sent_on_once_and_in_order(life in life(proptest::option::of(0..20_000u64))) {
        let seen = live(&life);
        let owed = seen.owed.get(..seen.sent.len());
        prop_assert_eq!(owed, Some(&seen.sent[..]));
        prop_assert_eq!(seen.sent.len(), seen.owed.len());
    }

    /// SIGKILL never comes early.
    #[test]
    fn nothing_is_killed_before_its_time(life in life(proptest::option::of(1..20_000u64))) {
        let seen = live(&life);
        if let Some(killed) = seen.first_kill {
            let grace = life.ending.grace.unwrap_or(Duration::MAX);
            let by_stop = seen.first_stop.is_some_and(|stop| killed.since(stop) >= grace);
            let by_end = seen.main_ended.is_some_and(|ended| killed.since(ended) >= grace.min(LEFTOVER_GRACE));
            prop_assert!(by_stop || by_end, "{seen:?}");
        }
    }
}
