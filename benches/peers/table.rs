//! Rows, what is expected of them, and the table, which is also valid Markdown.

use crate::contender::Contender;
use crate::rounds::Cell;
use crate::stats::{median, paired_ratios, quantile};

#[derive(Clone, Copy, PartialEq)]
pub enum Unit {
    Nanos,
    Bytes,
    Count,
    PerSecond,
    /// 0 or 1 a round; shown as their sum out of so many.
    Lost,
}

/// How the peers' cells are shown.
#[derive(Clone, Copy, PartialEq)]
pub enum Show {
    /// podinit ÷ peer, median of the pairs, with the quartiles where they differ.
    Ratio,
    /// The peer's own figure: ratios to zero mean nothing.
    Figure,
}

/// What podinit has to reach.
pub enum Bar {
    /// podinit ÷ peer, where less is better.
    RatioAtMost { peer: &'static str, must: f64, wish: f64 },
    /// podinit ÷ peer, where more is better.
    RatioAtLeast { peer: &'static str, must: f64 },
    /// podinit's own figure.
    AtMost { must: f64, wish: f64 },
    /// For information.
    Open,
}

pub struct Row {
    pub name: &'static str,
    pub unit: Unit,
    pub show: Show,
    pub bar: Bar,
    /// One per contender, podinit first.
    pub cells: Vec<Cell>,
}

impl Row {
    fn rounds(&self) -> usize {
        self.cells.iter().filter_map(Cell::samples).map(<[f64]>::len).max().unwrap_or(0)
    }

    /// The one number that stands for all rounds.
    fn total(&self, samples: &[f64]) -> f64 {
        match self.unit {
            Unit::Lost => samples.iter().sum(),
            _ => median(samples),
        }
    }

    fn figure(&self, samples: &[f64]) -> String {
        let figure = quantity(self.unit, self.total(samples));
        if self.unit == Unit::Lost { format!("{figure} of {}", samples.len()) } else { figure }
    }

    fn ratios(&self, peer: usize) -> Option<Vec<f64>> {
        Some(paired_ratios(self.cells[0].samples()?, self.cells[peer].samples()?))
            .filter(|r| !r.is_empty())
    }

    fn cell(&self, index: usize) -> String {
        let samples = match &self.cells[index] {
            Cell::Missing => return "missing".to_owned(),
            Cell::Failed(_) => return "failed".to_owned(),
            Cell::Samples(samples) => samples,
        };
        let figure = self.figure(samples);
        match self.ratios(index) {
            Some(ratios) if index > 0 && self.show == Show::Ratio => {
                format!("{} of {figure}", spread(&ratios))
            }
            _ => figure,
        }
    }

    fn bar(&self, contenders: &[Contender]) -> String {
        let at = |peer: &str| contenders.iter().position(|one| one.name == peer);
        let ratios = |peer: &str| at(peer).and_then(|index| self.ratios(index));
        match self.bar {
            Bar::RatioAtMost { peer, must, wish } => {
                let verdict = ratios(peer).map(|ratios| match median(&ratios) {
                    middle if middle <= wish => "met, wish too",
                    middle if middle <= must => "met",
                    _ if quantile(&ratios, 0.25) <= must => "within the noise",
                    _ => "MISSED",
                });
                format!("≤ {must}× {peer}, wish ≤ {wish}×: {}", verdict.unwrap_or(UNKNOWN))
            }
            Bar::RatioAtLeast { peer, must } => {
                let verdict = ratios(peer).map(|ratios| match median(&ratios) {
                    middle if middle >= must => "met",
                    _ if quantile(&ratios, 0.75) >= must => "within the noise",
                    _ => "MISSED",
                });
                format!("≥ {must}× {peer}: {}", verdict.unwrap_or(UNKNOWN))
            }
            Bar::AtMost { must, wish } => {
                let verdict = self.cells[0].samples().map(|samples| match self.total(samples) {
                    figure if figure <= wish && wish < must => "met, wish too",
                    figure if figure <= must => "met",
                    _ => "MISSED",
                });
                let limit = |value| match value {
                    0.0 => "0".to_owned(),
                    _ => format!("≤ {}", quantity(self.unit, value)),
                };
                let wish =
                    if wish < must { format!(", wish {}", limit(wish)) } else { String::new() };
                format!("{}{wish}: {}", limit(must), verdict.unwrap_or(UNKNOWN))
            }
            Bar::Open => "–".to_owned(),
        }
    }
}

const UNKNOWN: &str = "not measured";

/// `0.87× [0.84–0.91]`: median and quartiles; the quartiles are left out where they say nothing.
fn spread(ratios: &[f64]) -> String {
    let [low, middle, high] = [0.25, 0.5, 0.75].map(|q| two_digits(quantile(ratios, q)));
    if low == high { format!("{middle}×") } else { format!("{middle}× [{low}–{high}]") }
}

/// Two places, or as many more as a small ratio needs to show two digits.
fn two_digits(ratio: f64) -> String {
    let places = if ratio > 0.0 { (1.0 - ratio.log10().floor()).max(2.0) } else { 0.0 };
    format!("{ratio:.*}", places as usize)
}

fn quantity(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Nanos if value < 1e6 => format!("{:.1} µs", value / 1e3),
        Unit::Nanos => format!("{:.2} ms", value / 1e6),
        Unit::Bytes if value < 1024.0 * 1024.0 => format!("{:.0} KiB", value / 1024.0),
        Unit::Bytes => format!("{:.2} MiB", value / 1024.0 / 1024.0),
        Unit::PerSecond => format!("{:.0} k/s", value / 1e3),
        Unit::Count | Unit::Lost => format!("{value:.0}"),
    }
}

/// The comparison: one line per row, one column per contender.
pub fn comparison(contenders: &[Contender], rows: &[Row]) -> String {
    let names = contenders.iter().map(|one| one.name.to_owned());
    let mut lines =
        vec![["measure".to_owned(), "n".to_owned()].into_iter().chain(names).collect::<Vec<_>>()];
    lines[0].push("bar".to_owned());
    for row in rows {
        let cells = (0..contenders.len()).map(|index| row.cell(index));
        let mut line: Vec<_> =
            [row.name.to_owned(), row.rounds().to_string()].into_iter().chain(cells).collect();
        line.push(row.bar(contenders));
        lines.push(line);
    }
    markdown(&lines)
}

/// Every contender's own figures behind the ratios: least, quartiles, most.
pub fn distributions(contenders: &[Contender], rows: &[Row]) -> String {
    let heading = ["measure", "init", "n", "min", "25 %", "median", "75 %", "99 %", "max"];
    let mut lines = vec![heading.map(str::to_owned).to_vec()];
    for row in rows.iter().filter(|row| row.show == Show::Ratio) {
        for (contender, samples) in contenders.iter().zip(&row.cells) {
            let Some(samples) = samples.samples() else {
                continue;
            };
            let mut line =
                vec![row.name.to_owned(), contender.name.to_owned(), samples.len().to_string()];
            line.extend(
                [0.0, 0.25, 0.5, 0.75, 0.99, 1.0].map(|q| quantity(row.unit, quantile(samples, q))),
            );
            lines.push(line);
        }
    }
    markdown(&lines)
}

/// The reasons behind cells that say `failed`: each with the rows it has spoilt.
pub fn failures(contenders: &[Contender], rows: &[Row]) -> Vec<String> {
    let mut found: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for row in rows {
        for (contender, cell) in contenders.iter().zip(&row.cells) {
            let Cell::Failed(why) = cell else { continue };
            match found
                .iter_mut()
                .find(|(name, reason, _)| *name == contender.name && reason == why)
            {
                Some((.., rows)) => rows.push(row.name),
                None => found.push((contender.name, why, vec![row.name])),
            }
        }
    }
    found
        .into_iter()
        .map(|(name, why, rows)| format!("{name}: {why} ({})", rows.join("; ")))
        .collect()
}

/// Columns of even width, the first line as heading.
fn markdown(lines: &[Vec<String>]) -> String {
    let width =
        |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..lines[0].len()).map(width).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (cell, &width) in line.iter().zip(&widths) {
            text += &format!("| {cell:width$} ");
        }
        text += "|\n";
        if number == 0 {
            text += &widths
                .iter()
                .map(|&width| format!("|-{}-", "-".repeat(width)))
                .collect::<String>();
            text += "|\n";
        }
    }
    text
}
