//! A control group with hardly any memory: the kernel kills who is put into it.

use std::fs;
use std::path::PathBuf;

/// Enough for a process to come in, too little for it to do anything.
const LIMIT: &str = "65536";

pub struct Famine {
    group: PathBuf,
    /// The file that counts, in a line `oom_kill N`.
    counts: &'static str,
}

impl Famine {
    /// `None` where this may not be done: without root, or where the control groups are somebody else's.
    pub fn begin() -> Option<Famine> {
        let name = format!("podinit-test-{}", std::process::id());
        let v1 = PathBuf::from("/sys/fs/cgroup/memory");
        let (parent, limit, counts) = if v1.exists() {
            (v1, "memory.limit_in_bytes", "memory.oom_control")
        } else {
            let v2 = PathBuf::from("/sys/fs/cgroup");
            let _ = fs::write(v2.join("cgroup.subtree_control"), "+memory");
            (v2, "memory.max", "memory.events")
        };
        let group = parent.join(name);
        fs::create_dir(&group).ok()?;
        let famine = Famine { group, counts };
        fs::write(famine.group.join(limit), LIMIT).ok()?;
        Some(famine)
    }

    pub fn strikes(&self, pid: i32) -> bool {
        fs::write(self.group.join("cgroup.procs"), pid.to_string()).is_ok()
    }

    /// How many it has killed: agents, attempts, commands.
    pub fn killed(&self) -> usize {
        let text = fs::read_to_string(self.group.join(self.counts)).unwrap_or_default();
        let count = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        count.map_or(0, |count| count.trim().parse().unwrap())
    }
}

impl Drop for Famine {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.group);
    }
}
