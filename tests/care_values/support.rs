//! Hostile values, and profiles that take each from a file of its own.

use crate::common::Test;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

/// A variable and its value.
pub(crate) type Pair = (String, Vec<u8>);

/// What somebody has tripped over before.
const KNOWN: &[&[u8]] = &[
    b"",
    b" ",
    b" both ends ",
    b"\ttab\t",
    b"it's",
    b"'",
    b"''",
    b"\"",
    b"\"quoted\"",
    b"\\",
    b"\\\\",
    b"ends in \\",
    b"\\'",
    b"'\\",
    b"\\\"",
    b"\\n \\t \\x41 \\u0041 \\0",
    b"\n",
    b"\n\n",
    b"a\nb",
    b"ends in a newline\n",
    b"\nA=b\n",
    b"\\\n",
    b"'\n'",
    b"\r",
    b"a\rb",
    b"a\r\nb",
    b"ends in CR\r",
    b"CR\rand ${ only",
    b"$HOME",
    b"${HOME}",
    b"${HOME:-x}",
    b"${HOME:x}",
    b"${\n}",
    b"${",
    b"$${HOME}",
    b"$(id) `id`",
    b"%s %n %HOME% %%",
    b"#",
    b"a #b",
    b"!x!!",
    b"~",
    b"~/x",
    b"* ? [a] {a,b}",
    b"(echo x)",
    b"; exit 3",
    b"& | < >",
    b"-n",
    b"=",
    b"a=b",
    b"<<EOF\nx\nEOF",
    b"{\"a\": [1]}",
    b"\x01\x02\x1b[31m\x7f",
    b"\xff",
    b"\xc3(",
    b"\xed\xa0\x80",
    b"\x81\x82\x83\x88",
    "é€😀".as_bytes(),
    "\u{85}\u{a0}\u{2028}\u{feff}".as_bytes(),
    "\u{e000}\u{f600}\u{f6ff}".as_bytes(),
    "\u{fdd0}".as_bytes(),
    "x\u{ffff}\u{1fffe}".as_bytes(),
];

const PARTS: &[&str] = &[
    "'", "'", "\"", "\\", "\\", "$", "${", "}", ":-", "\n", "\n", "\r", " ", "\t", "#", "%", "`", "!", "~", "*", "=",
    "a", "Z", "0", "é", "😀", "(", ")", "{", "&&", ";", "<<", "-",
];

/// The known ones, every byte, 64 KiB, and 300 generated ones, the same on every run: a third of them with bytes that
/// are no UTF-8.
pub(crate) fn hostile() -> Vec<Pair> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |bound: usize| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    };
    let mut values: Vec<Vec<u8>> = KNOWN.iter().map(|value| value.to_vec()).collect();
    values.push((1..=255).collect());
    values.push(b"x'\\".repeat(65_500 / 3));
    for n in 0..300 {
        let mut value = Vec::new();
        for _ in 0..1 + below(12) {
            if n % 3 == 0 && below(4) == 0 {
                value.push(u8::try_from(128 + below(128)).unwrap());
            } else {
                value.extend(PARTS[below(PARTS.len())].bytes());
            }
        }
        values.push(value);
    }
    values.into_iter().enumerate().map(|(n, value)| (format!("V{n:03}"), value)).collect()
}

/// A run in a folder with `p.toml`, which takes each of these from a file.
pub(crate) fn test(pairs: &[Pair]) -> Test {
    let mut test = Test::new();
    let mut profile = "[secrets]\n".to_owned();
    for (name, value) in pairs {
        profile.push_str(&format!("{name} = 'file:v/{name}'\n"));
        test = test.file(format!("v/{name}"), b"");
        std::fs::write(test.path(format!("v/{name}")), value).unwrap();
    }
    test.file("p.toml", profile)
}

/// What `export` makes of them: the text, what it holds and what it refused. Where it refuses something, it prints
/// nothing.
pub(crate) fn exported(format: &str, pairs: &[Pair]) -> (Vec<u8>, Vec<Pair>, Vec<Pair>) {
    let args = ["export", "-p", "./p.toml", "--format", format];
    let all = test(pairs).args(args).any_status().run();
    let told = String::from_utf8(all.stderr).unwrap();
    let errors = told.lines().filter_map(|line| line.strip_prefix("inject: error: ./p.toml:"));
    let refused: BTreeSet<&str> = errors.map(|error| error.split(": ").nth(1).unwrap()).collect();
    let (refused, held): (Vec<_>, Vec<_>) = pairs.iter().cloned().partition(|(name, _)| refused.contains(&**name));
    if refused.is_empty() {
        assert_eq!(all.status.code(), Some(0), "{told}");
        return (all.stdout, held, refused);
    }
    assert_eq!((all.status.code(), all.stdout.len()), (Some(125), 0), "{told}");
    let rest = test(&held).args(args).stderr("").run();
    (rest.stdout, held, refused)
}

/// Whether a format refused exactly what it must, by `holds`.
#[track_caller]
pub(crate) fn refused_exactly(format: &str, held: &[Pair], refused: &[Pair], holds: impl Fn(&[u8]) -> bool) {
    for (name, value) in held {
        assert!(holds(value), "{format}: {name} should be refused: {}", value.escape_ascii());
    }
    for (name, value) in refused {
        assert!(!holds(value), "{format}: {name} should not be refused: {}", value.escape_ascii());
    }
}

/// Whether a reader found what was written, byte for byte.
#[track_caller]
pub(crate) fn same(reader: &str, held: &[Pair], read: &[Pair]) {
    assert!(held.len() > 50, "{reader}: too little is held: {}", held.len());
    for (name, value) in held {
        let found: Vec<_> = read.iter().filter(|(known, _)| known == name).map(|(_, value)| value).collect();
        assert!(found == [value], "{reader}: {name}: {} became {found:?}", value.escape_ascii());
    }
}

/// What `env -0` printed.
pub(crate) fn environment(printed: &[u8]) -> Vec<Pair> {
    let entries = printed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
    let pairs = entries.map(|entry| entry.split_at(entry.iter().position(|byte| *byte == b'=').unwrap()));
    pairs.map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), value[1..].to_vec())).collect()
}

/// A program with this standard input, in the folder of the tests.
pub(crate) fn piped<S: AsRef<OsStr>>(words: &[S], env: &[(&str, &str)], input: &[u8]) -> Output {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).env_clear().env("PATH", "/usr/bin:/bin").envs(env.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{:?}: {error}", words[0].as_ref()));
    let mut pipe = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let _ = std::io::Write::write_all(&mut pipe, input);
        });
        child.wait_with_output().unwrap()
    })
}
