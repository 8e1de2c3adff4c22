//! The age of a keychain's item, by the keyring's own record.

use crate::common::Test;
use crate::common::age::{battery, now};
use crate::common::keyring::Keyring;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

#[test]
fn check_says_the_age_of_an_item() {
    let keyring = Keyring::start();
    keyring.put("aged", "hunter2", &[]);
    let run = |profile: &str, args: &[&str]| keyring.on(Test::new().file("p.toml", profile).args(args));
    let said = battery("keychain:my app/aged", "hunter2", "", run);
    // It keeps one version only.
    assert_eq!(said.version, None);
    let modified = said.created.unwrap();
    assert!(modified + 60 > now(), "{modified}");
    let python = std::env::var("INJECT_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let code = format!(
        "import secretstorage as s; [one] = s.search_items(s.dbus_init(), {{'username': 'aged'}}); assert one.get_modified() == {modified}"
    );
    keyring.run(&python, &["-c", &code], "");
}

/// Everything that is said on a bus.
struct Monitor {
    child: Child,
    lines: Receiver<String>,
}

impl Monitor {
    fn of(keyring: &Keyring) -> Self {
        let mut child = Command::new("dbus-monitor")
            .args(["--address", keyring.get("DBUS_SESSION_BUS_ADDRESS")])
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-monitor");
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let monitor = Self { child, lines };
        // It says itself that it has begun.
        monitor.until("NameLost");
        monitor
    }

    /// The lines up to the one with a word.
    fn until(&self, word: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(20)).expect("more of the bus");
            let end = line.contains(word);
            lines.push(line);
            if end {
                return lines;
            }
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// It is a question of its own, which a launch does not ask, whatever the entry says.
#[test]
fn it_costs_a_launch_no_question() {
    let keyring = Keyring::start();
    keyring.put("aged", "hunter2", &[]);
    let monitor = Monitor::of(&keyring);
    let profile = "[secrets]\nA = { from = 'keychain:my app/aged', max-age = '1d' }\n";
    let asked = |args: &[&str], mark: &str| {
        keyring.test(profile).args(args).run();
        let to = ["--session", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner"];
        keyring.run("dbus-send", &[&to[..], &[&format!("string:mark.{mark}")]].concat(), "");
        let lines = monitor.until(&format!("mark.{mark}"));
        let count = |word: &str| lines.iter().filter(|line| line.contains(word)).count();
        (count("member=GetSecret"), count("\"Modified\""))
    };
    let launched = asked(&["-p", "./p.toml", "--", "/usr/bin/true"], "launch");
    let checked = asked(&["check", "-p", "./p.toml"], "check");
    assert_eq!((launched, checked), ((1, 0), (1, 1)));
}
