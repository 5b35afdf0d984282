//! What a Markdown page of this repository shows: fenced blocks, tables and the words in backquotes.
//!
//! Used by the suite and by the tests on a real engine, so it knows nothing of either.

/// A fenced block: three backquotes, a language, words for the tests, the text.
#[derive(Debug)]
pub struct Block {
    pub line: usize,
    pub language: String,
    pub words: Vec<String>,
    pub text: String,
    /// The text of the `text` or `json` block that follows with nothing but an empty line between.
    pub shown: Option<String>,
}

impl Block {
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|known| known == word)
    }

    /// The value of a word `NAME=VALUE`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }
}

/// All fenced blocks, in order.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut last_end = 0;
    let mut lines = page.lines().zip(1..);
    while let Some((fence, line)) = lines.next() {
        let Some(info) = fence.strip_prefix("```") else { continue };
        let mut words = info.split_whitespace().map(str::to_owned);
        let language = words.next().unwrap_or_default();
        let mut text = String::new();
        let mut end = line;
        for (content, number) in lines.by_ref() {
            end = number;
            if content.starts_with("```") {
                break;
            }
            text.push_str(content);
            text.push('\n');
        }
        let is_output = matches!(language.as_str(), "text" | "json");
        match blocks.last_mut() {
            Some(before) if is_output && line == last_end + 2 => before.shown = Some(text),
            _ => blocks.push(Block { line, language, words: words.collect(), text, shown: None }),
        }
        last_end = end;
    }
    blocks
}

/// A table and the heading it stands under.
pub struct Table {
    pub under: String,
    /// The first row is the table's own head.
    pub rows: Vec<Vec<String>>,
}

/// All tables, in order.
pub fn tables(page: &str) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let (mut under, mut inside, mut fenced) = (String::new(), false, false);
    for line in page.lines() {
        fenced ^= line.starts_with("```");
        if fenced {
            continue;
        }
        if let Some(heading) = line.strip_prefix('#') {
            under = heading.trim_start_matches('#').trim().to_owned();
        }
        let Some(row) = line.strip_prefix('|').and_then(|row| row.strip_suffix('|')) else {
            inside = false;
            continue;
        };
        if !inside {
            tables.push(Table { under: under.clone(), rows: Vec::new() });
        }
        inside = true;
        let cells: Vec<String> = row
            .replace("\\|", "\0")
            .split('|')
            .map(|cell| cell.trim().replace('\0', "|"))
            .collect();
        let is_rule = cells.iter().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':')));
        if !is_rule || cells.iter().all(String::is_empty) {
            tables.last_mut().expect("pushed above").rows.push(cells);
        }
    }
    tables
}

/// What stands between single backquotes.
pub fn code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// A page without its fenced blocks.
pub fn prose(page: &str) -> String {
    let mut fenced = false;
    let keep = |line: &&str| {
        let fence = line.starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    };
    page.lines().filter(keep).collect::<Vec<_>>().join("\n")
}

/// Output with what differs from run to run replaced: times of day, durations, pids.
pub fn normalised(output: &str) -> String {
    output.lines().map(|line| normalised_line(line) + "\n").collect()
}

fn normalised_line(line: &str) -> String {
    let mut done = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from_digit) = rest.split_at(at);
        done.push_str(before);
        let length = number_length(from_digit);
        let (number, after) = from_digit.split_at(length);
        let follows_word = |words: &[&str]| words.iter().any(|word| done.ends_with(word));
        if let Some(after) = after_timestamp(from_digit) {
            done.push_str("TIME");
            rest = after;
            continue;
        } else if follows_word(&["pid ", "reaped ", "group ", "\"pid\":"]) {
            done.push_str("PID");
        } else if follows_word(&["Seconds\":"]) || is_seconds(after) || after.starts_with(" ms") {
            done.push('D');
        } else {
            done.push_str(number);
        }
        rest = after;
    }
    done + rest
}

/// How long the number at the beginning is, with its fraction.
fn number_length(text: &str) -> usize {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let whole = digits(text);
    match text[whole..].strip_prefix('.') {
        Some(fraction) if digits(fraction) > 0 => whole + 1 + digits(fraction),
        _ => whole,
    }
}

fn is_seconds(after: &str) -> bool {
    after.strip_prefix('s').is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
}

/// What follows `2026-01-31T10:20:30.123Z`.
fn after_timestamp(text: &str) -> Option<&str> {
    const FORM: &[u8] = b"dddd-dd-ddTdd:dd:dd.dddZ";
    let stamp = text.as_bytes().get(..FORM.len())?;
    let fits = |(byte, form): (&u8, &u8)| match form {
        b'd' => byte.is_ascii_digit(),
        other => byte == other,
    };
    stamp.iter().zip(FORM).all(fits).then(|| &text[FORM.len()..])
}
