//! Which processor runs what, where chance would otherwise decide the figure.

pub type Set = libc::cpu_set_t;

/// While it lives, this process and what it starts keep to the processor it was made on.
pub struct Pinned {
    before: Set,
    here: usize,
}

impl Pinned {
    pub fn here() -> Self {
        let (mut before, mut one) = (empty(), empty());
        // SAFETY: the pointer is to a local of the size given; sched_getcpu takes nothing.
        let here = unsafe {
            libc::sched_getaffinity(0, size_of::<Set>(), &mut before);
            libc::sched_getcpu() as usize
        };
        // SAFETY: the kernel's own number of a processor is within the set.
        unsafe { libc::CPU_SET(here, &mut one) };
        set(&one);
        Pinned { before, here }
    }

    /// All processors but this one, for those who must not be held up by us. None if this is the only one.
    pub fn others(&self) -> Option<Set> {
        let mut others = self.before;
        // SAFETY: as above.
        unsafe {
            libc::CPU_CLR(self.here, &mut others);
            (libc::CPU_COUNT(&others) > 0).then_some(others)
        }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        set(&self.before);
    }
}

/// One system call, so that a child may make it between clone and exec.
pub fn set(set: &Set) {
    // SAFETY: a valid set of the size given.
    unsafe { libc::sched_setaffinity(0, size_of::<Set>(), set) };
}

fn empty() -> Set {
    // SAFETY: plain bits.
    unsafe { std::mem::zeroed() }
}
