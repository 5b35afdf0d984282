//! The words and the environment podinit was started with, as the kernel laid them out.
//!
//! The program it starts gets these very pointers: 1 MiB of arguments is passed on without a copy,
//! byte for byte (init U2, init U5).

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char};
use std::{ptr, slice};

use nix::unistd::Pid;

use super::text::Text;

/// The command line. Word 0 is the name podinit was started under.
pub struct Words {
    /// The words and the null that ends them.
    slots: &'static mut [*const c_char],
    len: usize,
}

impl Words {
    /// # Safety
    /// `argv` is what the kernel gave `main`: `argc` strings and a null, never moved or freed,
    /// and used by nobody else from here on.
    pub unsafe fn from_main(argc: i32, argv: *mut *const c_char) -> Words {
        let len = usize::try_from(argc).unwrap_or(0);
        // SAFETY: by contract there are `argc` pointers and the null behind them.
        Words { slots: unsafe { slice::from_raw_parts_mut(argv, len + 1) }, len }
    }

    /// How many words there are, the name included.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn get(&self, index: usize) -> Option<&'static CStr> {
        let word = self.slots.get(index).filter(|word| !word.is_null())?;
        // SAFETY: every slot that is not null holds a string that lives as long as the process.
        Some(unsafe { CStr::from_ptr(*word) })
    }

    /// Word `index` without its ending zero.
    pub fn bytes(&self, index: usize) -> Option<&'static [u8]> {
        self.get(index).map(CStr::to_bytes)
    }

    /// Takes word `index` out; those behind it move up.
    pub fn remove(&mut self, index: usize) {
        if index < self.len {
            self.slots.copy_within(index + 1..=self.len, index);
            self.len -= 1;
        }
    }

    /// The program and its arguments from word `index` on; `None` if there is no such word, or only
    /// the very first.
    pub fn into_program(self, index: usize) -> Option<Argv> {
        if index == 0 || index >= self.len {
            return None;
        }
        self.slots.get_mut(index - 1..).map(|slots| Argv { spare: slots.as_mut_ptr() })
    }
}

/// A program's argument vector, with one spare slot in front: `/bin/sh` goes there when the program
/// turns out to be a script without `#!` (init U4), without memory being asked for.
pub struct Argv {
    /// Points at the spare slot; the program, its arguments and a null follow it.
    spare: *mut *const c_char,
}

impl Argv {
    /// Of these words, the first being the program; `None` if there is none. They stay in memory for
    /// good: meant for what is read once.
    pub fn leak(words: impl IntoIterator<Item = CString>) -> Option<Argv> {
        let mut slots = vec![ptr::null()];
        slots.extend(words.into_iter().map(|word| word.into_raw().cast_const()));
        slots.push(ptr::null());
        (slots.len() > 2).then(|| Argv { spare: slots.leak().as_mut_ptr() })
    }

    /// The program as typed.
    pub fn program(&self) -> &'static CStr {
        // SAFETY: made by `into_program` or `leak`, so a word follows the spare slot, and it lives for ever.
        unsafe { CStr::from_ptr(*self.spare.add(1)) }
    }

    /// The null-ended vector for execve(2).
    pub(super) fn as_ptr(&self) -> *const *const c_char {
        // SAFETY: as in `program`.
        unsafe { self.spare.add(1) }
    }

    /// The vector that has `shell` run the file at `path` with the same arguments, until
    /// [`Argv::restore`] is called.
    pub(super) fn run_by(&mut self, shell: &'static CStr, path: &CStr) -> *const *const c_char {
        // SAFETY: the spare slot and the one behind it are ours to write.
        unsafe {
            self.spare.write(shell.as_ptr());
            self.spare.add(1).write(path.as_ptr());
        }
        self.spare
    }

    /// Puts the program's name back where `run_by` has put a path.
    pub(super) fn restore(&mut self, program: &'static CStr) {
        // SAFETY: as in `run_by`.
        unsafe { self.spare.add(1).write(program.as_ptr()) };
    }
}

/// The environment, as the program will get it.
pub struct Environment {
    /// `NAME=VALUE` strings and the null that ends them.
    slots: &'static mut [*const c_char],
}

impl Environment {
    /// # Safety
    /// `envp` is what the kernel gave `main`: strings and a null, never moved or freed, and used by
    /// nobody else from here on.
    pub unsafe fn from_main(envp: *mut *const c_char) -> Environment {
        let mut len = 0;
        // SAFETY: by contract a null ends them, and all up to it are ours.
        unsafe {
            while !(*envp.add(len)).is_null() {
                len += 1;
            }
            Environment { slots: slice::from_raw_parts_mut(envp, len + 1) }
        }
    }

