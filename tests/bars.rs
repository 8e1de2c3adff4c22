//! The bars on the launcher that are cheap to read and always give the same figure; `tests/bench/run --check` reads the
//! others too.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test ends where it fails")]

use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// The shipped launcher: the one that the caller names, or else built here with the documented command.
static LAUNCHER: LazyLock<PathBuf> = LazyLock::new(|| {
    std::env::var_os("INJECT_STATIC").map_or_else(
        || {
            let line = "rustc --locked --profile dist -p inject --bin inject --target-dir target/dist -- \
                        -C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs";
            cargo(line);
            Path::new(env!("CARGO_MANIFEST_DIR")).join("target/dist/dist/inject")
        },
        PathBuf::from,
    )
});

fn cargo(line: &str) -> String {
    let mut command = Command::new(env!("CARGO"));
    output(command.args(line.split_whitespace()).current_dir(env!("CARGO_MANIFEST_DIR")), 0).0
}

/// What a program printed to both of its outputs.
fn output(command: &mut Command, code: i32) -> (String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, error) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert_eq!(status.code(), Some(code), "{command:?}: {error}");
    (out.into(), error.into())
}

#[test]
fn the_launcher_is_few_crates_and_no_sdk() {
    let tree = cargo("tree --locked -e normal --prefix none -p inject");
    let mut crates: Vec<_> = tree.lines().collect();
    crates.sort_unstable();
    crates.dedup();
    assert!(crates.len() <= 45, "{} crates", crates.len());
    for sdk in ["tokio", "rustls", "reqwest", "hyper", "vaultrs", "aws-", "google-cloud", "azure_", "keyring", "dbus"] {
        assert!(!crates.iter().any(|line| line.starts_with(sdk)), "{sdk} is in the launcher");
    }
}

#[test]
fn the_static_launcher_is_small() {
    let size = std::fs::metadata(&*LAUNCHER).unwrap().len();
    assert!(size < 3 << 20, "{size} bytes");
}

/// Up to an execve that the kernel refuses, which is as far as callgrind follows: an ELF file of a type that is none.
#[test]
fn a_launch_takes_few_instructions() {
    let folder = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o700)).tempdir().unwrap();
    let refused = folder.path().join("refused");
    let mut header = [0; 64];
    header[..24].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x09\0\x3e\0\x01\0\0\0");
    header[52] = 64;
    std::fs::write(&refused, header).unwrap();
    std::fs::set_permissions(&refused, PermissionsExt::from_mode(0o755)).unwrap();
    // 1000 variables ought to take 1.2 M; this is where it stands, held so that it does not grow.
    for (count, most) in [(10, 300_000), (1000, 2_200_000)] {
        let profile = folder.path().join("profile.toml");
        std::fs::write(&profile, "[secrets]\n\"*\" = \"dotenv:x.env\"\n").unwrap();
        let variables = (0..count).fold(String::new(), |mut all, n| {
            writeln!(all, "VARIABLE_{n:04}=value-{n:04}-abcdefghijklmnop").unwrap();
            all
        });
        std::fs::write(folder.path().join("x.env"), variables).unwrap();
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(&*LAUNCHER).arg("-p").arg(&profile);
        command.arg("--").arg(&refused).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", folder.path());
        let (_, told) = output(&mut command, 126);
        let taken = told.split("Collected : ").nth(1).and_then(|rest| rest.split_whitespace().next());
        let taken: u64 = taken.expect("a count").parse().expect("a number");
        assert!(taken <= most, "{count} variables: {taken} instructions, at most {most}");
    }
}
