//! Our .env parser against python-dotenv itself, and against the vectors in `tests/vectors/dotenv`.
//!
//! Needs a `python3` (or `$INJECT_TEST_PYTHON`) with python-dotenv 1.2.4 or newer; without one these tests fail.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use data_encoding::HEXLOWER;
use hmac_sha256::Hash;
use inject::document::Text;
use inject::document::dotenv::{Dialect, Entry, parse};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What python-dotenv says about each file.
fn oracle(files: &[Vec<u8>]) -> Vec<Value> {
    let python = std::env::var("INJECT_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let mut child = Command::new(&python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/dotenv_oracle.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {python}: {error}"));
    let input: Vec<String> = files.iter().map(|file| HEXLOWER.encode(file)).collect();
    let input = serde_json::to_vec(&input).unwrap();
    // The oracle reads all of its input before it answers. Where it ends early, its own words below say why.
    let _ = child.stdin.take().unwrap().write_all(&input);
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "these tests need python-dotenv 1.2.4 or newer (pip install 'python-dotenv>=1.2.4'; INJECT_TEST_PYTHON names \
         another python): {python}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), files.len(), "an answer for each file");
    answers
}

fn bytes<'a>(text: &'a [u8], value: &'a Text) -> &'a [u8] {
    match value {
        Text::Span(span) => &text[span.clone()],
        Text::Owned(secret) => secret.expose(),
    }
}

fn unhex(value: &Value) -> Option<Vec<u8>> {
    value.as_str().map(|hex| HEXLOWER.decode(hex.as_bytes()).unwrap())
}

fn holds(value: &[u8], part: &[u8]) -> bool {
    value.windows(part.len()).any(|window| window == part)
}

/// One entry, to be compared and shown.
type Plain = (u64, Vec<u8>, Option<Vec<u8>>);

fn plain(text: &[u8], entry: &Entry) -> Plain {
    let value = entry.value.as_ref().map(|value| bytes(text, value).to_vec());
    (entry.line as u64, text[entry.key.clone()].to_vec(), value)
}

/// What ours must say, by the oracle's answer and the differences that the parser documents: the entries, or the line
/// of the first mistake.
fn expected(answer: &Value) -> Result<Vec<Plain>, u64> {
    let mut entries = Vec::new();
    for statement in answer["statements"].as_array().unwrap() {
        let line = statement["line"].as_u64().unwrap();
        let key = unhex(&statement["key"]).unwrap_or_default();
        let value = unhex(&statement["value"]);
        let ambiguous = statement["single"] == false && value.as_ref().is_some_and(|value| holds(value, b"${"));
        if statement["error"] == true || key.contains(&b'\n') || ambiguous {
            return Err(line);
        }
        entries.push((line, key, value));
    }
    Ok(entries)
}

/// Whether ours reads `text` as the oracle does; if not, how they differ.
fn compare(text: &[u8], answer: &Value) -> Result<(), String> {
    let ours = match parse(text, Dialect::Python) {
        Ok(entries) => Ok(entries.iter().map(|entry| plain(text, entry)).collect::<Vec<_>>()),
        Err(mistake) => Err(mistake.line.unwrap_or(0) as u64),
    };
    let expected = expected(answer);
    if ours == expected {
        return Ok(());
    }
    Err(format!("{}\nours {ours:?}\npython-dotenv {expected:?}", text.escape_ascii()))
}

/// The same for expansion. Ours may refuse what python-dotenv makes nothing of; what it reads must be the same, save
/// for single quotes, which the caller leaves out.
fn compare_expanded(text: &[u8], answer: &Value) -> Result<bool, String> {
    let Ok(entries) = parse(text, Dialect::PythonExpand) else {
        return Ok(false);
    };
    let ours: BTreeMap<_, _> =
        entries.iter().map(|entry| plain(text, entry)).map(|(_, key, value)| (HEXLOWER.encode(&key), value)).collect();
    let theirs: BTreeMap<_, _> =
        answer["expanded"].as_object().unwrap().iter().map(|(key, value)| (key.clone(), unhex(value))).collect();
    if ours == theirs {
        return Ok(true);
    }
    Err(format!("{}\nours {ours:?}\npython-dotenv {theirs:?}", text.escape_ascii()))
}