    /// Without any variable.
    #[cfg(test)]
    pub fn empty() -> Environment {
        Environment { slots: vec![ptr::null()].leak() }
    }

    /// Every `NAME=VALUE`, in order.
    pub fn iter(&self) -> impl Iterator<Item = &'static CStr> {
        let set = self.slots.iter().filter(|slot| !slot.is_null());
        // SAFETY: what is not null is a string that lives as long as the process.
        set.map(|slot| unsafe { CStr::from_ptr(*slot) })
    }

    /// The value of `name`, the first if it is there twice.
    pub fn get(&self, name: &str) -> Option<&'static CStr> {
        // A loop: as an iterator's it is a function of its own, far from those that are in memory at the start.
        for variable in self.iter() {
            if let Some(value) = value_of(variable, name) {
                return Some(value);
            }
        }
        None
    }

    /// Sets one variable. What is replaced or added stays in memory for good: meant for a few
    /// variables before a start.
    pub fn set(&mut self, name: &str, value: &CStr) {
        let mut text = name.as_bytes().to_vec();
        text.push(b'=');
        text.extend_from_slice(value.to_bytes_with_nul());
        self.put(name, text.leak().as_ptr().cast());
    }

    /// Takes one variable out, however often it is there.
    pub fn remove(&mut self, name: &str) {
        if self.get(name).is_none() {
            return;
        }
        let is_it = |slot: &*const c_char| {
            // SAFETY: what is not null is a string that lives as long as the process.
            !slot.is_null() && value_of(unsafe { CStr::from_ptr(*slot) }, name).is_some()
        };
        let kept = self.slots.iter().filter(|slot| !is_it(slot)).copied().collect::<Vec<_>>();
        self.slots = kept.leak();
    }

    /// Sets many at once, of which no two have one name; they too stay in memory for good. One with a NUL in it
    /// ends there.
    pub fn set_all(&mut self, variables: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) {
        let mut known: BTreeMap<&[u8], usize> = BTreeMap::new();
        for (index, variable) in self.iter().enumerate() {
            let name = variable.to_bytes().split(|byte| *byte == b'=').next().unwrap_or_default();
            known.entry(name).or_insert(index);
        }
        let mut slots = self.slots.to_vec();
        // The null.
        slots.pop();
        for (name, value) in variables {
            let at = known.get(name.as_slice()).and_then(|index| slots.get_mut(*index));
            let text = [&name, &b"="[..], &value, b"\0"].concat().leak().as_ptr().cast();
            match at {
                Some(slot) => *slot = text,
                None => slots.push(text),
            }
        }
        slots.push(ptr::null());
        self.slots = slots.leak();
    }

    /// If `LISTEN_PID` names `from`, makes it name `to` (init C13).
    pub(super) fn rename_listen_pid(&mut self, from: Pid, to: Pid) {
        const NAME: &str = "LISTEN_PID";
        let named = self.get(NAME).and_then(|pid| pid.to_str().ok()?.parse::<i32>().ok());
        if named != Some(from.as_raw()) {
            return;
        }
        if let Some(digits) = Text::<12>::format(format_args!("{to}\0")).as_c_str() {
            self.set(NAME, digits);
        }
    }

    /// Puts a whole variable, ended by a zero and never freed, in the place of `name` or behind all.
    fn put(&mut self, name: &str, variable: *const c_char) {
        let known = self.iter().position(|known| value_of(known, name).is_some());
        match known.and_then(|index| self.slots.get_mut(index)) {
            Some(slot) => *slot = variable,
            None => {
                let mut slots = Vec::with_capacity(self.slots.len() + 1);
                slots.push(variable);
                slots.extend_from_slice(self.slots);
                self.slots = Vec::leak(slots);
            }
        }
    }

    /// The null-ended vector for execve(2).
    pub(super) fn as_ptr(&self) -> *const *const c_char {
        self.slots.as_ptr()
    }
}

#[inline(always)]
fn value_of(variable: &'static CStr, name: &str) -> Option<&'static CStr> {
    let value = variable.to_bytes().strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
    Some(tail(variable, value.len()))
}

/// The last `length` bytes of a string, still a string.
pub fn tail(text: &CStr, length: usize) -> &CStr {
    let start = text.count_bytes().saturating_sub(length);
    let bytes = text.to_bytes_with_nul().get(start..).unwrap_or(b"\0");
    CStr::from_bytes_with_nul(bytes).unwrap_or(c"")
}
