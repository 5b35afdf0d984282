//! `podinit downward render`: a volume as the kubelet writes it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::super::arguments::{Typed, some_time};
use super::super::planner::{refuse_lines, say};
use super::super::pod_file;
use super::{PodArguments, Start, watch};
use crate::downward::writer;
use crate::plan::pod::volume::{Volume, volume};
use crate::signal::Signal;
use crate::spec::action::Role;
use crate::sys::signals;

/// Write a downwardAPI volume as the kubelet does
#[derive(Args)]
#[command(after_help = "\
DIR is made if it is not there. Its files are exchanged all at once, by one rename; what has not changed is not written.
ACTION: exec:CMD ARG... (words as in a shell, but no shell), http://[HOST][:PORT]/PATH, https://…, sleep:DURATION.

Exit code: 0; 128+N when signal N ended a watch; 125 for everything that is wrong: then the old files are as they were.")]
pub struct Arguments {
    #[command(flatten)]
    pub(super) pod: PodArguments,

    /// Which volume of the pod
    #[arg(long, value_name = "NAME")]
    volume: String,

    /// The folder that is the volume
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Go on, and write again when the Pod file changes
    #[arg(long)]
    watch: bool,

    /// What to do each time a watch has written
    #[arg(long, value_name = "ACTION", requires = "watch", value_parser = |text: &str| Typed::parse(text, Role::Hook))]
    pub(super) exec: Option<Typed>,

    /// How long that may take
    #[arg(long, value_name = "D", default_value = "30s", value_parser = some_time)]
    pub(super) exec_timeout: Duration,
}

impl Arguments {
    pub fn run(self, start: Start) -> u8 {
        if self.watch {
            return watch::watch(&self, start);
        }
        // Who no longer reads what is said gets no say in what is written.
        signals::replace_mask(start.mask.with(Signal::PIPE));
        let content = pod_file::content(&self.pod.file).map_err(|problem| self.pod.wrong(&problem));
        let volume = content.and_then(|content| self.plan(&content));
        match volume.and_then(|volume| self.write(&volume)) {
            Ok(_) => 0,
            Err(problems) => refuse_lines(&problems),
        }
    }

    /// What the volume is to hold.
    pub(super) fn plan(&self, content: &[u8]) -> Result<Volume, String> {
        let manifest = self.pod.read(content)?;
        let volume = volume(&manifest.pod, &self.volume, &self.pod.allocatable());
        volume.map_err(|error| self.pod.wrong_plan(&manifest, &error))
    }

    /// Whether that has changed anything.
    pub(super) fn write(&self, volume: &Volume) -> Result<bool, String> {
        let out = self.out.display();
        let written = writer::write(&self.out, volume);
        let written = written.map_err(|error| format!("downward: --out {out}: {error}"))?;
        for name in written.hidden {
            let problem = "something else has this name, and hides the file (remove it)";
            // A line that nobody reads is no reason not to go on.
            let _ = say(&format!("downward: --out {out}: {name}: {problem}"));
        }
        if let Some(error) = written.left {
            let _ = say(&format!("downward: --out {out}: {error}: it is of no use (remove it)"));
        }
        Ok(written.changed)
    }
}