/// A small generator of numbers (xorshift64*), the same on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }

    fn pick<'a>(&mut self, parts: &[&'a [u8]]) -> &'a [u8] {
        parts[self.below(parts.len())]
    }
}

/// What decides between one reading and another.
const PARTS: &[&[u8]] = &[
    b"'",
    b"'",
    b"\"",
    b"\"",
    b"\\",
    b"\\",
    b"\\n",
    b"\\'",
    b"\\\"",
    b"\\\\",
    b"\\x",
    b"\\a",
    b"\\b",
    b"\\f",
    b"\\t",
    b"\\v",
    b"\\r",
    b"#",
    b" #",
    b"\t#",
    b" ",
    b"  ",
    b"\t",
    b"=",
    b"=",
    b"==",
    b"a",
    b"B",
    b"value",
    b"export",
    b"export ",
    b"\n",
    b"\r",
    b"\r\n",
    b"$A",
    b"${",
    b"${A}",
    b"}",
    b"\x0b",
    b"\x0c",
    b"\x1c",
    b"\x1f",
    b"\x00",
    b"\xc2\xa0",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\xe2\x80\x83",
    b"\xe3\x80\x80",
    b"\xe1\x9a\x80",
    b"\xef\xbb\xbf",
    b"\xc3\xa9",
    b"\xff",
    b"\xc2",
    b"\xe2\x80",
    b"\x85",
];
const STARTS: &[&[u8]] =
    &[b"", b"", b"A=", b"A=", b"B=", b"'A'=", b"A = ", b"export A=", b" A=", b"# ", b"A", b"'", b"export"];
const QUOTES: &[&[u8]] = &[b"", b"", b"'", b"\""];
const ENDS: &[&[u8]] = &[b"\n", b"\n", b"\n", b"\r\n", b"\r", b" # c\n", b"#\n", b" \n\n", b""];

/// A file of up to five statements, most of them nearly well formed.
fn generate(random: &mut Random, parts: &[&[u8]], quotes: &[&[u8]]) -> Vec<u8> {
    let mut file = Vec::new();
    if random.below(20) == 0 {
        file.extend(b"\xef\xbb\xbf");
    }
    for _ in 0..=random.below(5) {
        file.extend(random.pick(STARTS));
        let quote = random.pick(quotes);
        file.extend(quote);
        for _ in 0..random.below(7) {
            file.extend(random.pick(parts));
        }
        file.extend(quote);
        file.extend(random.pick(ENDS));
    }
    file
}

fn assert_alike(files: &[Vec<u8>]) -> usize {
    let answers = oracle(files);
    let differences: Vec<String> =
        files.iter().zip(&answers).filter_map(|(file, answer)| compare(file, answer).err()).collect();
    let count = differences.len();
    assert!(count == 0, "{count} of {} files differ, the first: {}", files.len(), differences[0]);
    answers.iter().filter(|answer| expected(answer).is_ok()).count()
}

#[test]
fn the_files_of_python_dotenvs_own_tests_are_read_alike() {
    let files: Vec<Vec<u8>> = UPSTREAM.iter().map(|text| text.as_bytes().to_vec()).collect();
    assert_alike(&files);
}

#[test]
fn generated_files_are_read_alike() {
    let mut random = Random(0x1d07_e117);
    let files: Vec<Vec<u8>> = (0..6000).map(|_| generate(&mut random, PARTS, QUOTES)).collect();
    let read = assert_alike(&files);
    // A generator that makes only broken files, or none, would show nothing.
    assert!((1000..5000).contains(&read), "{read} of {} files are well formed", files.len());
}

