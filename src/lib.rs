//! `inject`: start a program with its secrets. The library serves the binary, `inject-store`, the tests and the fuzzers.
//!
//! The launch, in order: [`cli`] - [`profile`] - [`plan`] - trust - the command - [`resolve`] - [`merge`] - [`block`] -
//! scrub - execve. Everything up to the command is pure or reads profiles only; nothing behind it can fail for what the
//! profile says.

pub mod answers;
pub mod arena;
pub mod audit;
pub mod batch;
pub mod block;
pub mod cli;
pub mod clock;
pub mod companion;
pub mod date;
pub mod document;
pub mod error;
pub mod exec;
pub mod filter;
pub mod inherit;
pub mod merge;
pub mod plan;
pub mod process;
pub mod profile;
pub mod protocol;
pub mod reference;
pub mod resolve;
pub mod secret;
pub mod source;
pub mod sys;
pub mod variable;
pub mod verb;

use cli::{Cli, Parsed, Verb};
use error::Error;
use profile::Profile;
use std::ffi::{CStr, CString};
use sys::Environ;

/// A launch that is ready: nothing is left but to scrub and to become the command.
pub struct Ready {
    path: CString,
    block: block::Block,
    audit: audit::Audit,
}

/// What a command line came to.
pub enum Run {
    /// It is done: the exit code.
    Done(u8),
    /// Become the command.
    Launch(Box<Ready>),
}

