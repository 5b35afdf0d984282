use super::*;
use crate::plan::{self, OwnOptions};
use crate::signal::SignalSet;

mod properties;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn at(count: f64) -> Moment {
    Moment::at(Duration::from_secs_f64(count))
}

fn own(grace: Option<Duration>) -> Ending {
    plan::own(&OwnOptions { grace, ..OwnOptions::default() }).ending
}

fn sent(signal: Signal) -> Event {
    Event::Signal(Received { signal, sender: Sender::Process })
}

fn caused(signal: Signal, sender: Sender) -> Event {
    Event::Signal(Received { signal, sender })
}

/// What a machine answers, as a list.
fn answers(machine: &mut Termination<'_>, now: f64, event: Event) -> Vec<Action> {
    machine.step(at(now), event).into_iter().collect()
}

#[test]
fn idle_is_idle() {
    let ending = own(Some(seconds(30)));
    let machine = Termination::new(&ending);
    assert_eq!(machine.deadline(), None);
}

#[test]
fn a_stop_signal_is_sent_on_and_ends_in_sigkill() {
    let ending = own(Some(seconds(10)));
    let mut machine = Termination::new(&ending);
    assert_eq!(answers(&mut machine, 1.0, sent(Signal::INT)), [Action::Send(Signal::INT)]);
    assert_eq!(machine.deadline(), Some(at(11.0)));
    // A second one is sent on too and moves nothing.
    assert_eq!(answers(&mut machine, 5.0, sent(Signal::TERM)), [Action::Send(Signal::TERM)]);
    assert_eq!(machine.deadline(), Some(at(11.0)));
    assert_eq!(answers(&mut machine, 11.0, Event::Due), [Action::KillAll]);
    assert_eq!(answers(&mut machine, 11.1, Event::MainEnded), [Action::KillAll]);
    assert_eq!(answers(&mut machine, 11.1, Event::Childless), [Action::Leave]);
    let account = machine.account().unwrap();
    assert_eq!((account.stop_signal, account.killed), (Some(Signal::INT), true));
    assert_eq!(account.total, Duration::from_millis(10_100));
}

#[test]
fn other_signals_are_sent_on_and_begin_nothing() {
    let ending = own(Some(seconds(10)));
    let mut machine = Termination::new(&ending);
    for signal in
        Signal::forwardable().filter(|signal| !matches!(*signal, Signal::TERM | Signal::INT))
    {
        assert_eq!(answers(&mut machine, 1.0, sent(signal)), [Action::Send(signal)], "{signal}");
    }
    assert_eq!(machine.deadline(), None);
}

#[test]
fn a_grace_period_of_zero_is_sigkill_and_nothing_before_it() {
    let ending = own(Some(Duration::ZERO));
    let mut machine = Termination::new(&ending);
    assert_eq!(answers(&mut machine, 1.0, sent(Signal::TERM)), [Action::KillAll]);
    let mut machine = Termination::new(&ending);
    assert_eq!(answers(&mut machine, 1.0, Event::MainEnded), []);
    assert_eq!(answers(&mut machine, 1.0, Event::Remaining), [Action::KillAll]);
}

#[test]
fn an_endless_grace_period_leaves_the_kill_to_the_engine() {
    let ending = own(None);
    let mut machine = Termination::new(&ending);
    assert_eq!(answers(&mut machine, 1.0, sent(Signal::TERM)), [Action::Send(Signal::TERM)]);
    assert_eq!(machine.deadline(), None);
    assert_eq!(answers(&mut machine, 2.0, Event::MainEnded), []);
    assert_eq!(answers(&mut machine, 2.0, Event::Remaining), [Action::TermLeftovers]);
    assert_eq!(machine.deadline(), None);
}

#[test]
fn leftovers_get_the_rest_of_the_grace_when_a_stop_was_asked_for() {
    let ending = own(Some(seconds(30)));
    let mut machine = Termination::new(&ending);
    let _ = machine.step(at(0.0), sent(Signal::TERM));
    assert_eq!(answers(&mut machine, 10.0, Event::MainEnded), []);
    assert_eq!(answers(&mut machine, 10.0, Event::Remaining), [Action::TermLeftovers]);
    assert_eq!(machine.deadline(), Some(at(30.0)));
}

#[test]
fn new_orphans_are_looked_for_soon_after_an_end_and_only_then() {
    let ending = own(None);
    let mut machine = Termination::new(&ending);
    let _ = machine.step(at(0.0), sent(Signal::TERM));
    let _ = machine.step(at(10.0), Event::MainEnded);
    assert_eq!(answers(&mut machine, 10.0, Event::Remaining), [Action::TermLeftovers]);
    assert_eq!(machine.deadline(), None);
    assert_eq!(answers(&mut machine, 11.0, Event::Remaining), []);
    assert_eq!(answers(&mut machine, 11.01, Event::Remaining), []);
    assert_eq!(machine.deadline(), Some(at(11.05)));
    assert_eq!(answers(&mut machine, 11.05, Event::Due), [Action::TermNewOrphans]);
    assert_eq!(machine.deadline(), None);
}