#[test]
fn expansion_is_python_dotenvs_where_the_file_alone_answers() {
    const PARTS: &[&[u8]] = &[
        b"a",
        b" ",
        b"x",
        b"\\",
        b"$A",
        b"${A}",
        b"${B}",
        b"${A:-d}",
        b"${B:-}",
        b"${C:-\xc3\xa9}",
        b"}",
        b"{",
        b"$",
        b":-",
        b"\xff",
    ];
    let mut random = Random(0xe9a7d);
    let mut files: Vec<Vec<u8>> = (0..3000).map(|_| generate(&mut random, PARTS, &[b"", b"\""])).collect();
    files.extend(UPSTREAM.iter().map(|text| text.as_bytes().to_vec()));
    files.retain(|file| !file.contains(&b'\''));
    let answers = oracle(&files);
    let mut read = 0;
    for (file, answer) in files.iter().zip(&answers) {
        match compare_expanded(file, answer) {
            Ok(true) if holds(file, b"${") => read += 1,
            Ok(_) => {}
            Err(difference) => panic!("{difference}"),
        }
    }
    assert!(read > 200, "only {read} files with a `${{` were read");
}

/// The comparison itself must be able to fail: an answer about another file is seen as one.
#[test]
fn a_wrong_expectation_is_detected() {
    let files: Vec<Vec<u8>> = [&b"A='b'\n"[..], b"A=c\n", b"\nA=b\n", b"A: b\n", b"A\n"].map(<[u8]>::to_vec).to_vec();
    let answers = oracle(&files);
    for (at, file) in files.iter().enumerate() {
        for (other, answer) in answers.iter().enumerate() {
            assert_eq!(compare(file, answer).is_ok(), at == other, "{} {answer}", file.escape_ascii());
        }
    }
    assert!(compare_expanded(&files[0], &answers[1]).is_err());
    let vector = b"expect: success\nvalue-sha256: A 00\n\nA=b\n";
    assert!(check_vector(vector).is_err());
    assert!(check_vector(b"expect: error\nline: 2\n\n=b\n").is_err());
}

/// Runs one vector; the error says what is wrong.
fn check_vector(vector: &[u8]) -> Result<(), String> {
    let end = vector.windows(2).position(|pair| pair == b"\n\n").ok_or("no empty line")?;
    let header = std::str::from_utf8(&vector[..end]).map_err(|_| "the header is not text")?;
    let body = &vector[end + 2..];
    let (mut success, mut line, mut values) = (None, None, Vec::new());
    for field in header.lines() {
        match field.split_once(": ").ok_or("a header without `: `")? {
            ("expect", "success") => success = Some(true),
            ("expect", "error") => success = Some(false),
            ("line", number) => line = Some(number.parse::<usize>().map_err(|_| "a bad line number")?),
            ("value-sha256", pair) => values.push(pair.rsplit_once(' ').ok_or("a bad value-sha256")?),
            (name, _) => return Err(format!("unknown header {name}")),
        }
    }
    match (parse(body, Dialect::Python), success.ok_or("no `expect`")?) {
        (Err(mistake), true) => Err(format!("line {:?}: {}", mistake.line, mistake.message)),
        (Ok(_), false) => Err("it was read".into()),
        (Err(mistake), false) if line.is_some() && line != mistake.line => Err(format!("line {:?}", mistake.line)),
        (Err(_), false) => Ok(()),
        (Ok(entries), true) => {
            let last: BTreeMap<Vec<u8>, Option<Vec<u8>>> =
                entries.iter().map(|entry| plain(body, entry)).map(|(_, key, value)| (key, value)).collect();
            let ours: BTreeMap<_, _> = last
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), HEXLOWER.encode(&Hash::hash(value.as_ref()?)))))
                .collect();
            let wanted: BTreeMap<_, _> =
                values.iter().map(|(name, hash)| (name.as_bytes().to_vec(), (*hash).to_owned())).collect();
            if ours == wanted { Ok(()) } else { Err("other names or values".into()) }
        }
    }
}

