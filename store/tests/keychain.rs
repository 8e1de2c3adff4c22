//! `inject-store keychain` against GNOME Keyring, and against a provider that misbehaves on purpose. What is missing
//! on the machine (gnome-keyring, secret-tool, python3 with keyring and secretstorage) makes these tests fail.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use inject::error::{Fault, State};
use nix::sys::signal::Signal;
use support::{Keyring, Session, request, spawn};

fn value(text: &str) -> Result<Vec<u8>, Fault> {
    Ok(text.as_bytes().to_vec())
}

/// The state and the words of what must be a fault.
#[track_caller]
fn fault(result: Result<Vec<u8>, Fault>) -> (State, String) {
    let fault = result.expect_err("there is a value");
    // Only what a later launch may find in order is worth a try.
    let passes = ["the secret service ended while it was asked", "the secret service does not answer"];
    assert_eq!(fault.exit(), if passes.contains(&fault.message.as_str()) { 124 } else { 125 });
    (fault.state, fault.message)
}

#[test]
fn reads_what_others_wrote_byte_for_byte() {
    let keyring = Keyring::start();
    keyring.put("tool", b"from secret-tool");
    keyring.put("lines", b"-----BEGIN\nline\r\n\n");
    keyring.put("empty", b"");
    keyring.python(concat!(
        "import keyring; from keyring.backends import SecretService as S; keyring.set_keyring(S.Keyring());",
        "keyring.set_password('https://host/path', 'python', 'gr\\u00fc\\u00dfe')",
    ));
    keyring.python(concat!(
        "import secretstorage as s; b = s.dbus_init(); c = s.get_default_collection(b);",
        "c.create_item('l', {'service': 'inject', 'username': 'binary'}, bytes(range(256)), content_type='application/octet-stream');",
        "c.create_item('l', {'service': 'inject', 'username': 'large'}, b'x' * 100000)",
    ));
    let asked = [
        "inject/tool",
        "inject/lines",
        "inject/empty",
        "https://host/path/python",
        "inject/binary",
        "inject/large",
        "inject/tool",
    ];
    let session = keyring.ask(&asked);
    assert_eq!((session.stderr.as_str(), session.status.code()), ("", Some(0)));
    let expected = [
        value("from secret-tool"),
        value("-----BEGIN\nline\r\n\n"),
        value(""),
        value("gr\u{fc}\u{df}e"),
        Ok((0..=255).collect()),
        Ok(vec![b'x'; 100_000]),
        value("from secret-tool"),
    ];
    assert!(session.all(asked.len()) == expected);
}

#[test]
fn missing_ambiguous_and_malformed_are_told_apart() {
    let keyring = Keyring::start();
    keyring.put("once", b"1");
    for n in ["1", "2"] {
        let more = ["store", "--label=l", "service", "inject", "username", "twice", "n", n];
        keyring.run("secret-tool", &more, b"2");
    }
    let mut all = keyring.ask(&["inject/none", "inject/twice", "inject", "/a", "s/", "s\0/a", "inject/once"]).all(7);
    assert_eq!(all.pop(), Some(value("1")));
    let malformed = (State::Invalid, "this names no item of a keychain".to_owned());
    for _ in 0..4 {
        assert_eq!(fault(all.pop().unwrap()), malformed);
    }
    assert_eq!(fault(all.pop().unwrap()), (State::Invalid, "ambiguous: 2 items match".into()));
    assert_eq!(fault(all.pop().unwrap()), (State::Absent, "no such item in the keychain".into()));
}

#[test]
fn locked_is_not_missing() {
    let keyring = Keyring::start();
    keyring.put("one", b"1");
    keyring.put("two", b"2");
    keyring.lock();
    let session = keyring.ask(&["inject/one", "inject/none", "inject/two"]);
    assert!(session.took < Duration::from_secs(10), "a prompt that cannot be shown is no reason to wait");
    let mut all = session.all(3);
    let locked = (State::Locked, "the keyring is locked, and was not unlocked".to_owned());
    assert_eq!(fault(all.remove(0)), locked);
    assert_eq!(fault(all.remove(0)).0, State::Absent, "GNOME Keyring knows its items while it is locked");
    assert_eq!(fault(all.remove(0)), locked);
}

