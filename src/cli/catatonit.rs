//! The command line of catatonit and podman-init (init C).

use super::reader::{Item, Reader};
use super::{Outcome, Placed, Refusal, drop_dashes_behind_program};
use crate::init::report::{Level, Log, Style};
use crate::plan::{self, Holding};
use crate::sys::words::{Environment, Words};

const USAGE: &str = "\
usage: catatonit [-ghLPV] [--] PROGRAM [ARG...]
  -g  send signals to the program's process group, not to it alone
  -h  this text
  -L  the licence
  -P  run no program: hold namespaces and reap until SIGINT or SIGTERM
  -V  the version, as --version
Environment: CATATONIT_DEBUG (any value) prints what happens.
";

#[inline(never)]
pub fn read(words: &mut Words, environment: &Environment) -> Result<Outcome, Refusal> {
    // init C6
    if environment.get("CATATONIT_LOG").is_some() {
        return Err(unusable("CATATONIT_LOG is not supported: unset it"));
    }
    let level =
        if environment.get("CATATONIT_DEBUG").is_some() { Level::Debug } else { Level::Error };
    let log = Log::new(Style::Named("catatonit"), level);
    let mut reader = Reader::new(words);
    let (mut group, mut pause) = (false, false);
    while let Some(item) = reader.option() {
        match item {
            Item::Short(b'g') => group = true,
            Item::Short(b'P') => pause = true,
            Item::Short(b'h') => return Ok(Outcome::SayOnStderr(USAGE.to_owned())),
            Item::Short(b'L') => return Ok(Outcome::Say(super::LICENCE.to_owned())),
            Item::Short(b'V') | Item::Long { name: b"version", value: None } => {
                // init C2: engines look for this beginning (init I2)
                return Ok(Outcome::Say(format!(
                    "tini version {}_catatonit\n",
                    env!("CARGO_PKG_VERSION")
                )));
            }
            _ => {
                return Err(Refusal {
                    text: format!("catatonit: unknown option\n{USAGE}"),
                    code: 1,
                });
            }
        }
    }
    if pause {
        return Ok(Outcome::Hold { holding: Holding::AsCatatonit, log });
    }
    let Some(program) = reader.program() else {
        return Err(unusable("no program given"));
    };
    let ended_by_dashes = reader.ended_by_dashes;
    drop_dashes_behind_program(words, environment, program, ended_by_dashes);
    Ok(Outcome::Init { plan: plan::catatonit(group), log, program: Placed::at(program) })
}

fn unusable(problem: &str) -> Refusal {
    Refusal { text: format!("catatonit: {problem}\n{USAGE}"), code: 1 }
}
