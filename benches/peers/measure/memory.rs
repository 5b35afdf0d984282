//! What an idle init costs as PID 1 while its child sleeps. One init at a time runs from each binary, as
//! pages of a file that several use would count only in part.

use crate::contender::{Contender, Mode};
use crate::measure::{Bench, SETTLE};
use crate::proc;
use crate::rounds::rounds;
use crate::table::{Bar, Row, Show, Unit};
use crate::witness;

const KIB: f64 = 1024.0;

pub fn run(bench: &Bench) -> Vec<Row> {
    let [anonymous, proportional, resident] =
        rounds(&bench.contenders, 3, |_, one| once(bench, one));
    let row = |name, bar, cells| Row { name, unit: Unit::Bytes, show: Show::Ratio, bar, cells };
    vec![
        row("memory: Pss_Anon", Bar::AtMost { must: 96.0 * KIB, wish: 60.0 * KIB }, anonymous),
        row("memory: Pss", Bar::Open, proportional),
        row("memory: Rss", Bar::Open, resident),
    ]
}

fn once(bench: &Bench, one: &Contender) -> Result<[f64; 3], String> {
    let (init, _link) = witness::start(bench.witnesses.sleeper(one, Mode::Default))?;
    std::thread::sleep(SETTLE);
    let field = |name| proc::field(init.pid, "smaps_rollup", name);
    Ok([field("Pss_Anon")?, field("Pss")?, field("Rss")?])
}
