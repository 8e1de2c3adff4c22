//! The environment that the kernel put on this process's initial stack.

use std::ffi::CStr;

/// The caller's environment, in its order, duplicates and nonsense included.
pub struct Environ {
    entries: Vec<&'static CStr>,
}

impl Environ {
    /// # Safety
    /// `envp` is the third argument of C's main, and nothing else changes these strings.
    pub unsafe fn new(envp: *const *const libc::c_char) -> Self {
        let mut entries = Vec::new();
        let mut at = envp;
        // SAFETY: the list ends in a null pointer, and each element is a string that lives as long as the process.
        unsafe {
            while !at.is_null() && !(*at).is_null() {
                entries.push(CStr::from_ptr(*at));
                at = at.add(1);
            }
        }
        Self { entries }
    }

    /// An environment for tests, from strings that live for ever.
    pub fn from_entries(entries: Vec<&'static CStr>) -> Self {
        Self { entries }
    }

    /// Every entry as it is.
    pub fn entries(&self) -> &[&'static CStr] {
        &self.entries
    }

    /// The entries that have a name and a `=`, as name and value; of duplicates each.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static [u8], &'static [u8])> {
        self.entries.iter().filter_map(|entry| {
            let bytes = entry.to_bytes();
            let at = memchr::memchr(b'=', bytes)?;
            (at > 0).then(|| (&bytes[..at], &bytes[at + 1..]))
        })
    }

    /// The value of the first entry with this name, as getenv(3) finds it.
    pub fn get(&self, name: &str) -> Option<&'static [u8]> {
        self.pairs().find(|(n, _)| *n == name.as_bytes()).map(|(_, value)| value)
    }

    /// The same, where it is not empty and UTF-8: what a setting of ours can be.
    pub fn text(&self, name: &str) -> Option<&'static str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok()).filter(|value| !value.is_empty())
    }

    /// Overwrites every string with zeroes. Takes the environment: nothing can read it afterwards. What is written
    /// through are the kernel's own pointers, not our shared references.
    ///
    /// # Safety
    /// `envp` is what [`Environ::new`] was given: strings of the initial stack, which is writable, and no reference into
    /// them is used any more.
    pub unsafe fn wipe(self, envp: *const *const libc::c_char) {
        for index in 0..self.entries.len() {
            // SAFETY: the caller's promise; volatile, so that the stores are not optimised away.
            unsafe {
                let mut at = (*envp.add(index)).cast_mut();
                while at.read() != 0 {
                    at.write_volatile(0);
                    at = at.add(1);
                }
            }
        }
    }
}
