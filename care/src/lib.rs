//! `inject-care`: a secret's life in front of the program. `inject VERB` becomes it; the grammar of its verbs is
//! [`inject::cli::Care`], and profiles, sources and messages are the launcher's own.

mod doctor;
mod export;
mod generate;
mod get;
mod import;
mod init;
mod mapping;
mod origin;
mod output;
mod scan;
mod set;
mod strength;
mod target;
mod unset;
mod values;
mod verify;
mod write;

use inject::cli::{self, Care, Cli, Load, Parsed, Verb};
use inject::error::{Error, os};
use inject::sys::{self, Environ};
use std::ffi::CStr;

/// The whole program; the exit code.
///
/// # Safety
/// The arguments are those of C's main, called once, first thing.
#[allow(unsafe_code)]
pub unsafe fn start(argc: i32, argv: *const *const libc::c_char, envp: *const *const libc::c_char) -> u8 {
    let closed = sys::undumpable();
    sys::hide_panics();
    // SAFETY: the caller's promise.
    let (words, environ) = unsafe { (sys::words(argc, argv), Environ::new(envp)) };
    let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        closed.map_err(|error| Error::new(format!("cannot close its memory to other processes: {}", os(error))))?;
        run(&words, &environ)
    }));
    // What logs in to a store stands in the caller's environment; from here on nothing refers to it.
    #[cfg(not(feature = "leak-no-scrub"))]
    // SAFETY: the strings are the initial stack's, and `run` has come back with copies only.
    unsafe {
        environ.wipe(envp);
    }
    sys::wipe_stack();
    match run {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => {
            sys::write_lossy(2, error.render().as_bytes());
            error.exit
        }
        Err(_) => 125, // the panic hook has said where
    }
}

fn run(words: &[&'static CStr], environ: &Environ) -> Result<u8, Error> {
    let cli = match cli::parse(words.iter().map(|word| sys::os_string(word)))? {
        Parsed::Do(cli) => *cli,
        Parsed::Show(text) => return Ok(inject::verb::print(&text)),
    };
    let Cli { load: front, verb: Some(Verb::Care(verb)), .. } = cli else {
        return Err(Error::new("this is the other half of inject: run `inject VERB`"));
    };
    dispatch(verb, front, environ)
}

fn dispatch(verb: Care, front: Load, environ: &Environ) -> Result<u8, Error> {
    if matches!(verb, Care::Generate { .. } | Care::Init { .. }) && !front.is_empty() {
        return Err(Error::new("this verb loads no profile, so it takes none of -p, -i, --set, --timeout and --trust"));
    }
    match verb {
        Care::Generate { spec } => generate::verb(spec.as_deref()),
        Care::Get { load, name, show } => get::get(&front.and(load), &name, show, environ),
        Care::Verify { load, name, stdin } => verify::verify(&front.and(load), &name, stdin, environ),
        Care::Export { load, format, show } => export::export(&front.and(load), &format, show, environ),
        Care::Set { load, name, to, stdin, from_file, generate } => {
            let origin = origin::Origin::of(stdin, from_file, generate);
            set::set(&front.and(load), &name, to.as_deref(), &origin, environ)
        }
        Care::Unset { load, name, yes } => unset::unset(&front.and(load), &name, yes, environ),
        Care::Import { load, what, from, to, dry_run, remove, yes } => {
            let wanted = import::Wanted { what, envchain: from.is_some(), to, dry_run, remove, yes };
            import::import(&front.and(load), &wanted, environ)
        }
        Care::Scan { load, staged, paths } => scan::scan(&front.and(load), staged, &paths, environ),
        Care::Init { yes } => init::init(yes, environ),
        Care::Doctor { load } => Ok(doctor::doctor(&front.and(load), environ)),
    }
}
