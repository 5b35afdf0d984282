//! Real processes: an attempt that is killed, its command, and somebody the command has started.

use super::*;
use crate::sys::fork;
use std::time::{Duration, Instant};

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn sleep() -> u8 {
    std::thread::sleep(Duration::from_secs(100));
    0
}

/// Those of this session that live.
fn living(session: Pid) -> usize {
    let mut count = 0;
    process_tree::for_each_of_session(session, |_| count += 1).unwrap();
    count
}

/// An attempt with a command of two processes; it writes down its command at once, or never. Both pids.
fn attempt(ledger: Ledger, is_noted: bool) -> (Pid, Pid) {
    let told = &shared_memory::rows(1).unwrap()[0][0];
    let attempt = fork::fork(|| {
        let entry = ledger.enter().unwrap();
        let command = fork::fork(|| {
            this_process::leave_group();
            if is_noted {
                entry.begin();
            }
            fork::fork(sleep).unwrap();
            sleep()
        });
        told.store(word(command.unwrap()), Ordering::SeqCst);
        sleep()
    });
    let mut command = None;
    until("there is a command of two", || {
        command = pid(told.load(Ordering::SeqCst));
        command.is_some_and(|command| living(command) == 2)
    });
    (attempt.unwrap(), command.unwrap())
}

fn kill(pid: Pid) {
    signals::send(Recipient::Process(pid), Signal::KILL).unwrap();
    wait::end_of(pid);
}

fn is_empty(ledger: Ledger) -> bool {
    ledger.0.iter().flatten().all(|word| word.load(Ordering::SeqCst) == 0)
}

#[test]
fn what_a_killed_attempt_leaves_behind_is_killed() {
    let ledger = Ledger::open().unwrap();
    let (one, command) = attempt(ledger, true);
    let (other, others) = attempt(ledger, true);
    kill(one);
    ledger.settle(this_process::pid());
    assert_eq!((living(command), living(others)), (2, 2));
    ledger.settle(one);
    until("its command is gone", || living(command) == 0);
    assert_eq!(living(others), 2);
    kill(other);
    ledger.inherit();
    until("the other's is gone too", || living(others) == 0);
    assert!(is_empty(ledger));
}

#[test]
fn a_command_that_is_not_written_down_is_no_business_of_the_ledgers() {
    let ledger = Ledger::open().unwrap();
    let (attempt, command) = attempt(ledger, false);
    kill(attempt);
    ledger.settle(attempt);
    assert_eq!((living(command), is_empty(ledger)), (2, true));
    kill_session(command, Ticks::now());
    until("it is gone", || living(command) == 0);
}

/// The number is another's by now.
#[test]
fn a_session_that_is_younger_than_its_entry_is_a_strangers() {
    let (attempt, command) = attempt(Ledger::open().unwrap(), true);
    kill_session(command, Ticks(1));
    assert_eq!(living(command), 2);
    kill_session(command, Ticks::now());
    until("it is gone", || living(command) == 0);
    kill(attempt);
}

#[test]
fn an_attempt_that_lives_on_is_continued() {
    let ledger = Ledger::open().unwrap();
    let (attempt, command) = attempt(ledger, true);
    signals::send(Recipient::Process(attempt), Signal::STOP).unwrap();
    until("it is stopped", || wait::stopped(attempt).is_some());
    // What is on its way when the one above it ends.
    signals::send(Recipient::Process(attempt), Signal::TERM).unwrap();
    ledger.inherit();
    assert_eq!(wait::end_of(attempt), wait::Exit::Signal(Signal::TERM));
    assert_eq!(living(command), 2);
    ledger.settle(attempt);
    until("its command is gone", || living(command) == 0);
}

#[test]
fn a_row_is_taken_until_its_entry_is_dropped() {
    let ledger = Ledger::open().unwrap();
    let mut all: Vec<_> = std::iter::from_fn(|| ledger.enter()).collect();
    assert_eq!(all.len(), ROWS);
    all.swap_remove(7);
    all.extend(ledger.enter());
    assert!(all.len() == ROWS && ledger.enter().is_none());
    drop(all);
    assert!(is_empty(ledger));
}
