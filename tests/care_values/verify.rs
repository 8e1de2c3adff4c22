//! `inject verify`: whether somebody knows a value.

use crate::common::Test;
use crate::terminal::Terminal;
use std::process::Command;
use std::time::{Duration, Instant};

const QUESTION: &str = "inject: value of A: ";

fn verify(value: &[u8]) -> Test {
    let test = Test::new().file("p.toml", "[secrets]\nA = 'file:value'\nB = 'env:NONE'\n").file("value", b"");
    std::fs::write(test.path("value"), value).unwrap();
    test.args(["verify", "-p", "./p.toml", "A"])
}

#[test]
fn what_is_piped() {
    let large = vec![b'x'; 100_000];
    for value in [&b"value"[..], b"", b"ends\n", b"\xff\x01'\\", &large] {
        verify(value).args(["--stdin"]).stdin(value).stdout("").stderr("").run();
        let mut others = vec![[value, b"\n"].concat(), [b" ", value].concat(), vec![b'y'; (1 << 20) + 1]];
        others.extend((!value.is_empty()).then(|| value[..value.len() - 1].to_vec()));
        others.extend((!value.is_empty()).then(|| [&value[..value.len() - 1], b"~"].concat()));
        for other in others {
            verify(value).args(["--stdin"]).stdin(other).status(1).stdout("").stderr("inject: A: differs\n").run();
        }
    }
    let test = verify(b"value").args(["--stdin"]).prefix(["/bin/sh", "-c", "exec \"$@\" <&-", "sh"]);
    test.status(125).stdout("").stderr_contains("standard input: bad file number").run();
    let test =
        Test::new().file("p.toml", "[secrets]\nA = 'env:NONE'\n").args(["verify", "-p", "./p.toml", "A", "--stdin"]);
    test.stdin("").status(125).stdout("").stderr_contains("p.toml:2: A: env:NONE: ").run();
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    let test = verify(b"value").prefix(["/usr/bin/setsid", "-w"]).stdin("value");
    let said = "inject: error: no terminal to ask on\ninject: hint: --stdin takes the value from standard input\n";
    test.status(125).stdout("").stderr(said).run();
}

/// Types at the question; what was shown, and the state of the terminal before and afterwards.
fn typed(keys: &str) -> String {
    let test = verify("se\u{e9}same".as_bytes());
    let command = test.command();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "trap : INT; stty -a >before; \"$@\"; echo \"ended $?\"; stty -a >after", "sh"]);
    shell.arg(command.get_program()).args(command.get_args()).current_dir(test.path(""));
    shell.env_clear().env("HOME", test.path("")).env("PATH", "/usr/bin:/bin");
    let mut terminal = Terminal::start(shell, 80);
    let until = |terminal: &Terminal, text: &str| {
        let started = Instant::now();
        while !terminal.shown().contains(text) {
            assert!(started.elapsed() < Duration::from_secs(5), "no '{text}': {}", terminal.shown());
            std::thread::sleep(Duration::from_millis(2));
        }
    };
    until(&terminal, QUESTION);
    terminal.types(keys);
    until(&terminal, "ended");
    let (_, shown) = terminal.end();
    let state = |name: &str| std::fs::read_to_string(test.path(name)).unwrap();
    assert!(state("before").contains(" echo "));
    assert_eq!(state("after"), state("before"));
    shown
}

#[test]
fn what_is_typed_is_not_shown() {
    assert_eq!(typed("se\u{e9}same\n"), format!("{QUESTION}\nended 0\n"));
    assert_eq!(typed("open\n"), format!("{QUESTION}\ninject: A: differs\nended 1\n"));
    assert_eq!(typed("\n"), format!("{QUESTION}\ninject: A: differs\nended 1\n"));
    let shown = typed("\u{4}");
    assert!(shown.contains("nothing was typed") && shown.contains("ended 125"), "{shown}");
    let shown = typed("se\u{3}");
    assert!(shown.contains("ended 130") && !shown.contains("se\u{3}"), "{shown}");
}

/// Nothing is touched while somebody thinks, and an untrusted or broken profile asks for nothing.
#[test]
fn asked_before_a_source_is_touched() {
    let profile = "[secrets]\nA = 'mark:x'\n[source.mark]\nkind = 'command'\nrun = ['/bin/sh', '-c', 'echo >>mark; echo x', '{}']\n";
    let test = Test::new().file("p.toml", profile).args(["verify", "-p", "./p.toml", "A"]);
    let mut terminal = Terminal::start(test.command(), 80);
    assert!(terminal.after(500).contains(QUESTION), "{}", terminal.shown());
    assert!(!test.path("mark").exists());
    terminal.types("x\n");
    let (status, _) = terminal.end();
    assert_eq!(status.code(), Some(0));
    assert!(test.path("mark").exists());
}