#[test]
fn leftovers_get_five_seconds_or_the_grace_when_none_was() {
    for (grace, due) in [(None, 15.0), (Some(seconds(30)), 15.0), (Some(seconds(2)), 12.0)] {
        let ending = own(grace);
        let mut machine = Termination::new(&ending);
        let _ = machine.step(at(10.0), Event::MainEnded);
        assert_eq!(answers(&mut machine, 10.0, Event::Remaining), [Action::TermLeftovers]);
        assert_eq!(machine.deadline(), Some(at(due)), "{grace:?}");
        assert_eq!(answers(&mut machine, due, Event::Due), [Action::KillAll]);
    }
}

#[test]
fn a_stop_while_leftovers_are_waited_for_gives_them_no_more_time() {
    let ending = own(Some(seconds(30)));
    let mut machine = Termination::new(&ending);
    let _ = machine.step(at(10.0), Event::MainEnded);
    let _ = machine.step(at(10.0), Event::Remaining);
    assert_eq!(answers(&mut machine, 12.0, sent(Signal::TERM)), [Action::Send(Signal::TERM)]);
    assert_eq!(machine.deadline(), Some(at(15.0)));
}

#[test]
fn what_sigkill_cannot_end_is_left_after_two_seconds() {
    let ending = own(Some(seconds(1)));
    let mut machine = Termination::new(&ending);
    let _ = machine.step(at(0.0), sent(Signal::TERM));
    assert_eq!(answers(&mut machine, 1.0, Event::Due), [Action::KillAll]);
    let again = machine.deadline().unwrap();
    assert!(again > at(1.0) && again < at(1.2), "SIGKILL is repeated soon");
    assert_eq!(answers(&mut machine, 3.0, Event::Due), [Action::Leave]);
    assert_eq!(machine.deadline(), None);
}

/// init U33, init X8: what nobody sent to the program does not reach it.
#[test]
fn what_init_itself_brought_about_is_not_sent_on() {
    let ending = own(None);
    let mut machine = Termination::new(&ending);
    for (signal, sender) in [
        (Signal::PIPE, Sender::Init),
        (Signal::XFSZ, Sender::Init),
        (Signal::TTOU, Sender::Init),
        (Signal::HUP, Sender::Init),
        (Signal::CONT, Sender::Init),
        (Signal::TTIN, Sender::Kernel),
        (Signal::TTOU, Sender::Kernel),
    ] {
        assert_eq!(
            answers(&mut machine, 1.0, caused(signal, sender)),
            [],
            "{signal} from {sender:?}"
        );
        assert_eq!(answers(&mut machine, 1.0, sent(signal)), [Action::Send(signal)]);
    }
}

#[test]
fn a_terminal_that_changes_size_stops_nobody() {
    let options =
        OwnOptions { stop_on: SignalSet::EMPTY.with(Signal::WINCH), ..OwnOptions::default() };
    let ending = Ending { grace: Some(seconds(5)), ..plan::own(&options).ending };
    let mut machine = Termination::new(&ending);
    assert_eq!(
        answers(&mut machine, 1.0, caused(Signal::WINCH, Sender::Kernel)),
        [Action::Send(Signal::WINCH)]
    );
    assert_eq!(machine.deadline(), None);
    assert_eq!(answers(&mut machine, 2.0, sent(Signal::WINCH)), [Action::Send(Signal::WINCH)]);
    assert_eq!(machine.deadline(), Some(at(7.0)));
}

/// init D14, init U28: as a peer, the end of the main child is the end.
#[test]
fn peers_leave_when_the_program_has_ended() {
    let ending = plan::dumb_init(false, &[]).ending;
    let mut machine = Termination::new(&ending);
    assert_eq!(answers(&mut machine, 1.0, sent(Signal::TERM)), [Action::Send(Signal::TERM)]);
    assert_eq!(machine.deadline(), None);
    assert_eq!(
        answers(&mut machine, 1.0, Event::MainEnded),
        [Action::Send(Signal::TERM), Action::Leave]
    );

    // init D14: the TERM is rewritten like any other.
    let ending = plan::dumb_init(false, &[(Signal::TERM, None)]).ending;
    let mut machine = Termination::new(&ending);
    assert_eq!(answers(&mut machine, 1.0, Event::MainEnded), [Action::Leave]);

    let ending = plan::catatonit(true).ending;
    let mut machine = Termination::new(&ending);
    assert_eq!(answers(&mut machine, 1.0, Event::MainEnded), [Action::Leave]);
}

/// init D12
#[test]
fn dumb_init_stops_its_group_and_then_itself() {
    let ending = plan::dumb_init(false, &[]).ending;
    let mut machine = Termination::new(&ending);
    assert_eq!(
        answers(&mut machine, 1.0, sent(Signal::TSTP)),
        [Action::Send(Signal::STOP), Action::Suspend]
    );
    let ending = plan::dumb_init(false, &[(Signal::TSTP, None)]).ending;
    let mut machine = Termination::new(&ending);
    assert_eq!(answers(&mut machine, 1.0, sent(Signal::TSTP)), [Action::Suspend]);
}