#[test]
fn a_locked_collection_that_shows_nothing_is_opened_or_locked() {
    let bare = Keyring::bare();
    let fake = bare.fake("dismiss");
    assert_eq!(fault(bare.one("s/a")).0, State::Locked);
    drop(fake);
    let _fake = bare.fake("open");
    assert_eq!(bare.one("s/a"), value("from the fake"));
}

#[test]
fn without_a_bus_nothing_is_started() {
    let keyring = Keyring::start();
    keyring.put("a", b"1");
    let with = |name: &str, text: &str| {
        let mut env: Vec<_> = keyring.env.iter().filter(|(n, _)| n == "PATH" || n == "HOME").cloned().collect();
        env.push((name.into(), text.into()));
        Session::run(env, "keychain", &request("keychain", &["inject/a"])).all(1).remove(0)
    };
    let run = keyring.get("XDG_RUNTIME_DIR");
    let (state, words) = fault(with("XDG_RUNTIME_DIR", keyring.get("HOME")));
    assert_eq!(state, State::Unreachable);
    assert!(words.starts_with("there is no session bus"), "{words}");
    assert_eq!(fault(with("DBUS_SESSION_BUS_ADDRESS", "")), (state, words));
    for starts in ["autolaunch:", "unix:path=/none;autolaunch:", "unixexec:path=/bin/true"] {
        let (state, words) = fault(with("DBUS_SESSION_BUS_ADDRESS", starts));
        assert_eq!(state, State::Unreachable);
        assert!(words.contains("would start a program"), "{words}");
    }
    let stale = (State::Unreachable, "nothing answers at the session bus's address".to_owned());
    for address in ["unix:path=/none/bus", "garbage", "unix:abstract=/tmp/inject-none"] {
        assert_eq!(fault(with("DBUS_SESSION_BUS_ADDRESS", address)), stale, "{address}");
    }
    assert_eq!(with("XDG_RUNTIME_DIR", run), value("1"), "the bus of a desktop without the variable");
    keyring.signal("BUS_PID", Signal::SIGKILL);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(fault(keyring.one("inject/a")), stale, "a socket that nobody listens on");
}

#[test]
fn a_bus_without_a_provider() {
    let none = fault(Keyring::bare().one("inject/a"));
    assert_eq!(none, (State::Unreachable, "no program on the session bus provides the secret service".into()));
}

#[test]
fn a_provider_that_ends_or_hangs_in_the_middle() {
    let bare = Keyring::bare();
    for member in ["OpenSession", "SearchItems", "GetSecret"] {
        let _fake = bare.fake(&format!("die:{member}"));
        let ended = (State::Unreachable, "the secret service ended while it was asked".into());
        assert_eq!(fault(bare.one("s/a")), ended, "{member}");
    }
    let _fake = bare.fake("hang:GetSecret");
    assert_eq!(fault(bare.one("s/a")), (State::Unreachable, "the secret service does not answer".into()));
}

#[test]
fn gnome_keyring_is_killed_while_it_is_asked() {
    let keyring = Keyring::start();
    keyring.signal("KEYRING_PID", Signal::SIGSTOP);
    let mut child = spawn(keyring.env.clone(), "keychain");
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), &request("keychain", &["s/a"])).unwrap();
    std::thread::sleep(Duration::from_millis(700));
    keyring.signal("KEYRING_PID", Signal::SIGKILL);
    let session = Session::end(child);
    assert_eq!(session.status.code(), Some(125));
    let (state, words) = fault(session.all(1).remove(0));
    assert_eq!(state, State::Unreachable);
    assert!(words == "the secret service ended while it was asked" || words.starts_with("no program"), "{words}");
}

#[test]
fn a_provider_that_answers_wrongly_is_never_absence() {
    let bare = Keyring::bare();
    for mode in ["iv", "padding", "type", "huge"] {
        let _fake = bare.fake(mode);
        let session = bare.ask(&["s/a"]);
        // A short IV makes the crate panic; only the place is told.
        assert!(session.stderr.is_empty() || session.stderr.starts_with("inject-store: bug at "), "{}", session.stderr);
        assert_eq!(fault(session.all(1).remove(0)).0, State::Invalid, "{mode}");
    }
}
