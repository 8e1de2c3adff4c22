//! What git knows of files. git itself is asked, and it neither writes, nor fetches, nor runs what a repository's
//! configuration names.

use crate::clock::Clock;
use crate::error::{Fault, Report, printable};
use crate::exec;
use crate::plan::Plan;
use crate::process::{Input, Job, Output, Spec, drive};
use crate::source::tool::{shell_word, unexplained};
use crate::sys::{self, Environ, Guard, Program};
use std::cell::RefCell;
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// Nobody is kept waiting longer for a warning.
const PATIENCE: Duration = Duration::from_secs(10);

/// How git stands to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is in the index: it was committed, or will be.
    Tracked,
    /// Nothing keeps it out of the index.
    Loose,
    /// It is ignored.
    Ignored,
}

/// A file of a repository.
pub struct Known {
    /// The repository's root.
    pub root: PathBuf,
    /// The file, links resolved, from there.
    pub within: PathBuf,
    /// How git stands to it.
    pub standing: Standing,
}

/// The files that a plan reads in plain text: what a `dotenv:` or a `file:` names.
pub fn plaintext(plan: &Plan<'_>) -> Vec<PathBuf> {
    let batches = plan.batches.iter().filter(|batch| ["dotenv", "file"].contains(&batch.source.kind.name));
    let mut files: Vec<PathBuf> = Vec::new();
    for locator in batches.flat_map(|batch| &batch.locators) {
        let path = Path::new(&locator.text);
        if !files.iter().any(|known| known == path) {
            files.push(path.to_owned());
        }
    }
    files
}

/// What is wrong with these files of secrets, as far as git goes. Nothing where there is no repository, no git, or none
/// that answers.
pub fn warnings(files: &[PathBuf], environ: &Environ) -> Vec<Report> {
    let known = standing(files, environ);
    files.iter().zip(&known).filter_map(|(path, known)| warning(path, known.as_ref()?)).collect()
}

fn warning(path: &Path, Known { root, within, standing }: &Known) -> Option<Report> {
    let shown = shown(&root.join(within), path);
    let (what, hint) = match standing {
        Standing::Ignored => return None,
        Standing::Tracked => (
            "git tracks it",
            format!(
                "rotate what is in it, for whoever has a clone has it; then `git rm --cached {}` and the line {} in \
                 .gitignore; `git filter-repo --path {} --invert-paths` takes it out of the history",
                shell_word(&shown),
                printable(&pattern(within)),
                printable(&shell_word(&within.to_string_lossy()))
            ),
        ),
        Standing::Loose => (
            "git does not ignore it",
            format!("the line {} in .gitignore keeps it out of the next commit", printable(&pattern(within))),
        ),
    };
    let message = format!("{shown}: secrets are read from it in plain text, and {what}");
    Some(Report { place: None, message, hint: Some(hint) })
}

/// The line of the root's .gitignore that matches this file and nothing else.
pub fn pattern(within: &Path) -> String {
    let mut line = String::from("/");
    for c in within.to_string_lossy().chars() {
        // A space counts only where it is no trailing one, and an escape is never wrong.
        if "\\*?[ ".contains(c) {
            line.push('\\');
        }
        line.push(c);
    }
    line
}

/// A file as the user would open it from here: `real` is where it lies, `named` how the profile leads there.
fn shown(real: &Path, named: &Path) -> String {
    let here = nix::unistd::getcwd().ok();
    let below = here.and_then(|here| real.strip_prefix(here).ok().map(Path::to_owned));
    printable(&below.as_deref().unwrap_or(named).to_string_lossy())
}

/// How git stands to each file; `None` where there is no such file, no repository, no git or no answer.
pub fn standing(files: &[PathBuf], environ: &Environ) -> Vec<Option<Known>> {
    let mut known: Vec<_> = files.iter().map(|file| place(file)).collect();
    let mut asked: Vec<PathBuf> = Vec::new();
    while let Some(next) = known.iter().flatten().find(|file| !asked.contains(&file.root)) {
        let root = next.root.clone();
        let here = |file: &&Known| file.root == root;
        let within: Vec<_> = known.iter().flatten().filter(here).map(|file| file.within.as_os_str()).collect();
        let listed = listed(&root, &within, environ);
        for one in known.iter_mut().filter(|one| one.as_ref().is_some_and(|file| file.root == root)) {
            match (one.as_mut(), &listed) {
                (Some(file), Ok(listed)) => file.standing = said(listed, file.within.as_os_str().as_bytes()),
                _ => *one = None,
            }
        }
        asked.push(root);
    }
    known
}

