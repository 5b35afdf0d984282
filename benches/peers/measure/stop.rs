//! TERM to PID 1 whose child has the default action for it: how long until PID 1 is gone (waitpid is back)?

use std::thread::sleep;
use std::time::Duration;

use crate::clock::Instant;
use crate::contender::{Contender, Mode};
use crate::measure::Bench;
use crate::rounds::rounds;
use crate::table::{Bar, Row, Show, Unit};
use crate::witness::{self, TERM_CODE};

pub fn run(bench: &Bench) -> Vec<Row> {
    let [cells] = rounds(&bench.contenders, bench.rounds(500), |_, one| once(bench, one));
    let bar = Bar::RatioAtMost { peer: "dumb-init", must: 1.1, wish: 1.0 };
    vec![Row { name: "stop: TERM to gone", unit: Unit::Nanos, show: Show::Ratio, bar, cells }]
}

fn once(bench: &Bench, one: &Contender) -> Result<[f64; 1], String> {
    let (mut init, _link) = witness::start(bench.witnesses.sleeper(one, Mode::Default))?;
    // The child runs; let the init come to its waiting place as well.
    sleep(Duration::from_millis(1));
    let sent = Instant::now();
    init.signal(libc::SIGTERM);
    let ended = init.wait()?;
    let took = sent.elapsed();
    ended.expect_code(TERM_CODE)?;
    Ok([took.as_nanos() as f64])
}