#[test]
fn the_vectors_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/dotenv");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            count += 1;
            check_vector(&std::fs::read(&path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
    assert!(count >= 40, "only {count} vectors");
}

/// The inputs of test_parser.py and test_main.py of python-dotenv 1.2.4 (BSD 3-Clause), duplicates left out.
const UPSTREAM: &[&str] = &[
    "",
    "a=b",
    "'a'=b",
    "[=b",
    " a = b ",
    "export a=b",
    " export 'a'=b",
    "# a=b",
    "a=b#c",
    "a=b #c",
    "a=b\t#c",
    "a= #b",
    "a=  # b",
    "a=#b",
    "a=# # comment",
    "a=\t#c",
    "a= #c\nd=e",
    "a=b c",
    "a=b\tc",
    "a=b  c",
    "a=b\u{a0} c",
    "a=b c ",
    "a='b c '",
    "a=\"b c \"",
    "export export_a=1",
    "export port=8000",
    "a=\"b\nc\"",
    "a='b\nc'",
    "a=\"b\\nc\"",
    "a='b\\nc'",
    "a=\"b\\\"c\"",
    "a='b\\'c'",
    "a='b\\\\c'",
    "a=\"b\\\\c\"",
    "a='b\\\\'\nc='d'",
    "a=\"b\\\\\"\nc=\"d\"",
    "a='b\\\\\\'c'",
    "a=\u{e0}",
    "a=\"\u{e0}\"",
    "no_value_var",
    "a: b",
    "a=b\nc=d",
    "a=b\rc=d",
    "a=b\r\nc=d",
    "a=\nb=c",
    "\n\n",
    "a=b\n\n",
    "a=b\n\nc=d",
    "a=\"\nb=c",
    "# comment\na=\"b\nc\"\nd=e\n",
    "a=b\n# comment 1",
    "# comment 1\n# comment 2",
    "uglyKey[%$=\"S3cr3t_P4ssw#rD\" #\na=b",
    "\u{feff}a=b",
    "\u{feff}a=b\nc=d",
    "a=b\n",
    "a=b\nc=d\ne=f",
    "a=''\n",
    "a='b'\n",
    "a='\\'b\\''\n",
    "a='\"b\"'\n",
    "a='b\\'c'\n",
    "a='b\"c'\n",
    "a='c'\n",
    "a='c'\n\n",
    "a='e'\nc=d",
    "a=b\nc='g'\ne=f",
    "a=b\nc='d'\n",
    "a='b\\\\c'\n",
    "a='b\\\\'\n",
    "a='b\\\\\\'c'\n",
    "a='C:\\\\Users'\nb='sentinel'\n",
    "a='C:\\\\Users\\\\'\nb='sentinel'\n",
    "a='\\\\d+'\nb='sentinel'\n",
    "a='back\\\\'\nb='sentinel'\n",
    "a='a\\\\\\'b'\nb='sentinel'\n",
    "a='it\\'s'\nb='sentinel'\n",
    "a='say \"hi\"'\nb='sentinel'\n",
    "a='a\\\\nb'\nb='sentinel'\n",
    "a='plain'\nb='sentinel'\n",
    "a=''\nb='sentinel'\n",
    "a=$b",
    "a=${b}",
    "a=${b:-d}",
    "b=c\na=${b}",
    "a=\"${b}\"",
    "a='${b}'",
    "a=x${b}y",
    "a=${a}",
    "a=${a:-c}",
    "a=${b}${b}",
    "b=d\na=${b}",
    "a=b\na=c\nd=${a}",
    "a=b\nc=${a}\nd=e\nc=${d}",
    "KEY= # comment",
    "KEY=  # comment",
    "KEY=val # comment",
    "KEY=a#b",
    "KEY=#novalue",
    "KEY=# # comment",
    "KEY=\t# comment",
    "KEY= # comment\nOTHER=val",
    "a=x\n",
    "foo=bar",
    "\u{e9}=\u{e8}",
    "foo",
    "\u{e9}=x",
    "PYTHON_DOTENV_DISABLED=true",
    "a=b\nd=\"${a}\"",
];
