//! `inject-store KIND`: opens one secret store and answers the launcher over a pipe (`store/PROTOCOL.md`). It holds
//! the vendors' code, so that the launcher holds none of it. It prints nothing but `--version`, and where a panic was.
#![deny(unsafe_code)]

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use inject::error::Fault;
use inject::protocol::{self, Reply};
use nix::sys::{prctl, resource};
use nix::unistd::dup2_stdin;

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "azure")]
mod azure;
#[cfg(any(feature = "keychain", feature = "net"))]
mod document;
#[cfg(feature = "gcp")]
mod gcp;
#[cfg(feature = "keychain")]
mod keychain;
#[cfg(feature = "net")]
#[cfg_attr(not(all(feature = "aws", feature = "azure", feature = "gcp", feature = "vault")), allow(dead_code))]
// shared
mod net;
mod serve;
#[cfg_attr(not(all(feature = "keychain", feature = "net")), allow(dead_code))] // the same
mod settings;
#[cfg(feature = "vault")]
mod vault;

/// The exit code of everything that went wrong; the reason is in the answer.
const FAILED: u8 = 125;

#[allow(unsafe_code)]
mod alloc {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// The most bytes in use at once: many times what an environment can hold, and the only bound on answers that the
    /// clients of some SDKs read.
    pub(super) const MOST: usize = 256 << 20;

    static USED: AtomicUsize = AtomicUsize::new(0);

    /// What goes to the launcher before the process ends for want of memory; made while there is some.
    pub(super) static LAST_WORDS: OnceLock<Vec<u8>> = OnceLock::new();

    /// The system's allocator, up to [`MOST`]; where nothing is left, the process ends with 125, where Rust would abort
    /// with 134 and, for the vendors' code, leave a core.
    pub(super) struct OrExit;

    // SAFETY: hands every call on to `System` unchanged, and never returns null.
    unsafe impl GlobalAlloc for OrExit {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            if USED.fetch_add(layout.size(), Ordering::Relaxed) > MOST - layout.size().min(MOST) {
                end()
            }
            // SAFETY: the caller keeps `alloc`'s contract, which is `System`'s.
            let memory = unsafe { System.alloc(layout) };
            if memory.is_null() {
                end()
            }
            memory
        }

        unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
            // SAFETY: the caller keeps `dealloc`'s contract; `memory` came from `System`.
            unsafe { System.dealloc(memory, layout) }
            USED.fetch_sub(layout.size(), Ordering::Relaxed);
        }
    }

    /// Ends the process, with its last words if it has any.
    fn end() -> ! {
        let words = LAST_WORDS.get().map_or(&[][..], Vec::as_slice);
        // SAFETY: `write` reads so many bytes of a slice, and `_exit` only ends the process; nothing is allocated and
        // no handler runs.
        unsafe {
            libc::write(libc::STDOUT_FILENO, words.as_ptr().cast(), words.len());
            libc::_exit(super::FAILED.into())
        }
    }
}

#[cfg(feature = "net")]
#[allow(unsafe_code)]
mod environment {
    /// As the clients of the network want it.
    pub(super) fn settle() {
        for (name, value) in crate::net::environment::settled() {
            // SAFETY: `main` calls this before anything has started a thread.
            unsafe { std::env::set_var(name, value) }
        }
    }
}

/// Wipes all memory that is given back, also that of the crates which do not.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<alloc::OrExit> = zeroizing_alloc::ZeroAlloc(alloc::OrExit);

fn main() -> ExitCode {
    if harden().is_err() {
        return ExitCode::from(FAILED);
    }
    panic::set_hook(Box::new(|info| {
        // The message may hold a value; the location is ours. A closed stderr is no reason to panic again.
        if let Some(at) = info.location() {
            let _ = writeln!(io::stderr(), "inject-store: bug at {}:{}", at.file(), at.line());
        }
    }));
    #[cfg(feature = "net")]
    environment::settle();
    let mut args = std::env::args_os().skip(1);
    let done = match (args.next().as_deref().and_then(|arg| arg.to_str()), args.next()) {
        (Some("--version"), None) => version().is_ok(),
        (Some(kind), None) => run(kind).unwrap_or(false),
        _ => false,
    };
    ExitCode::from(if done { 0 } else { FAILED })
}

/// Not readable by other processes of the same user, and no core. The soft limit only: a program that a store runs
/// inherits it, and can lift it.
fn harden() -> nix::Result<()> {
    prctl::set_dumpable(false)?;
    let (_, hard) = resource::getrlimit(resource::Resource::RLIMIT_CORE)?;
    resource::setrlimit(resource::Resource::RLIMIT_CORE, 0, hard)
}

fn version() -> io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    writeln!(io::stdout(), "inject-store {version} (protocol {})", protocol::VERSION)
}

/// Prepares for the end of all memory, from when on the launcher can be answered.
pub(crate) fn prepare_last_words(kind: &str) -> io::Result<()> {
    let fault = Fault::invalid(format!("inject-store {kind} has no memory left, of {} MiB", alloc::MOST >> 20))
        .hint("an answer without end does that; is the address right?");
    let mut words = Vec::new();
    protocol::write_reply(&mut words, &Reply::Failed(fault))?;
    alloc::LAST_WORDS.get_or_init(|| words);
    Ok(())
}

/// Serves until the input ends; true if nothing failed as a whole. The descriptors are used without std's buffers,
/// which are never wiped.
fn run(kind: &str) -> io::Result<bool> {
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    // A program that the vendors' code starts must not take part in the conversation.
    dup2_stdin(File::open("/dev/null")?)?;
    let served = panic::catch_unwind(AssertUnwindSafe(|| serve::serve(kind, &mut input, &mut output)));
    served.unwrap_or_else(|_| {
        let fault = Fault::invalid(format!("inject-store {kind} has a bug and gave up"));
        protocol::write_reply(&mut output, &Reply::Failed(fault))?;
        Ok(false)
    })
}
