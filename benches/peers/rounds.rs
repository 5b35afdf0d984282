//! The order of every measurement: A B C D, A B C D, …, so that a slow moment hits all alike and each
//! round yields one fair pair per peer.

use crate::contender::Contender;

/// What became of one contender in one row.
#[derive(Clone)]
pub enum Cell {
    /// Not installed here.
    Missing,
    /// Could not be measured, and why.
    Failed(String),
    /// One figure per round.
    Samples(Vec<f64>),
}

impl Cell {
    pub fn samples(&self) -> Option<&[f64]> {
        match self {
            Cell::Samples(samples) => Some(samples),
            Cell::Missing | Cell::Failed(_) => None,
        }
    }
}

/// `count` rounds over all contenders; `one` takes one reading of K figures. The first failure takes its
/// contender out of the race. The answer is K lists of cells, one for each row.
pub fn rounds<const K: usize>(
    contenders: &[Contender],
    count: usize,
    mut one: impl FnMut(usize, &Contender) -> Result<[f64; K], String>,
) -> [Vec<Cell>; K] {
    let mut cells = std::array::from_fn(|_| contenders.iter().map(fresh).collect::<Vec<_>>());
    for _ in 0..count {
        for (index, contender) in contenders.iter().enumerate() {
            if !matches!(cells[0][index], Cell::Samples(_)) {
                continue;
            }
            match one(index, contender) {
                Ok(figures) => {
                    for (row, figure) in cells.iter_mut().zip(figures) {
                        if let Cell::Samples(samples) = &mut row[index] {
                            samples.push(figure);
                        }
                    }
                }
                Err(why) => cells.iter_mut().for_each(|row| row[index] = Cell::Failed(why.clone())),
            }
        }
    }
    cells
}

/// Something for each contender that can have it; the others' cells are settled with that.
pub fn each<T>(
    contenders: &[Contender],
    mut make: impl FnMut(&Contender) -> Result<T, String>,
) -> Vec<Result<T, Cell>> {
    let here = |one: &Contender| one.path.is_some();
    contenders
        .iter()
        .map(|one| if here(one) { make(one).map_err(Cell::Failed) } else { Err(Cell::Missing) })
        .collect()
}

fn fresh(contender: &Contender) -> Cell {
    if contender.path.is_some() { Cell::Samples(Vec::new()) } else { Cell::Missing }
}
