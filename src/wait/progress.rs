//! What a wait has to say: one line for each change, and on a terminal a last line that is written anew.

use std::time::Duration;

use super::{End, Order};
use crate::duration::Seconds;
use crate::lifecycle::Moment;
use crate::lifecycle::conditions::Conditions;
use crate::probe::{self, Outcome};
use crate::sys::{clock, stderr};

/// So much of what was seen is shown.
const SEEN: usize = 300;

/// So much of a condition is shown.
const SHOWN: usize = 300;

/// How often the line on a terminal is written anew.
const TICK: Duration = Duration::from_secs(1);

pub struct Progress<'a> {
    order: &'a Order,
    began: Moment,
    /// The conditions as written, each fit for one line.
    texts: Vec<String>,
    /// What was last seen of each condition.
    seen: Vec<String>,
    /// The terminal's width, where there is one that can go back to a line's beginning.
    columns: Option<usize>,
    /// When the line on a terminal was last written.
    drawn: Option<Moment>,
}

impl<'a> Progress<'a> {
    pub fn new(order: &'a Order, began: Moment) -> Progress<'a> {
        let columns = if order.quiet || is_dumb() { None } else { stderr::columns() };
        let seen = vec![String::new(); order.conditions.len()];
        let texts =
            order.conditions.iter().map(|condition| probe::one_line(&condition.text, SHOWN));
        Progress { order, began, texts: texts.collect(), seen, columns, drawn: None }
    }

    /// Says what was seen, if it is something new.
    pub fn answered(&mut self, now: Moment, index: usize, outcome: &Outcome, met: bool) {
        let new = probe::one_line(&outcome.seen, SEEN);
        let Some(seen) = self.seen.get_mut(index) else { return };
        if !met && *seen == new {
            return;
        }
        *seen = new;
        let (text, seen) = (self.text(index), self.seen(index));
        let line = if met {
            let word = if self.order.terms.not { "does not hold" } else { "holds" };
            let after = Seconds(now.since(self.began));
            format!("{text}: {word}, after {after}: {seen}")
        } else {
            format!("{text}: {seen}")
        };
        self.line(&line);
    }

    /// When the line on a terminal is to be written again.
    pub fn due(&self, now: Moment) -> Option<Moment> {
        self.columns.map(|_| self.drawn.map_or(now, |drawn| drawn + TICK))
    }

    /// Writes the line on a terminal if it is time.
    pub fn tick(&mut self, now: Moment, conditions: &Conditions) {
        let Some(columns) = self.columns.filter(|_| self.due(now).is_some_and(|due| due <= now))
        else {
            return;
        };
        self.drawn = Some(now);
        let waiting: Vec<&str> = self.unmet(conditions).map(|index| self.text(index)).collect();
        let seconds = now.since(self.began).as_secs();
        let line = format!("waiting for {} ({seconds}s)", waiting.join(", "));
        // The last column stays free: some terminals would go to the next line.
        let shown: String = line.chars().take(columns.saturating_sub(1)).collect();
        write(&format!("\r{shown}\x1b[K"));
    }

    /// Says what the wait has come to, if it is not what was wanted.
    pub fn end(&mut self, now: Moment, end: End, conditions: &Conditions) {
        if self.drawn.is_some() {
            write("\r\x1b[K");
            self.drawn = None;
        }
        let after = Seconds(now.since(self.began));
        match end {
            End::Met => {}
            End::Stopped(signal) => self.line(&format!("stopped by {signal} after {after}")),
            End::TimedOut => {
                let word = if self.order.terms.not { "still holds" } else { "does not hold" };
                let unmet: Vec<usize> = self.unmet(conditions).collect();
                for index in unmet {
                    let seen = match self.seen(index) {
                        "" => "no attempt has ended",
                        seen => seen,
                    };
                    self.line(&format!("{}: {word} after {after}: {seen}", self.text(index)));
                }
            }
        }
    }

    fn unmet<'b>(&self, conditions: &'b Conditions) -> impl Iterator<Item = usize> + use<'b> {
        (0..self.order.conditions.len()).filter(|index| !conditions.is_met(*index))
    }

    fn text(&self, index: usize) -> &str {
        self.texts.get(index).map_or("", String::as_str)
    }

    fn seen(&self, index: usize) -> &str {
        self.seen.get(index).map_or("", String::as_str)
    }

    fn line(&mut self, text: &str) {
        if self.order.quiet {
            return;
        }
        let start = if self.drawn.take().is_some() { "\r\x1b[K" } else { "" };
        let stamp = humantime::format_rfc3339_millis(clock::wall());
        write(&format!("{start}{stamp} podinit: wait: {text}\n"));
    }
}

/// Whether a terminal can only print.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|name| name.is_empty() || name == "dumb")
}

/// A reader that is not there must not hold up a wait.
fn write(text: &str) {
    let _ = stderr::write(text.as_bytes());
}
