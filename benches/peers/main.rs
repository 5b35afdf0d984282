//! podinit beside tini, dumb-init and catatonit, in one run: `cargo bench`. See docs/benchmarks.md.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use contender::Contender;
use measure::{ALL, Bench, Measure};
use witness::Witnesses;

mod clock;
mod contender;
#[allow(dead_code, reason = "the bench of probes uses the rest")]
mod launch;
mod measure;
mod orphanage;
mod proc;
mod processors;
mod rounds;
mod stats;
mod table;
mod trace;
mod witness;

const HELP: &str = "\
usage: cargo bench -- [OPTIONS] [MEASURE]...

Without a MEASURE all are made. A part of a name will do.

  --quick          a tenth of the rounds: for a look, not for a figure
  --verbose        every init's own figures as well: least, quartiles, most
  --linked         podinit also under the names tini and dumb-init
  --binary PATH    in podinit's place, say to compare with an older build
  --help
";

#[derive(Default)]
struct Options {
    quick: bool,
    verbose: bool,
    linked: bool,
    binary: Option<PathBuf>,
    measures: Vec<&'static Measure>,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let result = match words.split_first() {
        Some((first, [role, rest @ ..])) if first == witness::FLAG => witness::play(role, rest),
        _ if words.iter().any(|word| word == "--help") => help(),
        _ => options(words).and_then(|options| compare(&options)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

fn help() -> Result<(), String> {
    let names: Vec<_> = ALL.iter().map(|measure| measure.name).collect();
    println!("{HELP}\nmeasures: {}", names.join(", "));
    Ok(())
}

fn options(words: Vec<String>) -> Result<Options, String> {
    let mut options = Options::default();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            // Cargo's own addition.
            "--bench" => {}
            "--quick" => options.quick = true,
            "--verbose" => options.verbose = true,
            "--linked" => options.linked = true,
            "--binary" => {
                options.binary = Some(words.next().ok_or("--binary wants a path")?.into())
            }
            name => {
                let before = options.measures.len();
                options.measures.extend(ALL.iter().filter(|measure| measure.name.contains(name)));
                if options.measures.len() == before {
                    return Err(format!(
                        "no option or measure `{name}`; see cargo bench -- --help"
                    ));
                }
            }
        }
    }
    if options.measures.is_empty() {
        options.measures = ALL.iter().collect();
    }
    Ok(options)
}

fn compare(options: &Options) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let ours = options.binary.clone().unwrap_or_else(|| env!("CARGO_BIN_EXE_podinit").into());
    let mut contenders = contender::contenders(ours.clone());
    if options.linked {
        let links = contender::linked(&ours, folder)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        contenders.extend(links);
    }
    let bench = Bench { contenders, witnesses: Witnesses::prepare(folder)?, quick: options.quick };

    println!("{}", heading(&ours, &bench.contenders));
    // SAFETY: no arguments, no failure.
    let root = unsafe { libc::geteuid() } == 0;
    let (mut rows, mut skipped) = (Vec::new(), Vec::new());
    for measure in &options.measures {
        if measure.needs_root && !root {
            skipped.push(measure.name);
            continue;
        }
        eprintln!("measuring {} ...", measure.name);
        rows.extend((measure.run)(&bench));
    }

    println!("{}", table::comparison(&bench.contenders, &rows));
    if options.verbose {
        println!("{}", table::distributions(&bench.contenders, &rows));
    }
    for failure in table::failures(&bench.contenders, &rows) {
        println!("failed: {failure}");
    }
    let missing: Vec<_> =
        bench.contenders.iter().filter(|one| one.path.is_none()).map(|one| one.name).collect();
    if !missing.is_empty() {
        println!(
            "missing: {}. Install tini, dumb-init and catatonit to compare.",
            missing.join(", ")
        );
    }
    if !skipped.is_empty() {
        println!(
            "left out: {}. They make PID namespaces: run as root (or with CAP_SYS_ADMIN).",
            skipped.join(", ")
        );
    }
    Ok(())
}

/// What was compared, and where.
fn heading(ours: &Path, contenders: &[Contender]) -> String {
    let line = |path| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let versions: Vec<_> = contenders.iter().filter_map(Contender::version).collect();
    format!(
        "podinit: {}\npeers: {}\nLinux {}, {cores} cores\n\nPeers' cells: podinit ÷ peer, median of the pairs [quartiles], of the peer's own median.\n",
        ours.display(),
        versions.join("; "),
        line("/proc/sys/kernel/osrelease"),
    )
}