/// The repository of a file, and where the file lies in it; nobody has said yet whether git knows it.
fn place(file: &Path) -> Option<Known> {
    let real = std::fs::canonicalize(file).ok().filter(|real| real.is_file())?;
    let root = root(real.parent()?)?.to_owned();
    let within = real.strip_prefix(&root).ok()?.to_owned();
    Some(Known { root, within, standing: Standing::Ignored })
}

/// The folder that holds a `.git`: this one, or the nearest above it.
pub fn root(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| sys::stat(&folder.join(".git")).is_ok())
}

/// Of these files those that git tracks, each behind `H ` or another letter, and those that it would, behind `? `.
fn listed(root: &Path, files: &[&OsStr], environ: &Environ) -> Result<Vec<u8>, Fault> {
    let list = ["--literal-pathspecs", "ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard", "--"];
    let args: Vec<_> = list.iter().map(OsStr::new).chain(files.iter().copied()).collect();
    printed(spec_in(root, &args, environ)?, PATIENCE)
}

/// What git does not list is ignored.
fn said(listed: &[u8], within: &[u8]) -> Standing {
    match listed.split(|byte| *byte == 0).find(|row| row.get(2..) == Some(within)) {
        Some([b'?', ..]) => Standing::Loose,
        Some(_) => Standing::Tracked,
        None => Standing::Ignored,
    }
}

fn names(entry: &[u8], name: &str) -> bool {
    entry.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
}

/// git with these arguments, about the repository that a folder lies in: a caller's GIT_DIR can lead to another one.
///
/// # Errors
/// It is not installed.
pub fn spec_in<'e>(folder: &Path, args: &[&OsStr], environ: &'e Environ) -> Result<Spec<'e>, Fault> {
    let elsewhere = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"];
    let args = [&["-C".as_ref(), folder.as_os_str()], args].concat();
    let mut spec = spec(&args, environ)?;
    spec.env.retain(|entry| !elsewhere.iter().any(|name| names(entry.to_bytes(), name)));
    Ok(spec)
}

/// git with these arguments, in the caller's environment.
///
/// # Errors
/// It is not installed.
pub fn spec<'e>(args: &[&OsStr], environ: &'e Environ) -> Result<Spec<'e>, Fault> {
    let path = exec::locate(c"git", environ).map_err(|error| {
        let message = error.reports.into_iter().next().map(|report| report.message).unwrap_or_default();
        Fault::unreachable(message)
    })?;
    let fixed = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false"].map(OsStr::new);
    let argv = fixed.iter().chain(args).map(|word| CString::new(word.as_bytes())).collect::<Result<_, _>>();
    let argv = argv.map_err(|_| Fault::invalid("a NUL character cannot be in an argument"))?;
    // Of duplicates the first one counts.
    let env = [c"GIT_NO_LAZY_FETCH=1"].into_iter().chain(environ.entries().iter().copied()).collect();
    Ok(Spec { label: "git".into(), program: Program::Path(path), argv, env, input: Input::Nothing })
}

/// Runs git to its end, or until `output` has enough. `request` is its standard input.
///
/// # Errors
/// It cannot be started, fails, or takes longer than `limit`; `output` can refuse what it prints.
pub fn run<'e>(
    mut spec: Spec<'e>,
    request: Vec<u8>,
    output: Box<dyn Output + 'e>,
    limit: Duration,
) -> Result<(), Fault> {
    spec.input = if request.is_empty() { Input::Nothing } else { Input::Text };
    let argv: Vec<_> = spec.argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let guard = Guard::new();
    let mut jobs = [Job::new(spec, request, output)];
    drive(&mut jobs, &guard, &Clock::new(limit));
    let [mut job] = jobs;
    let failed = |how: String| Err(unexplained(format!("git {how}"), &argv));
    match job.done.take() {
        Some(Ok(None)) => Ok(()),
        Some(Ok(Some(status))) if status.success() => Ok(()),
        Some(Ok(Some(status))) => match (status.code(), status.signal()) {
            (Some(code), _) => failed(format!("ended with exit code {code}")),
            (None, signal) => failed(format!("was ended by signal {}", signal.unwrap_or_default())),
        },
        Some(Err(fault)) => Err(fault),
        None => failed("was not run".into()),
    }
}

/// All that git prints.
///
/// # Errors
/// As [`run`].
pub fn printed(spec: Spec<'_>, limit: Duration) -> Result<Vec<u8>, Fault> {
    let printed = Printed::default();
    run(spec, Vec::new(), Box::new(printed.clone()), limit)?;
    Ok(printed.0.take())
}

#[derive(Clone, Default)]
struct Printed(Rc<RefCell<Vec<u8>>>);

impl Output for Printed {
    fn feed(&mut self, bytes: &[u8]) -> Result<bool, Fault> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(false)
    }
}
