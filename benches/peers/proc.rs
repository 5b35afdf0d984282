//! Figures the kernel keeps about a process, read from outside.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use crate::clock::Instant;

/// A field of /proc/PID/FILE written as `Name:   123`, in bytes where the kernel says kB.
pub fn field(pid: i32, file: &str, name: &str) -> Result<f64, String> {
    let path = format!("/proc/{pid}/{file}");
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let value = value
        .ok_or_else(|| format!("{path}: no field {name}; is the kernel 5.10 or newer?"))?
        .trim();
    let (number, scale) = value.strip_suffix(" kB").map_or((value, 1.0), |number| (number, 1024.0));
    number
        .parse::<f64>()
        .map(|number| number * scale)
        .map_err(|_| format!("{path}: {name} is {value}"))
}

/// How often the process was put to sleep or set aside: each time after the first is one wake-up.
pub fn switches(pid: i32) -> Result<f64, String> {
    Ok(field(pid, "status", "voluntary_ctxt_switches")?
        + field(pid, "status", "nonvoluntary_ctxt_switches")?)
}

/// Spin until the process has a child, which is the earliest moment at which anyone could know of it.
pub fn await_child(pid: i32) -> Result<(), String> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let file = File::open(&path)
        .map_err(|error| format!("{path}: {error}; CONFIG_PROC_CHILDREN is needed"))?;
    let limit = Instant::now() + Duration::from_secs(5);
    while Instant::now() < limit {
        match file.read_at(&mut [0; 16], 0) {
            Ok(0) => continue,
            Ok(_) => return Ok(()),
            Err(_) => break,
        }
    }
    Err("no child was seen".to_owned())
}
