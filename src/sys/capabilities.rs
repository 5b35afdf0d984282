//! Capabilities (capabilities(7)), as sets with a bit each by the kernel's numbers.
//!
//! By the system calls themselves: they are two, and libc wraps neither.

use super::Errno;

/// The right to shrink the bounding set, among others.
const SETPCAP: u64 = 1 << 8;

/// The form of capget(2) and capset(2) that has 64 bits, as two halves.
const VERSION_3: u32 = 0x2008_0522;

#[repr(C)]
struct Header {
    version: u32,
    /// 0 is this process.
    pid: i32,
}

/// One half of each set.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Half {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// The capabilities that the kernel knows, and those among them that this process may still gain by executing a program.
#[cfg(feature = "manifest")]
pub fn known_and_bounding() -> (u64, u64) {
    let (mut known, mut bounding) = (0, 0);
    for number in 0..u64::BITS {
        // SAFETY: prctl with this option takes an integer and no memory.
        match unsafe { libc::prctl(libc::PR_CAPBSET_READ, libc::c_ulong::from(number)) } {
            0 => known |= 1 << number,
            1 => (known, bounding) = (known | 1 << number, bounding | 1 << number),
            _ => break,
        }
    }
    (known, bounding)
}

/// Whether [`bound`] does anything.
pub fn can_be_bounded() -> bool {
    get().is_ok_and(|[low, _]| u64::from(low.effective) & SETPCAP != 0)
}

/// No program that this process executes from now on gains any but these. Nothing is done without CAP_SETPCAP.
pub(super) fn bound(kept: u64) -> Result<(), Errno> {
    if !can_be_bounded() {
        return Ok(());
    }
    for number in (0..u64::BITS).filter(|number| kept & 1 << number == 0) {
        // SAFETY: prctl with this option takes an integer and no memory.
        match Errno::result(unsafe {
            libc::prctl(libc::PR_CAPBSET_DROP, libc::c_ulong::from(number))
        }) {
            // Beyond the last that the kernel knows.
            Err(Errno::EINVAL) => break,
            dropped => dropped?,
        };
    }
    Ok(())
}

/// Gives up all others, in every set but the bounding one: the ambient set follows the permitted and inheritable ones.
pub(super) fn keep(kept: u64) -> Result<(), Errno> {
    let [low, high] = get()?;
    let halves = [low.within(kept as u32), high.within((kept >> 32) as u32)];
    let header = Header { version: VERSION_3, pid: 0 };
    // SAFETY: the header and the two halves that belong to its version live through the call.
    let set = unsafe { libc::syscall(libc::SYS_capset, &raw const header, halves.as_ptr()) };
    Errno::result(set).map(drop)
}

fn get() -> Result<[Half; 2], Errno> {
    let mut header = Header { version: VERSION_3, pid: 0 };
    let mut halves = [Half::default(); 2];
    // SAFETY: the header and the two halves that belong to its version live through the call.
    let got = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, halves.as_mut_ptr()) };
    Errno::result(got).map(|_| halves)
}

impl Half {
    fn within(self, kept: u32) -> Half {
        let Half { effective, permitted, inheritable } = self;
        Half {
            effective: effective & kept,
            permitted: permitted & kept,
            inheritable: inheritable & kept,
        }
    }
}
