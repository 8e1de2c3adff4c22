//! What every launch meets here.

use crate::common::Test;
use crate::common::tool::tool;
use std::path::Path;

/// The rows about something, each without what it is about.
#[track_caller]
pub(super) fn rows(test: Test, status: i32, about: &str) -> Vec<String> {
    let done = test.status(status).stderr("").run();
    let told = String::from_utf8(done.stdout).unwrap();
    let cells = told.lines().map(|line| line.splitn(3, "  ").map(str::trim).filter(|cell| !cell.is_empty()));
    let cells = cells.map(|cells| cells.collect::<Vec<_>>().join("  ")).filter_map(|line| {
        let (state, rest) = line.split_once(' ')?;
        let rest = rest.trim_start().strip_prefix(about)?.strip_prefix(' ')?;
        Some(format!("{state}: {}", rest.trim_start()))
    });
    cells.collect()
}

fn doctor() -> Test {
    Test::new().args(["doctor"]).env("PATH", "/usr/bin:/bin")
}

#[test]
fn the_memory_is_what_a_launch_would_get() {
    assert_eq!(rows(doctor(), 0, "memory"), ["ok: secrets are kept in memfd_secret, which no other process reads"]);
    let without = rows(doctor().prefix([tool("state").as_os_str(), "no-secret-memory".as_ref()]), 0, "memory");
    assert!(
        without[0].starts_with("note: there is no memfd_secret here: secrets are kept in locked memory"),
        "{without:?}"
    );
    // A limit counts for who may not pass it.
    let few =
        ["/usr/bin/setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock", "/usr/bin/prlimit", "--memlock=8192"];
    let told = rows(doctor().prefix(few), 0, "memory");
    let text = "note: the limit of locked memory, 8 KiB, is too small: secrets could be swapped out before the exec (`ulimit -l`";
    assert!(told[0].starts_with(text), "{told:?}");
}

#[test]
fn a_path_is_read_as_a_launch_reads_it() {
    let path = |path: &str, status| rows(doctor().env("PATH", path), status, "PATH");
    assert_eq!(path("/usr/bin:/bin", 0), ["ok: 2 folders"]);
    assert_eq!(path("/usr/bin", 0), ["ok: 1 folder"]);
    let skipped = "is skipped: it would run what lies in the working folder";
    let expected = [
        format!("note: an empty element {skipped}"),
        format!("note: node_modules/.bin {skipped}"),
        "note: /no/such/folder: no such file or directory".into(),
    ];
    assert_eq!(path(":/usr/bin:node_modules/.bin:/no/such/folder", 0), expected);
    let lost = path("bin:/no/such/folder", 1);
    assert!(lost[2].starts_with("wrong: leads to no folder: no command is found by its name"), "{lost:?}");
    // The proof: such a launch fails.
    let launch = || Test::new().file("p.toml", "").args(["-p", "./p.toml", "--", "true"]);
    launch().env("PATH", "bin:/no/such/folder").status(127).run();
    launch().env("PATH", "/usr/bin:/bin").run();
    let test = doctor();
    let open = test.path("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let told = rows(test.env("PATH", &open), 0, "PATH");
    let shown = open.display();
    assert_eq!(
        told,
        [format!("note: {shown} can be written by anyone, who so decides which programs run (chmod go-w {shown})")]
    );
    let test = doctor();
    let out = test.command().env_remove("PATH").output().unwrap();
    assert!(
        String::from_utf8_lossy(&out.stdout).contains("is not set, so commands are looked for in /bin and /usr/bin")
    );
}

#[test]
fn the_store_and_the_memory_of_trust_are_looked_for() {
    assert_eq!(rows(doctor(), 0, "inject-store"), ["ok: is there"]);
    assert_eq!(rows(doctor(), 0, "trust"), ["ok: what was approved is remembered"]);
    let told = rows(doctor().env("HOME", ""), 0, "trust");
    assert!(told[0].starts_with("note: there is no HOME"), "{told:?}");
    let damaged = doctor().file(".local/state/inject/trust", "nonsense\n");
    let told = rows(damaged, 1, "trust");
    assert!(told[0].starts_with("wrong: ") && told[0].contains("line 1 is no approval"), "{told:?}");
    // The programs alone, without their store.
    let test = doctor();
    let own = crate::common::inject();
    test.bring(&own.with_file_name("inject-care"));
    let program = test.bring(&own);
    let told = rows(test.program(program), 0, "inject-store");
    assert!(told[0].starts_with("note: inject-store is not installed: looked for "), "{told:?}");
}

#[test]
fn a_clock_that_is_behind_is_told() {
    let test = || doctor().file("p.toml", "").args(["-p", "./p.toml"]);
    assert!(rows(test(), 0, "clock").is_empty());
    let test = test();
    let touched =
        std::process::Command::new("touch").args(["-d", "now + 3 days + 1 hour"]).arg(test.path("p.toml")).status();
    assert!(touched.unwrap().success());
    let told = rows(test, 0, "clock");
    assert!(
        told[0].starts_with("note: is 3 d ") && told[0].contains("behind the time at which the profile"),
        "{told:?}"
    );
}

#[test]
fn the_certificates_of_cas_are_looked_for_where_the_stores_look() {
    let test = |variable: &str, value: &Path| {
        let test = doctor().file("p.toml", "[secrets]\nA = 'vault:kv/a#b'\n").args(["-p", "./p.toml"]);
        let test = test.env("VAULT_ADDR", "https://127.0.0.1:1").env("VAULT_TOKEN", "x").args(["--timeout", "2s"]);
        rows(if variable.is_empty() { test } else { test.env(variable, value) }, 1, "CA")
    };
    assert_eq!(test("", Path::new("")), ["ok: /etc/ssl/certs/ca-certificates.crt"]);
    assert_eq!(test("SSL_CERT_FILE", Path::new("/etc/hostname")), ["ok: SSL_CERT_FILE: /etc/hostname"]);
    assert_eq!(test("SSL_CERT_FILE", Path::new("/etc")), ["wrong: SSL_CERT_FILE: /etc is no file"]);
    assert_eq!(test("SSL_CERT_DIR", Path::new("/etc/ssl/certs")), ["ok: SSL_CERT_DIR: /etc/ssl/certs"]);
    let missing = "wrong: SSL_CERT_FILE: /no/such: no such file or directory (no server could be believed)";
    assert_eq!(test("SSL_CERT_FILE", Path::new("/no/such")), [missing]);
    // Who asks no server has no use for them.
    let local = doctor().file("p.toml", "").args(["-p", "./p.toml"]);
    assert!(rows(local, 0, "CA").is_empty());
}
