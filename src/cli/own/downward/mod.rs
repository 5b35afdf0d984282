//! `podinit downward`: what a Pod file says of its pod, as the kubelet gives it to containers: files and variables.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::super::{Outcome, Refusal, Start};
use super::planner::say;
use super::{arguments, pod_file};
use crate::plan::pod::{Allocatable, PlanError};
use crate::spec::manifest::Manifest;
use crate::spec::quantity::Quantity;
use crate::sys::words::Words;

mod env;
mod render;
mod watch;

/// Give what a Pod file says as the kubelet does
#[derive(Parser)]
#[command(
    bin_name = "podinit downward",
    arg_required_else_help = false,
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Render(render::Arguments),
    Env(env::Arguments),
}

/// What is to be written or printed.
pub struct Job(Command);

pub fn read(words: &Words) -> Result<Outcome, Refusal> {
    arguments::read(words, |Arguments { command }| Ok(Outcome::Downward(Box::new(Job(command)))))
}

impl Job {
    /// Does it. Returns the exit code.
    pub fn run(self, start: Start) -> u8 {
        match self.0 {
            Command::Render(arguments) => arguments.run(start),
            Command::Env(arguments) => arguments.run(start),
        }
    }
}

/// What all of these commands are given.
#[derive(Args)]
struct PodArguments {
    /// The Pod, as YAML or JSON
    #[arg(short, long, value_name = "POD")]
    file: PathBuf,

    /// What the node has for its pods, such as cpu=2,memory=8Gi,ephemeral-storage=100Gi: the limit of who has none
    /// [default: what this machine and its control groups have]
    #[arg(long, value_name = "AMOUNTS", value_parser = Node::parse)]
    node_allocatable: Option<Node>,
}

impl PodArguments {
    /// Reads the file's content; what is odd about it is said.
    ///
    /// # Errors
    /// What is wrong with it, a line each.
    fn read(&self, content: &[u8]) -> Result<Manifest, String> {
        let manifest = Manifest::read(content).map_err(|error| self.wrong(&error.to_string()))?;
        for warning in pod_file::warnings(&manifest) {
            // A line that nobody reads is no reason not to go on.
            let _ = say(&self.wrong(&warning));
        }
        Ok(manifest)
    }

    /// With the command and the file before each line.
    fn wrong(&self, problems: &str) -> String {
        let file = self.file.display();
        let lines = problems.lines().map(|line| format!("downward: {file}: {line}"));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn wrong_plan(&self, manifest: &Manifest, error: &PlanError) -> String {
        let path = pod_file::within(manifest, &error.path);
        self.wrong(&format!("{path}: {}", error.problem))
    }

    fn allocatable(&self) -> Allocatable {
        let mut allocatable = pod_file::allocatable();
        let Node { cpu, memory, ephemeral_storage } =
            self.node_allocatable.clone().unwrap_or_default();
        allocatable.cpu = cpu.unwrap_or(allocatable.cpu);
        allocatable.memory = memory.unwrap_or(allocatable.memory);
        allocatable.ephemeral_storage = ephemeral_storage.unwrap_or(allocatable.ephemeral_storage);
        allocatable
    }
}

/// Amounts that are said of a node.
#[derive(Clone, Default)]
struct Node {
    cpu: Option<Quantity>,
    memory: Option<Quantity>,
    ephemeral_storage: Option<Quantity>,
}

impl Node {
    fn parse(text: &str) -> Result<Node, String> {
        let mut node = Node::default();
        for one in text.split(',') {
            let (name, amount) = one
                .split_once('=')
                .ok_or_else(|| format!("{one:?} is not NAME=AMOUNT (try cpu=2,memory=8Gi)"))?;
            let known = match name {
                "cpu" => &mut node.cpu,
                "memory" => &mut node.memory,
                "ephemeral-storage" => &mut node.ephemeral_storage,
                _ => return Err(format!("{name:?} is none of cpu, memory, ephemeral-storage")),
            };
            let amount = Quantity::parse(amount).map_err(|error| format!("{one:?}: {error}"))?;
            if amount.signum() < 0 {
                return Err(format!("{one:?} is less than nothing (try cpu=2,memory=8Gi)"));
            }
            *known = Some(amount);
        }
        Ok(node)
    }
}
