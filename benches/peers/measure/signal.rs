//! USR1 sent to PID 1 from outside: when does the child have it? The child waits in sigwaitinfo and reports
//! its own reading of the clock; init and child are asleep when the signal is sent.

use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::Duration;

use crate::clock::Instant;
use crate::contender::Contender;
use crate::launch::Running;
use crate::measure::Bench;
use crate::rounds::{Cell, rounds};
use crate::stats::quantile;
use crate::table::{Bar, Row, Show, Unit};
use crate::witness;

pub fn run(bench: &Bench) -> Vec<Row> {
    let mut lanes: Vec<Option<Lane>> = bench.contenders.iter().map(|_| None).collect();
    let [latencies] = rounds(&bench.contenders, bench.rounds(3000), |index, one| {
        let lane = match &mut lanes[index] {
            Some(lane) => lane,
            none => none.insert(start(bench, one)?),
        };
        once(lane).map(|latency| [latency])
    });
    let p99 = latencies.iter().map(|cell| match cell {
        Cell::Samples(samples) => Cell::Samples(vec![quantile(samples, 0.99)]),
        other => other.clone(),
    });
    let p99 = p99.collect();
    let row = |name, bar, cells| Row { name, unit: Unit::Nanos, show: Show::Ratio, bar, cells };
    vec![
        row(
            "signal to child: median",
            Bar::RatioAtMost { peer: "dumb-init", must: 1.1, wish: 1.0 },
            latencies,
        ),
        row("signal to child: 99th percentile", Bar::Open, p99),
    ]
}

type Lane = (Running, UnixStream);

fn start(bench: &Bench, one: &Contender) -> Result<Lane, String> {
    witness::start(bench.witnesses.role(one, &["signals"]))
}

fn once((init, link): &mut Lane) -> Result<f64, String> {
    sleep(Duration::from_micros(100));
    let sent = Instant::now();
    init.signal(libc::SIGUSR1);
    let seen = Instant::from_nanos(u64::from_ne_bytes(witness::read(link)?));
    Ok((seen - sent).as_nanos() as f64)
}
