//! "Did you mean …?"

/// Longer words are no slips of a known one; and the table that is compared with stays small.
const MAX_LENGTH: usize = 64;

/// The one of `names` that `word` may be a slip of: equal but for case, or a few edits away.
pub(in crate::spec) fn closest(word: &str, names: &[&'static str]) -> Option<&'static str> {
    if word.len() > MAX_LENGTH {
        return None;
    }
    let word = word.to_ascii_lowercase();
    // A third of the letters may be wrong, and no more than three.
    let most = (word.chars().count() / 3).min(3);
    names
        .iter()
        .map(|name| (distance(&word, &name.to_ascii_lowercase()), *name))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Damerau and Levenshtein's in its restricted form: letters left out, put in, exchanged, or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let cell = |line: Option<&Vec<usize>>, column: usize| -> usize {
        line.and_then(|line| line.get(column)).map_or(usize::MAX - 1, |cost| *cost)
    };
    // By row and column: from so many letters of the one to so many of the other.
    let mut table: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (row, c) in from.iter().enumerate() {
        let above = table.last();
        let mut line = vec![row + 1];
        for (column, d) in to.iter().enumerate() {
            let mut cost = (cell(above, column) + usize::from(c != d))
                .min(cell(above, column + 1) + 1)
                .min(cell(Some(&line), column) + 1);
            if let (Some(row), Some(column)) = (row.checked_sub(1), column.checked_sub(1))
                && (from.get(row), to.get(column)) == (Some(d), Some(c))
            {
                cost = cost.min(cell(table.get(row), column) + 1);
            }
            line.push(cost);
        }
        table.push(line);
    }
    cell(table.last(), to.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_so_many_edits_apart() {
        for (from, to, edits) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("abc", "adc", 1),
            ("abc", "ab", 1),
            ("ab", "abc", 1),
            ("abcd", "acbd", 1),
            ("abcd", "badc", 2),
            ("ca", "abc", 3),
            ("kitten", "sitting", 3),
            ("über", "uber", 1),
        ] {
            assert_eq!(distance(from, to), edits, "{from} {to}");
        }
    }

    #[test]
    fn the_closest_is_taken_if_it_is_close() {
        let names = ["livenessProbe", "readinessProbe", "name", "env", "envFrom", "image", "tty"];
        for (word, name) in [
            ("livenessprobe", Some("livenessProbe")),
            ("livelinessProbe", Some("livenessProbe")),
            ("redinesProbe", Some("readinessProbe")),
            ("envs", Some("env")),
            ("imge", Some("image")),
            ("TTY", Some("tty")),
            ("x", None),
            ("to", None),
            ("startupProbe", None),
            ("volumes", None),
        ] {
            assert_eq!(closest(word, &names), name, "{word}");
        }
        assert_eq!(closest(&"x".repeat(1 << 20), &names), None);
    }
}
