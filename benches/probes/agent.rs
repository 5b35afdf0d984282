//! What probing costs a container that is probed by its own init: the processor time of the agent and of all it forks,
//! and its memory, at a hundred attempts a second.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::clock::Instant;

const PER_SECOND: f64 = 100.0;

/// One kind of probe after the other, as a table.
pub fn table(server: SocketAddr, time: Duration) -> String {
    let mut table =
        "| the agent, 100 attempts/s | CPU of a core | an attempt | faults | resident |\n\
                     | --- | --- | --- | --- | --- |\n"
            .to_owned();
    for (name, action) in [
        ("tcp", format!("tcp://{server}")),
        ("http", format!("http://{server}/")),
        ("file", "file:/proc/self/stat".to_owned()),
        ("exec", "exec:/bin/true".to_owned()),
    ] {
        eprintln!("measuring the agent, {name} ...");
        table += &match measure(&action, time) {
            Ok(Cost { core, faults, resident }) => format!(
                "| {name} | {:.1} % | {:.0} µs | {faults:.1} | {:.1} MiB |\n",
                core * 100.0,
                core / PER_SECOND * 1e6,
                resident / 1024.0,
            ),
            Err(reason) => format!("| {name} | failed: {reason} | | | |\n"),
        };
    }
    table
}

struct Cost {
    core: f64,
    /// For an attempt.
    faults: f64,
    /// In KiB.
    resident: f64,
}

fn measure(action: &str, time: Duration) -> Result<Cost, String> {
    let mut init = Init(
        Command::new(env!("CARGO_BIN_EXE_podinit"))
            .args(["--readiness", action, "--readiness-opts", "period=10ms", "--", "sleep", "1000"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| error.to_string())?,
    );
    // Until all have settled.
    std::thread::sleep(Duration::from_secs(1));
    if let Ok(Some(status)) = init.0.try_wait() {
        return Err(status.to_string());
    }
    let agent = agent(init.0.id()).ok_or("there is no agent")?;
    let (before, began) = (numbers(agent)?, Instant::now());
    std::thread::sleep(time);
    let (after, seconds) = (numbers(agent)?, began.elapsed().as_secs_f64());
    let status = fs::read_to_string(format!("/proc/{agent}/status")).unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|text| text.trim().strip_suffix(" kB")?.parse().ok());
    // Fields 14 to 17, in ticks, which Linux counts as hundredths, and 10 and 11.
    let of = |fields: &[usize]| fields.iter().map(|at| after[at - 3] - before[at - 3]).sum::<f64>();
    Ok(Cost {
        core: of(&[14, 15, 16, 17]) / 100.0 / seconds,
        faults: of(&[10, 11]) / (seconds * PER_SECOND),
        resident: resident.ok_or("it is gone")?,
    })
}

/// The child of init that has executed nothing.
fn agent(init: u32) -> Option<u32> {
    let name = |pid: u32| fs::read_to_string(format!("/proc/{pid}/comm")).ok();
    let children = fs::read_to_string(format!("/proc/{init}/task/{init}/children")).ok()?;
    let mut children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
    children.find(|pid| name(*pid) == name(init))
}

/// The fields of `/proc/PID/stat` from the third on; 0 for what is no number.
fn numbers(pid: u32) -> Result<Vec<f64>, String> {
    let text =
        fs::read_to_string(format!("/proc/{pid}/stat")).map_err(|error| error.to_string())?;
    let (_, fields) = text.rsplit_once(')').ok_or("no stat")?;
    Ok(fields.split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect())
}

struct Init(Child);

impl Drop for Init {
    fn drop(&mut self) {
        // SAFETY: our own child, not waited for yet.
        unsafe { libc::kill(self.0.id().cast_signed(), libc::SIGTERM) };
        let _ = self.0.wait();
    }
}
