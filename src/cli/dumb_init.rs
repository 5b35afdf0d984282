//! The command line of dumb-init (init D).

use std::ffi::CStr;

use super::reader::{Item, Reader};
use super::{Outcome, Placed, Refusal};
use crate::init::report::{Level, Log, Style};
use crate::plan;
use crate::signal::Signal;
use crate::sys::words::{Environment, Words};

const USAGE: &str = "\
usage: dumb-init [OPTION]... [--] PROGRAM [ARG]...
  -c, --single-child   send signals to the program alone; it stays in this session
  -r, --rewrite S:R    on signal S send R instead (numbers; R 0 drops it); repeatable
  -v, --verbose        say what happens, on standard error
  -h, --help           this text
  -V, --version        the version
Environment: DUMB_INIT_DEBUG=1 as --verbose, DUMB_INIT_SETSID=0 as --single-child.
";

const REWRITE_USAGE: &str = "\
usage: -r takes two signal numbers, as in -r 15:2 (on TERM send INT); the first is 1 to 31, the second 0 to 31
";

/// Long options and the short one each stands for; any beginning that fits only one will do (init D1).
const LONG: [(&str, u8); 5] = [
    ("help", b'h'),
    ("rewrite", b'r'),
    ("single-child", b'c'),
    ("verbose", b'v'),
    ("version", b'V'),
];

#[inline(never)]
pub fn read(words: &mut Words, environment: &Environment) -> Result<Outcome, Refusal> {
    // init D5, init D6
    let mut verbose = environment.get("DUMB_INIT_DEBUG") == Some(c"1");
    let mut single_child = environment.get("DUMB_INIT_SETSID") == Some(c"0");
    let mut rewrite = Vec::new();
    let mut reader = Reader::new(words);
    while let Some(item) = reader.option() {
        let (option, inline) = match item {
            Item::Short(option) => (option, None),
            Item::Long { name, value } => (long(name).ok_or_else(|| unknown(item))?, value),
        };
        if inline.is_some() && option != b'r' {
            return Err(unknown(item));
        }
        match option {
            b'h' => return Ok(Outcome::SayOnStderr(USAGE.to_owned())),
            b'V' => {
                return Ok(Outcome::SayOnStderr(format!(
                    "dumb-init v{}\n",
                    env!("CARGO_PKG_VERSION")
                )));
            }
            b'v' => verbose = true,
            b'c' => single_child = true,
            b'r' => {
                let pair = inline.or_else(|| reader.value()).and_then(signal_pair);
                rewrite.push(pair.ok_or(Refusal { text: REWRITE_USAGE.to_owned(), code: 1 })?);
            }
            _ => return Err(unknown(item)),
        }
    }
    let program = reader.program().ok_or(Refusal { text: USAGE.to_owned(), code: 1 })?;
    let log = Log::new(Style::DumbInit, if verbose { Level::Debug } else { Level::Error });
    Ok(Outcome::Init {
        plan: plan::dumb_init(single_child, &rewrite),
        log,
        program: Placed::at(program),
    })
}

fn unknown(option: Item) -> Refusal {
    Refusal {
        text: format!("dumb-init: {option}: there is no such option (see dumb-init --help)\n"),
        code: 1,
    }
}

fn long(name: &[u8]) -> Option<u8> {
    let mut fitting = LONG.iter().filter(|(long, _)| long.as_bytes().starts_with(name));
    match (fitting.next(), fitting.next()) {
        (Some((_, short)), None) => Some(*short),
        _ => None,
    }
}

/// `S:R` as sscanf(3) reads `%d:%d`: blanks before a number and text after the second pass (init D7).
fn signal_pair(text: &CStr) -> Option<(Signal, Option<Signal>)> {
    let (from, rest) = number(text.to_bytes())?;
    let (to, _) = number(rest.strip_prefix(b":")?)?;
    let from = Signal::new(from).filter(|signal| signal.number() <= 31)?;
    if to == 0 {
        return Some((from, None));
    }
    Signal::new(to).filter(|signal| signal.number() <= 31).map(|to| (from, Some(to)))
}

fn number(text: &[u8]) -> Option<(i32, &[u8])> {
    let text = text.trim_ascii_start();
    let signs = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let digits = text.get(signs..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at(signs + digits);
    Some((std::str::from_utf8(number).ok()?.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// init D7
    #[test]
    fn pairs_are_read_as_scanf_reads_them() {
        let term_to = |signal| Some((Signal::TERM, signal));
        assert_eq!(signal_pair(c"15:2"), term_to(Some(Signal::INT)));
        assert_eq!(signal_pair(c"15:0"), term_to(None));
        assert_eq!(signal_pair(c" 15: 2and more"), term_to(Some(Signal::INT)));
        for bad in
            [c"15", c"15:", c":2", c"TERM:INT", c"0:1", c"32:1", c"1:32", c"-1:2", c"15 :2", c""]
        {
            assert_eq!(signal_pair(bad), None, "{bad:?}");
        }
    }

    /// init D1
    #[test]
    fn a_beginning_that_fits_one_is_enough() {
        assert_eq!(long(b"rew"), Some(b'r'));
        assert_eq!(long(b"vers"), Some(b'V'));
        assert_eq!(long(b"ver"), None);
        assert_eq!(long(b"nope"), None);
    }
}
