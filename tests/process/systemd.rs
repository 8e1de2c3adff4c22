//! `systemd:` under a real systemd, which tests/servers/systemd.sh starts as PID 1 of its own namespaces.

use crate::common::{Test, inject};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::{Mutex, OnceLock};

/// One systemd for all tests here. It ends with this process, whose end of its standard input it waits for.
struct Systemd {
    _script: Child,
    _hold: ChildStdin,
    init: String,
}

/// One `daemon-reload` at a time: systemd drops what was started meanwhile from its answers.
static RELOAD: Mutex<()> = Mutex::new(());

fn systemd() -> &'static Systemd {
    static ONE: OnceLock<Systemd> = OnceLock::new();
    ONE.get_or_init(|| {
        let mut script = Command::new(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/servers/systemd.sh"))
            .arg("--install")
            .arg(inject())
            .args(["sh", "-c", "echo $INIT_PID; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tests/servers/systemd.sh");
        let hold = script.stdin.take().unwrap();
        let mut init = String::new();
        BufReader::new(script.stdout.as_mut().unwrap()).read_line(&mut init).unwrap();
        assert!(!init.is_empty(), "no systemd: see what tests/servers/systemd.sh says above");
        let one = Systemd { _script: script, _hold: hold, init: init.trim().to_owned() };
        one.must("install -d -m 755 /etc/test /run/out; systemd-creds setup", "");
        one
    })
}

/// How a unit's process ended, and what it printed.
struct Ran {
    status: String,
    result: String,
    out: String,
    err: String,
}

impl Systemd {
    /// A line of sh inside.
    fn run(&self, line: &str, input: &str) -> Output {
        let mut child = Command::new("nsenter")
            .args(["-t", &self.init, "-a", "sh", "-c", line])
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("nsenter");
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    #[track_caller]
    fn must(&self, line: &str, input: &str) -> String {
        let done = self.run(line, input);
        assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&[done.stdout, done.stderr].concat()));
        String::from_utf8(done.stdout).unwrap()
    }

    #[track_caller]
    fn put(&self, path: &str, content: &str, mode: &str) {
        self.must(&format!("umask 077; cat >{path}; chmod {mode} {path}"), content);
    }

    /// Writes a unit `NAME.service` with these lines in [Service], its profile, and where its output goes.
    #[track_caller]
    fn unit(&self, name: &str, profile: &str, command: &str, lines: &str) {
        self.put(&format!("/etc/test/{name}.toml"), profile, "644");
        let mut text = format!("[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart={command}\n{lines}\n");
        write!(text, "StandardOutput=file:/run/out/{name}.out\nStandardError=file:/run/out/{name}.err\n").unwrap();
        self.put(
            &format!("/etc/systemd/system/{name}.service"),
            &text.replace("PROFILE", &format!("/etc/test/{name}.toml")),
            "644",
        );
        let _one = RELOAD.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.must("systemctl daemon-reload", "");
    }

    /// Runs such a unit to its end.
    #[track_caller]
    fn once(&self, name: &str, profile: &str, command: &str, lines: &str) -> Ran {
        self.unit(name, profile, command, &format!("Type=oneshot\nRemainAfterExit=yes\n{lines}"));
        self.run(&format!("systemctl start {name}"), "");
        self.ran(name)
    }

    fn ran(&self, name: &str) -> Ran {
        let show = |what: &str| self.must(&format!("systemctl show -P {what} {name}"), "").trim().to_owned();
        let cat = |what: &str| self.must(&format!("cat /run/out/{name}.{what} 2>/dev/null || :"), "");
        Ran { status: show("ExecMainStatus"), result: show("Result"), out: cat("out"), err: cat("err") }
    }

    fn property(&self, name: &str, what: &str) -> String {
        self.must(&format!("systemctl show -P {what} {name}"), "").trim().to_owned()
    }
}

const LAUNCH: &str = "/usr/local/bin/inject -p PROFILE -- /usr/bin/env";

#[track_caller]
fn given(ran: &Ran, expected: &[&str]) {
    let mut lines: Vec<_> = ran.out.lines().collect();
    lines.sort_unstable();
    let how = (ran.status.as_str(), ran.result.as_str(), ran.err.as_str());
    assert_eq!((lines.as_slice(), how), (expected, ("0", "success", "")));
}

