//! 20,000 orphans at once: how fast does PID 1 reap them, does it leave any, does it grow? See orphanage.rs
//! for the two ways in which they come. Only the first has a ratio: while orphans are still dying, each of
//! init's waits makes the kernel walk over those that live, and chance decides how many these are.

use std::io::Write;

use crate::contender::Contender;
use crate::measure::Bench;
use crate::proc;
use crate::rounds::rounds;
use crate::table::{Bar, Row, Show, Unit};
use crate::witness;

const ORPHANS: u64 = 20_000;

pub fn run(bench: &Bench) -> Vec<Row> {
    let (often, seldom) = if bench.quick { (2, 1) } else { (10, 2) };
    let [dead, dead_left, dead_growth] =
        rounds(&bench.contenders, often, |_, one| once(bench, one, "dead"));
    let [alive, alive_left, alive_growth] =
        rounds(&bench.contenders, seldom, |_, one| once(bench, one, "alive"));
    let rate = |name, show, bar, cells| Row { name, unit: Unit::PerSecond, show, bar, cells };
    let zero = |name, unit, cells| Row {
        name,
        unit,
        show: Show::Figure,
        bar: Bar::AtMost { must: 0.0, wish: 0.0 },
        cells,
    };
    let bar = Bar::RatioAtLeast { peer: "tini", must: 1.0 };
    vec![
        rate("orphans, dead on arrival: reaped a second", Show::Ratio, bar, dead),
        zero("… zombies left", Unit::Count, dead_left),
        zero("… growth of PID 1's own memory", Unit::Bytes, dead_growth),
        rate("orphans, dying meanwhile: reaped a second", Show::Figure, Bar::Open, alive),
        zero("… zombies left", Unit::Count, alive_left),
        zero("… growth of PID 1's own memory", Unit::Bytes, alive_growth),
    ]
}

fn once(bench: &Bench, one: &Contender, state: &str) -> Result<[f64; 3], String> {
    let role = ["orphans", state, &ORPHANS.to_string()];
    let (init, mut link) = witness::start(bench.witnesses.role(one, &role))?;
    let own = || proc::field(init.pid, "smaps_rollup", "Pss_Anon");
    let before = own()?;
    link.write_all(b"g").map_err(|error| format!("link: {error}"))?;
    let nanos = u64::from_ne_bytes(witness::read(&mut link)?);
    let left = u64::from_ne_bytes(witness::read(&mut link)?);
    let rate = (ORPHANS - left.min(ORPHANS)) as f64 / (nanos as f64 / 1e9);
    Ok([rate, left as f64, own()? - before])
}