/// Does what the command line says, up to the point of no return: `front` is what stands before `--`, `name` the first
/// word behind it, and `argv` that and what follows, the caller's own, the null included.
///
/// # Errors
/// Why nothing was run.
pub fn run(
    front: &[&'static CStr],
    name: Option<&CStr>,
    argv: &[*const libc::c_char],
    environ: &Environ,
) -> Result<Run, Error> {
    if sys::elevated() {
        return Err(Error::new("refuses to run set-user-ID, set-group-ID or with file capabilities"));
    }
    let cli = match cli::parse(front.iter().map(|word| sys::os_string(word))) {
        Ok(Parsed::Do(cli)) => *cli,
        Ok(Parsed::Show(text)) => return Ok(Run::Done(verb::print(&text))),
        // Nobody typed that: a completion script is older than this program, or asks for a word that is half there.
        Err(_) if front.get(1).is_some_and(|word| word.to_bytes() == b"complete") => return Ok(Run::Done(0)),
        Err(error) => return Err(error),
    };
    match cli.verb {
        None => launch(&cli, name, argv, environ).map(Box::new).map(Run::Launch),
        Some(Verb::Care(_)) if name.is_none() => Err(companion::become_it("inject-care", front, environ)),
        Some(Verb::Care(_)) => Err(Error::new("this verb takes no command behind '--'")),
        Some(verb) => dispatch(verb, cli.load, name, environ).map(Run::Done),
    }
}

fn launch(cli: &Cli, name: Option<&CStr>, argv: &[*const libc::c_char], environ: &Environ) -> Result<Ready, Error> {
    let name = name.ok_or_else(|| Error::new("no command").hint(cli::usage(cli::USAGE)))?;
    let profile = Profile::read(cli.load.wish(environ)?, environ);
    let plan = plan::Plan::new(&profile, environ)?;
    verb::trust::require(&profile, &cli.load, environ)?;
    let mut audit = audit::Audit::open(&profile, Some(name), environ)?;
    match prepare(&plan, name, argv, cli.verbose, environ, &mut audit) {
        Ok((path, block)) => Ok(Ready { path, block, audit }),
        Err(error) => {
            audit.write("failed", Some(error.exit))?;
            Err(error)
        }
    }
}

/// From the plan to everything that the exec needs.
fn prepare(
    plan: &plan::Plan<'_>,
    name: &CStr,
    argv: &[*const libc::c_char],
    verbose: bool,
    environ: &Environ,
    audit: &mut audit::Audit,
) -> Result<(CString, block::Block), Error> {
    let path = exec::locate(name, environ)?;
    exec::check_format(&path)?;
    let answers = resolve::resolve(plan, environ);
    let merged = merge::Merged::new(plan, &answers);
    audit.note(merged.variables.iter().filter(|variable| variable.exposed()));
    merged.complete(plan)?;
    let block = block::Block::pack(plan, &merged, environ, argv, path.as_bytes().len())?;
    if verbose {
        let told = block::told(plan, &merged, &answers.notes, environ, block.arena.kept);
        sys::write_lossy(2, told.as_bytes());
    }
    Ok((path, block))
}

fn dispatch(verb: Verb, front: cli::Load, command: Option<&CStr>, environ: &Environ) -> Result<u8, Error> {
    let loads = matches!(verb, Verb::Plan { .. } | Verb::Check { .. } | Verb::Complete { .. });
    if !loads && !front.is_empty() {
        return Err(Error::new("this verb loads no profile, so it takes none of -p, -i, --set, --timeout and --trust"));
    }
    if command.is_some() && !matches!(verb, Verb::Plan { .. }) {
        return Err(Error::new("this verb takes no command behind '--'"));
    }
    match verb {
        Verb::Plan { load, json, dropped } => verb::plan::plan(&front.and(load), json, dropped, command, environ),
        Verb::Check { load, json, strict } => verb::check::check(&front.and(load), json, strict, environ),
        Verb::List { json } => verb::list::list(json, environ),
        Verb::Trust { profile, list, remove } => verb::trust::trust(profile.as_deref(), list, remove, environ),
        Verb::Completions { shell } => verb::completions::completions(&shell),
        Verb::Care(_) => Err(Error::new("inject-care does this")),
        Verb::Complete { load, what } => verb::completions::complete(&what, &front.and(load), environ),
    }
}

/// The whole program: everything between C's main and the command. Comes back only where nothing was run.
///
/// # Safety
/// The arguments are those of C's main, called once, first thing.
#[allow(unsafe_code)]
pub unsafe fn start(argc: i32, argv: *const *const libc::c_char, envp: *const *const libc::c_char) -> u8 {
    let closed = sys::undumpable();
    sys::hide_panics();
    // SAFETY: the caller's promise.
    let (words, pointers, environ) = unsafe { (sys::words(argc, argv), sys::pointers(argc, argv), Environ::new(envp)) };
    let dashes = words.iter().position(|word| word.to_bytes() == b"--");
    let front = &words[..dashes.unwrap_or(words.len())];
    let behind = dashes.map_or(words.len(), |at| at + 1);
    let argv = pointers.get(behind..).unwrap_or_default();
    let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        closed
            .map_err(|error| Error::new(format!("cannot close its memory to other processes: {}", error::os(error))))?;
        run(front, words.get(behind).copied(), argv, &environ)
    }));
    // From here on nothing refers to the caller's environment: what was passed on stands in the arena.
    #[cfg(not(feature = "leak-no-scrub"))]
    // SAFETY: the strings are the initial stack's, and `run` has come back with copies only.
    unsafe {
        environ.wipe(envp);
    }
    let error = match run {
        Ok(Ok(Run::Done(code))) => return code,
        Ok(Ok(Run::Launch(ready))) => ready.audit.write("exec", None).err().unwrap_or_else(|| {
            let Ready { path, block, audit } = *ready;
            // SAFETY: argv is the kernel's own list with its null; the block ends in a null and points into its arena.
            let errno = unsafe { sys::execve(&path, argv, &block.pointers) };
            drop(block);
            let error = exec::failed(&path, errno);
            audit.write("exec-failed", Some(error.exit)).err().unwrap_or(error)
        }),
        Ok(Err(error)) => error,
        Err(_) => return 125, // the panic hook has said where
    };
    let last = if dashes.is_some() { "inject: nothing was run\n" } else { "" };
    sys::write_lossy(2, format!("{}{last}", error.render()).as_bytes());
    error.exit
}
