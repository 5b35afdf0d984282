use super::{Recording, Run, Running, TempDir, descendants, eventually, is_alive, send, status};

/// The witness's `family`: the main child and three children of its, which all record. They outlive their parent, so
/// dropping this kills them.
pub struct Family {
    pub main: Recording,
    /// `group` is in the main child's group, `own-group` and `own-session` have left it; pids as seen from outside.
    pub others: Vec<(&'static str, Recording, i32)>,
}

impl Family {
    /// Lets the init start it, with `until SIG CODE` if the main child is to end at a signal, and waits for all four.
    #[track_caller]
    pub fn start(run: Run, dir: &TempDir, until: &str) -> (Running, Self) {
        let steps = ["family", dir.path().to_str().unwrap()];
        let running = run.witness(steps.into_iter().chain(until.split_whitespace())).spawn();
        let main = Recording::of(&running, dir, "main");
        let others = ["group", "own-group", "own-session"].map(|name| {
            let recording = Recording::of(&running, dir, name);
            let inner = recording.pid().unwrap().to_string();
            let is_it = |pid: &i32| {
                let numbers = status(*pid, "NSpid").unwrap_or_default();
                numbers.split_whitespace().last() == Some(&inner)
            };
            let pid = descendants(running.pid()).into_iter().find(is_it).unwrap();
            (name, recording, pid)
        });
        (running, Self { main, others: others.into() })
    }

    /// Who has received anything by now. Each of the others gets a signal of its own first: what was sent before that is
    /// then written down, or was never sent.
    #[track_caller]
    pub fn reached(&self) -> Vec<&'static str> {
        let reached =
            self.others.iter().filter(|(_, recording, _)| !self.received(recording).is_empty());
        let reached: Vec<_> = reached.map(|(name, ..)| *name).collect();
        let main = (!self.main.signals().is_empty()).then_some("main");
        main.into_iter().chain(reached).collect()
    }

    /// What `group`, `own-group` or `own-session` has received by now.
    #[track_caller]
    pub fn signals_of(&self, name: &str) -> Vec<i32> {
        let (_, recording, _) =
            self.others.iter().find(|(n, ..)| *n == name).expect("a member of the family");
        self.received(recording)
    }

    #[track_caller]
    fn received(&self, recording: &Recording) -> Vec<i32> {
        const ASK: i32 = 63;
        let pid = self.others.iter().find(|(_, r, _)| std::ptr::eq(r, recording)).unwrap().2;
        let before = recording.count(ASK);
        send(pid, ASK);
        eventually("a recorder answers", || recording.count(ASK) > before);
        recording.signals().into_iter().filter(|s| *s != ASK).collect()
    }

    pub fn all_alive(&self) -> bool {
        self.others.iter().all(|(_, _, pid)| is_alive(*pid))
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        for (_, _, pid) in &self.others {
            // Still ours, not a stranger who got the number since.
            if status(*pid, "Name").as_deref() == Some("witness") {
                // SAFETY: no memory is involved.
                unsafe { libc::kill(*pid, libc::SIGKILL) };
            }
        }
    }
}