#[test]
fn credentials_of_each_kind() {
    let systemd = systemd();
    systemd.put("/etc/test/db.cred", "from a file\n", "400");
    let sealed =
        "printf 'from a sealed file' | systemd-creds encrypt --with-key=host --name=sealed - /etc/test/sealed.cred";
    systemd.must(sealed, "");
    let profile = "[secrets]\nA = { from = 'systemd:db', trim = true }\nB = 'systemd:set'\nC = 'systemd:sealed'\n\
        D = { from = 'systemd:none', optional = true }\nE = { from = ['systemd:none', 'systemd:set'] }\n";
    let credentials = "LoadCredential=db:/etc/test/db.cred\nSetCredential=set:from the unit\n\
        LoadCredentialEncrypted=sealed:/etc/test/sealed.cred";
    let expected = ["A=from a file", "B=from the unit", "C=from a sealed file", "E=from the unit"];
    for (name, user) in [("kinds-root", ""), ("kinds-dynamic", "DynamicUser=yes"), ("kinds-user", "User=nobody")] {
        given(&systemd.once(name, profile, LAUNCH, &format!("{credentials}\n{user}")), &expected);
    }
}

#[test]
fn a_credential_that_is_a_document() {
    let systemd = systemd();
    systemd.put("/etc/test/app.env", "# app\nONE=1\nexport TWO='two words'\n", "400");
    systemd.put("/etc/test/app.json", r#"{"db": {"password": "p w", "port": 5432}}"#, "400");
    let profile = "inherit = ['LANG']\n[secrets]\n'*' = 'systemd:app.env'\nPW = 'systemd:app.json#db.password'\n\
        PORT = 'systemd:app.json#db.port'\nTWO_AGAIN = 'systemd:app.env#TWO'\n";
    let lines = "DynamicUser=yes\nLoadCredential=app.env:/etc/test/app.env\nLoadCredential=app.json:/etc/test/app.json\n\
        UnsetEnvironment=LANG";
    let ran = systemd.once("document", profile, LAUNCH, lines);
    given(&ran, &["ONE=1", "PORT=5432", "PW=p w", "TWO=two words", "TWO_AGAIN=two words"]);
}

#[test]
fn a_service_that_may_nearly_nothing() {
    let profile = "[secrets]\nA = 'systemd:set'\nB = 'c:x'\n[source.c]\nkind = 'command'\nrun = ['/bin/echo', '{}']\n";
    let lines = "SetCredential=set:value\nDynamicUser=yes\nNoNewPrivileges=yes\nProtectSystem=strict\nProtectHome=yes\n\
        PrivateTmp=yes\nPrivateDevices=yes\nPrivateNetwork=yes\nMemoryDenyWriteExecute=yes\nCapabilityBoundingSet=\n\
        SystemCallArchitectures=native\nSystemCallFilter=@system-service\nLimitMEMLOCK=0\nLimitCORE=0\nProtectProc=invisible\n\
        ProcSubset=pid\nRestrictNamespaces=yes\nRestrictAddressFamilies=AF_UNIX";
    given(&systemd().once("hardened", profile, LAUNCH, lines), &["A=value", "B=x"]);
}

#[test]
fn it_is_the_main_process_that_notifies() {
    let systemd = systemd();
    let profile = "inherit = ['NOTIFY_SOCKET', 'PATH']\n[secrets]\nA = 'systemd:set'\n";
    let command =
        "/usr/local/bin/inject -p PROFILE -- /bin/sh -c 'systemd-notify --ready --status=\"got $A\"; exec sleep 1000'";
    let lines = "Type=notify\nNotifyAccess=all\nSetCredential=set:value\nDynamicUser=yes\nTimeoutStartSec=20";
    systemd.unit("notify", profile, &command.replace('$', "$$"), lines);
    systemd.must("systemctl start notify", "");
    let pid = systemd.property("notify", "MainPID");
    assert_eq!(systemd.property("notify", "StatusText"), "got value");
    let text = systemd.must(&format!("cat /proc/{pid}/comm; tr '\\0' '\\n' </proc/{pid}/environ"), "");
    assert!(text.starts_with("sleep\n") && text.contains("\nA=value\n"), "{text}");
    assert!(!text.contains("CREDENTIALS_DIRECTORY") && !text.contains("INVOCATION_ID"), "{text}");
    let group = systemd.property("notify", "ControlGroup");
    assert_eq!(systemd.must(&format!("cat /sys/fs/cgroup{group}/cgroup.procs"), "").trim(), pid, "nobody else is left");
    systemd.must("systemctl stop notify", "");
    assert_eq!(systemd.ran("notify").result, "success");
    // Without the socket the command cannot tell, and -v says what was dropped.
    let lines = lines.replace("StartSec=20", "StartSec=1");
    systemd.unit("mute", "inherit = ['PATH']\n", "/usr/local/bin/inject -v -p PROFILE -- /bin/sleep 1000", &lines);
    assert!(!systemd.run("systemctl start mute", "").status.success());
    assert!(systemd.ran("mute").err.contains("NOTIFY_SOCKET"), "{}", systemd.ran("mute").err);
}

#[test]
fn a_missing_credential() {
    let systemd = systemd();
    let profile = "[secrets]\nA = 'systemd:none'\nB = { from = 'systemd:none', optional = true }\nC = 'systemd:set'\n";
    let ran = systemd.once("missing", profile, LAUNCH, "SetCredential=set:value\nDynamicUser=yes");
    assert_eq!((ran.status.as_str(), ran.result.as_str(), ran.out.as_str()), ("125", "exit-code", ""));
    assert!(
        ran.err.contains("A: systemd:none: no such credential\n") && ran.err.ends_with("nothing was run\n"),
        "{}",
        ran.err
    );
    assert!(!ran.err.contains("value"), "{}", ran.err);
    let check = "/usr/local/bin/inject check --json -p PROFILE";
    let ran = systemd.once("missing-check", profile, check, "SetCredential=set:value");
    assert_eq!(ran.status, "125");
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let states: Vec<_> =
        json["variables"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["absent", "unset", "ok"]);
}

#[test]
fn what_does_not_go_away_is_not_tried_again() {
    let systemd = systemd();
    let lines = "SetCredential=set:value\nRestart=on-failure\nRestartSec=100ms\nRestartPreventExitStatus=125 126 127";
    let profile = "[secrets]\nA = 'systemd:none'\n";
    for (name, profile, command, exit) in [
        ("no-125", profile, LAUNCH, "125"),
        ("no-126", "", "/usr/local/bin/inject -p PROFILE -- /etc/passwd", "126"),
        ("no-127", "", "/usr/local/bin/inject -p PROFILE -- nowhere-at-all", "127"),
    ] {
        systemd.unit(name, profile, command, lines);
        systemd.must(&format!("systemctl start {name}; sleep 0.6"), "");
        let state = systemd.property(name, "ActiveState");
        assert_eq!((systemd.ran(name).status.as_str(), state.as_str()), (exit, "failed"));
        assert_eq!(systemd.property(name, "NRestarts"), "0");
    }
    let profile = "[secrets]\nA = 'c:x'\n[source.c]\nkind = 'command'\nrun = ['sleep', '60']\n";
    systemd.unit("again", profile, "/usr/local/bin/inject --timeout 100ms -p PROFILE -- /usr/bin/env", lines);
    systemd.must("systemctl start again; sleep 1.5", "");
    let restarts: u32 = systemd.property("again", "NRestarts").parse().unwrap();
    systemd.must("systemctl stop again", "");
    assert!(restarts >= 2, "124 is tried again: {restarts}");
}

#[test]
fn the_example_unit_is_accepted_and_works() {
    let systemd = systemd();
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    systemd.must("install -d /etc/inject/profiles /etc/myapp", "");
    systemd.put("/etc/inject/profiles/systemd.toml", &read("profiles/systemd.toml"), "644");
    systemd.put("/etc/myapp/app.env", "DATABASE_URL=postgres://x\n", "400");
    let myapp = "#!/bin/sh\nsystemd-notify --ready --status=\"$DATABASE_URL\" --pid=$$\nexec sleep 1000\n";
    systemd.put("/usr/local/bin/myapp", myapp, "755");
    // For the test's program, which lets another process tell that it is ready.
    let unit = read("examples/inject.service");
    systemd.put("/etc/systemd/system/example.service", &unit, "644");
    let told = systemd.run("systemd-analyze verify example.service", "");
    assert_eq!((told.status.code(), String::from_utf8_lossy(&told.stderr).as_ref()), (Some(0), ""));
    systemd.must("mkdir -p /etc/systemd/system/example.service.d", "");
    systemd.put("/etc/systemd/system/example.service.d/test.conf", "[Service]\nNotifyAccess=all\n", "644");
    {
        let _one = RELOAD.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        systemd.must("systemctl daemon-reload", "");
    }
    systemd.must("systemctl start example", "");
    assert_eq!(systemd.property("example", "StatusText"), "postgres://x");
    assert_eq!(systemd.property("example", "ActiveState"), "active");
    systemd.must("systemctl stop example", "");
}

#[test]
fn without_a_service_manager() {
    let launch = || {
        let profile = "[secrets]\nA = { from = 'systemd:db', optional = true }\n";
        Test::new().file("p.toml", profile).args(["-p", "./p.toml", "--", "/usr/bin/env"])
    };
    let refused = launch().status(125).stdout("").stderr_contains("CREDENTIALS_DIRECTORY is not set");
    refused.stderr_contains("LoadCredential= or SetCredential=").run();
    launch().env("CREDENTIALS_DIRECTORY", "relative").status(125).stderr_contains("is no absolute path").run();
    launch().env("CREDENTIALS_DIRECTORY", "").status(125).stderr_contains("is no absolute path").run();
    // A folder that is not there says nothing of what would be in it.
    launch().env("CREDENTIALS_DIRECTORY", "/no/such/folder").status(125).stderr_contains("names no folder").run();
    launch().env("CREDENTIALS_DIRECTORY", "/etc/passwd").status(125).stderr_contains("names no folder").run();
    launch().env("CREDENTIALS_DIRECTORY", "/etc").status(0).stdout("").run();
    let profile = "[secrets]\nA = 'systemd:../passwd'\n";
    let test = Test::new().file("p.toml", profile).args(["-p", "./p.toml", "--", "/usr/bin/env"]);
    test.env("CREDENTIALS_DIRECTORY", "/etc/ssl").status(125).stderr_contains("a credential's name has no '/'").run();
}

#[test]
fn a_launch_is_recorded_by_the_real_journald() {
    let profile = "audit = 'journald'\naudit-required = true\n[vars]\nA = 'plain-A'\n";
    let ran = systemd().once("audited", profile, LAUNCH, "");
    given(&ran, &["A=plain-A"]);
    let pid = systemd().property("audited", "ExecMainPID");
    // More than one datagram holds: the line goes through a sealed file.
    let mut large = String::from("audit = 'journald'\naudit-required = true\n[vars]\n");
    for i in 0..4000 {
        writeln!(large, "{}_{i:04} = 'x'", "LONG_NAME_OF_A_VARIABLE".repeat(3)).unwrap();
    }
    let ran = systemd().once("audited-large", &large, "/usr/local/bin/inject -p PROFILE -- /bin/true", "");
    assert_eq!((ran.status.as_str(), ran.err.as_str()), ("0", ""));
    for (unit, variables) in [("audited", 1), ("audited-large", 4000)] {
        let line = format!("journalctl --sync; journalctl -o cat -t inject -u {unit} --no-pager -a");
        let text = systemd().must(&line, "");
        let line: serde_json::Value =
            serde_json::from_str(text.trim()).unwrap_or_else(|_| panic!("{unit}: {text:.300}"));
        assert_eq!(line["variables"].as_array().unwrap().len(), variables);
        assert_eq!(line["outcome"], "exec");
        if unit == "audited" {
            assert_eq!(line["pid"].to_string(), pid);
        }
        assert!(!text.contains("plain-A"));
    }
}
