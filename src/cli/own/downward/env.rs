//! `podinit downward env`: a container's variables.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::super::objects::Offered;
use super::super::planner::{an_object, refuse_lines, say};
use super::super::pod_file;
use super::{PodArguments, Start};
use crate::downward::variables;
use crate::plan::pod::environment;
use crate::signal::Signal;
use crate::sys::{errno_of, signals};

/// Print a container's variables, resolved and expanded
#[derive(Args)]
#[command(after_help = "\
FORMAT: dotenv, NAME='VALUE' lines for a shell (set -a; . FILE); export, the same with export before each; json, one object
of strings; null, NAME=VALUE with a NUL behind each.

Exit code: 0; 125 for everything that is wrong: then nothing is printed.")]
pub struct Arguments {
    #[command(flatten)]
    pod: PodArguments,

    /// Which container, regular or init
    #[arg(long, value_name = "NAME")]
    container: String,

    /// How they are printed
    #[arg(long, value_name = "FORMAT", default_value = "dotenv")]
    format: Format,

    /// A ConfigMap or Secret: a folder with one file for each key; repeatable
    #[arg(long, value_name = "NAME=PATH", value_parser = an_object)]
    env_from: Vec<(String, PathBuf)>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Dotenv,
    Export,
    Json,
    Null,
}

impl Arguments {
    pub fn run(self, start: Start) -> u8 {
        // Who no longer reads gets no say in how podinit ends.
        signals::replace_mask(start.mask.with(Signal::PIPE));
        let text = match self.text() {
            Ok(text) => text,
            Err(problems) => return refuse_lines(&problems),
        };
        // Not by std's, to which one that is closed is no error.
        let stdout = io::stdout().as_fd().try_clone_to_owned();
        match stdout.and_then(|stdout| File::from(stdout).write_all(&text)) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                refuse_lines(&format!("downward: standard output: {}", errno_of(&error).desc()))
            }
            _ => 0,
        }
    }

    fn text(&self) -> Result<Vec<u8>, String> {
        let content =
            pod_file::content(&self.pod.file).map_err(|problem| self.pod.wrong(&problem))?;
        let manifest = self.pod.read(&content)?;
        let folders = self.env_from.iter().map(|(name, folder)| (&**name, &**folder));
        let objects = Offered(folders.collect());
        let allocatable = self.pod.allocatable();
        let built = environment(&manifest.pod, &self.container, allocatable, &objects);
        let built = built.map_err(|error| self.pod.wrong_plan(&manifest, &error))?;
        for name in built.skipped() {
            let problem = format!("envFrom: no variable can be called {name:?}");
            let _ = say(&self.pod.wrong(&problem));
        }
        let text = match self.format {
            Format::Dotenv => variables::shell(built.iter(), ""),
            Format::Export => variables::shell(built.iter(), "export "),
            Format::Json => variables::json(built.iter()),
            Format::Null => Ok(variables::null(built.iter())),
        };
        text.map_err(|error| format!("downward: --format: {error}"))
    }
}
