//! `export --format systemd`, by a real systemd.

use super::support::{Pair, environment, exported, hostile, piped, same};
use std::path::PathBuf;
use std::process::Command;

const SERVICE: &str = "[Service]\nType=oneshot\nExecStart=/usr/bin/env -0\nStandardOutput=file:/run/exported.out\n\
    EnvironmentFile=/etc/exported\n";

/// Puts the text into a file, and each of `apart` into one that may be wrong; the environment of a service with them.
fn read_by_systemd(text: &[u8], apart: &[Pair]) -> Vec<Pair> {
    let folder = tempfile::tempdir().unwrap();
    let mut service = SERVICE.to_owned();
    std::fs::write(folder.path().join("exported"), text).unwrap();
    for (name, line) in apart {
        std::fs::write(folder.path().join(name), line).unwrap();
        service.push_str(&format!("EnvironmentFile=-/etc/{name}\n"));
    }
    std::fs::create_dir_all(folder.path().join("systemd/system")).unwrap();
    std::fs::write(folder.path().join("systemd/system/exported.service"), service).unwrap();
    let tar =
        Command::new("tar").arg("-C").arg(folder.path()).args(["--no-overwrite-dir", "-c", "."]).output().unwrap();

    let inside = "tar -C /etc --no-overwrite-dir --no-same-owner -x && systemctl daemon-reload && \
        systemctl start exported >&2 && cat /run/exported.out";
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/servers/systemd.sh");
    let enter = "exec nsenter -t $INIT_PID -a sh -c \"$0\"";
    let words = [script.as_os_str(), "sh".as_ref(), "-c".as_ref(), enter.as_ref(), inside.as_ref()];
    let done = piped(&words, &[("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")], &tar.stdout);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    environment(&done.stdout)
}

#[test]
fn every_value_in_an_environment_file() {
    let (text, held, refused) = exported("systemd", &hostile());
    // What is refused is no loss: systemd itself would not take it, quoted as the rest is.
    let quoted = |(name, value): &Pair| {
        let mut line = format!("{name}=\"").into_bytes();
        for byte in value {
            line.extend(b"\\".iter().filter(|_| b"\"\\$`".contains(byte)).chain([byte]));
        }
        (name.clone(), [&line, &b"\"\n"[..]].concat())
    };
    let mut apart: Vec<_> = refused.iter().map(quoted).collect();
    apart.push(quoted(&("CONTROL".to_owned(), b"taken".to_vec())));
    let read = read_by_systemd(&text, &apart);
    same("systemd", &held, &read);
    assert!(read.contains(&("CONTROL".to_owned(), b"taken".to_vec())), "nothing is read from the other files");
    assert!(refused.len() > 50, "{}", refused.len());
    for pair in &refused {
        assert!(!read.contains(pair), "{} is refused, and systemd takes it: {}", pair.0, pair.1.escape_ascii());
    }
}
