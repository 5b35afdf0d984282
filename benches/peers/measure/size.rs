//! The file that goes into the image. The dynamic peers want libc in it as well.

use std::fs;

use crate::measure::Bench;
use crate::rounds::rounds;
use crate::table::{Bar, Row, Show, Unit};

const MIB: f64 = 1024.0 * 1024.0;

pub fn run(bench: &Bench) -> Vec<Row> {
    let [cells] = rounds(&bench.contenders, 1, |_, one| {
        let path = one.path.as_deref().ok_or("not here")?;
        let file = fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok([file.len() as f64])
    });
    let bar = Bar::AtMost { must: 3.5 * MIB, wish: 2.7 * MIB };
    vec![Row { name: "binary size", unit: Unit::Bytes, show: Show::Figure, bar, cells }]
}
