//! A TERM that comes early: is it lost? Lost means that init is still there half a second later, and a
//! container engine would have to wait for its SIGKILL.
//!
//! At the child's birth: TERM the moment init has a child (seen in /proc by spinning), which finds an init
//! that forwards into a group not yet made, or a child that eats what it gets before its exec.
//! In the first millisecond: TERM at a random moment after init's exec. Here every init loses what comes
//! before its first instructions have run (see the window rows) and during the rest of the exec itself; the
//! moments are the same for all, and init runs on another processor than the bench that spins.

use std::time::Duration;

use crate::clock::Instant;
use crate::contender::{Contender, Mode};
use crate::launch::Running;
use crate::measure::Bench;
use crate::proc;
use crate::processors::Pinned;
use crate::rounds::{Cell, rounds};
use crate::stats::Random;
use crate::table::{Bar, Row, Show, Unit};
use crate::witness::TERM_CODE;

/// After that long a TERM has not come through.
const PATIENCE: Duration = Duration::from_millis(500);

pub fn run(bench: &Bench) -> Vec<Row> {
    let (births, moments) = (bench.rounds(200), bench.rounds(500));
    let at_birth = |mode| losses(bench, births, |_, one| term_at_birth(bench, one, mode));
    let row = |name, bar, cells| Row { name, unit: Unit::Lost, show: Show::Figure, bar, cells };
    let none = || Bar::AtMost { must: 0.0, wish: 0.0 };
    vec![
        row("TERM at the child's birth, to the group: lost", none(), at_birth(Mode::Group)),
        row("TERM at the child's birth, to the child: lost", none(), at_birth(Mode::Single)),
        row("TERM 0–1 ms after the exec: lost", Bar::Open, at_random_moments(bench, moments)),
    ]
}

fn term_at_birth(bench: &Bench, one: &Contender, mode: Mode) -> Result<Running, String> {
    let init = bench.witnesses.sleeper(one, mode).start()?;
    proc::await_child(init.pid)?;
    init.signal(libc::SIGTERM);
    Ok(init)
}

fn at_random_moments(bench: &Bench, count: usize) -> Vec<Cell> {
    let mut random = Random::new();
    let delays: Vec<_> =
        (0..count).map(|_| Duration::from_nanos(random.below(1_000_000))).collect();
    let pinned = Pinned::here();
    losses(bench, count, |round, one| {
        let command = bench.witnesses.sleeper(one, Mode::Default).processors(pinned.others());
        let init = command.start()?;
        (Instant::now() + delays[round]).spin();
        init.signal(libc::SIGTERM);
        Ok(init)
    })
}

/// 1 for a lost TERM, 0 for one that has ended the init to which `term` has sent it. Those that seem lost
/// are waited for together, while the rounds go on.
fn losses(
    bench: &Bench,
    count: usize,
    mut term: impl FnMut(usize, &Contender) -> Result<Running, String>,
) -> Vec<Cell> {
    let mut open: Vec<Vec<(Running, Instant)>> =
        bench.contenders.iter().map(|_| Vec::new()).collect();
    let [mut cells] = rounds(&bench.contenders, count, |index, one| {
        let init = term(open[index].len(), one)?;
        open[index].push((init, Instant::now() + PATIENCE));
        Ok([0.0])
    });
    for (cell, inits) in cells.iter_mut().zip(open) {
        if let Cell::Samples(samples) = cell {
            match inits.into_iter().map(is_lost).collect() {
                Ok(lost) => *samples = lost,
                Err(why) => *cell = Cell::Failed(why),
            }
        }
    }
    cells
}

fn is_lost((mut init, deadline): (Running, Instant)) -> Result<f64, String> {
    match init.wait_until(deadline) {
        None => Ok(1.0),
        Some(ended) => ended.expect_code(TERM_CODE).map(|_| 0.0),
    }
}
