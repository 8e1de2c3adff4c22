//! A value of a .env file is what `sops exec-env` would set, byte for byte.

use super::support::{age, encrypted, encrypted_and_set, launch, sops, variables};
use std::fs;

/// What `sops exec-env` sets.
#[track_caller]
fn exec_env(name: &str, text: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    let key = [("SOPS_AGE_KEY", age().identity.as_str())];
    let printed = sops(folder.path(), &key, &["exec-env", "--pristine", name, "exec /usr/bin/env -0"]);
    // The shell in between adds its own.
    let own = |entry: &String| ["PWD=", "OLDPWD=", "SHLVL=", "_="].iter().any(|name| entry.starts_with(name));
    variables(&printed).into_iter().filter(|entry| !own(entry)).collect()
}

#[track_caller]
fn injected(name: &str, text: Vec<u8>) -> Vec<String> {
    variables(&launch(&format!("\"*\" = 'sops:{name}'")).file(name, text).run().stdout)
}

#[test]
fn hostile_values_of_a_dotenv_file() {
    let mut plain = b"# a comment\n#B=no\n\n".to_vec();
    for (number, value) in [
        b"plain".as_slice(),
        b"",
        b" ",
        b"\t x \t",
        b"\"double\"",
        b"'single'",
        b"`id`$(id)",
        b"$HOME ${HOME} $$",
        b"a # b",
        b"#x",
        b"a=b=c",
        b"=",
        b"a\\nb",
        b"\\n",
        b"\\n\\n",
        b"\\\\n",
        b"a\\\\nb\\n",
        b"\\t\\r\\\\",
        b"\\",
        b"x\\",
        b"cr\r",
        b"\rx",
        b"\xff\xfe\x80",
        b"\xc3\xa9 \xe2\x80\xa8 \xef\xbf\xbd",
        b"\x01\x02\x1b[31m\x7f",
        b"<>&\xc2\x85",
        b"null",
        b"0755",
        b"0.10",
        b"1e400",
        b"true",
        b"!!binary x",
        b"- a",
        b"{\"a\": \"b\\nc\"}",
        b"ENC[AES256_GCM,data:x]",
        b"\xef\xbb\xbf",
    ]
    .into_iter()
    .enumerate()
    {
        plain.extend([format!("V{number}=").as_bytes(), value, b"\n"].concat());
    }
    plain.extend(b"V0=again\nV1_unencrypted=a\\nb \"q\"\nlast=no line end");
    let text = encrypted("hostile.env", &plain);
    let expected = exec_env("hostile.env", &text);
    assert_eq!(expected.len(), 38, "{expected:#?}");
    assert_eq!(injected("hostile.env", text), expected);
}

/// What only `sops set` can write: numbers, and the two bytes that a line end is printed as.
#[test]
fn values_that_were_set() {
    let text = encrypted_and_set(
        "set.env",
        "A=1\n#c\nB=x\\ny\n",
        &[
            ("[\"NUMBER\"]", "5432"),
            ("[\"LARGE\"]", "54320000000"),
            ("[\"HALF\"]", "1.50"),
            ("[\"FLAG\"]", "true"),
            ("[\"BOTH\"]", r#""{\"key\": \"a\\nb\"}""#),
            ("[\"LINES\"]", r#""a\nb""#),
        ],
    );
    let expected = exec_env("set.env", &text);
    assert!(expected.contains(&r#"BOTH={\"key\": \"a\\nb\"}"#.into()), "{expected:?}");
    assert!(expected.contains(&r"LINES=a\nb".into()), "{expected:?}");
    assert_eq!(injected("set.env", text), expected);
    let text = encrypted_and_set("set.env", "A=1\n", &[("[\"M\"]", r#""a\\nb\nc""#)]);
    let test = launch("A = 'sops:set.env#A'").file("set.env", text).status(125);
    test.stderr_contains("'M' holds line ends and also '\\n' itself, which sops prints alike\n").run();
}

const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    " a ",
    "a: b",
    "a # b",
    "'",
    "\"",
    "\\",
    "\\n",
    "a\nb",
    "a\n",
    "\n",
    "a\n\n",
    " a\n b\n",
    "\ta",
    "\r\n",
    "é\u{2028}\u{85}\u{fffd}",
    "\u{1}\u{7f}\u{1b}",
    "😀",
    "0755",
    "0.10",
    "1e400",
    "no",
    "Yes",
    "null",
    "~",
    "<<",
    "=",
    "- a",
    "{a: b}",
    "[a]",
    "!x",
    "&x",
    "*x",
    "%",
    "@",
    "`",
    "2026-01-01",
    "0x10",
    "1_000",
    ".inf",
    "|",
    ">",
    "? a",
    "---",
    "...",
    "#",
    "\u{feff}",
    "x ",
    "long words that go on and on, until a line would be \
        full and some writers of YAML would break it, which nothing here must be changed by: a b c d e f g h i j k l m n o p q r s t u v w x y z",
];

#[test]
fn texts_of_yaml_and_json_are_what_exec_env_sets() {
    let pairs = TEXTS.iter().enumerate().map(|(i, value)| (format!("V{i}"), serde_json::Value::from(*value)));
    // YAML takes no control character as it is.
    let plain = serde_json::Value::Object(pairs.collect()).to_string().replace('\u{7f}', "\\u007f");
    for name in ["t.json", "t.yaml"] {
        let text = encrypted(name, &plain);
        let expected = exec_env(name, &text);
        assert_eq!(expected.len(), TEXTS.len());
        assert_eq!(injected(name, text), expected, "{name}");
    }
}

/// `sops exec-env` takes no INI file; the values are those that sops has.
#[test]
fn hostile_values_of_an_ini_file() {
    let plain = "[s]\na = \"  x  \"\nb = `q\"'`\nc = \"\"\"one\ntwo\n\"\"\"\nd = x\\ny\ne = a=b\nf =\ng = %(a)s ${HOME} $(id)\nh = \u{fffd}\u{e9}\n\
        i = 'single'\nj = 0755\nk = C:\\\\x\n";
    let done = launch("\"*\" = 'sops:x.ini#s'").file("x.ini", encrypted("x.ini", plain)).run();
    let expected = [
        "a=  x  ",
        "b=q\\\"\\'",
        "c=one\\ntwo\\n",
        "d=x\\\\ny",
        "e=a=b",
        "f=",
        "g=%(a)s ${HOME} $(id)",
        "h=\\xef\\xbf\\xbd\\xc3\\xa9",
        "i=single",
        "j=0755",
        "k=C:\\\\\\\\x",
    ];
    assert_eq!(variables(&done.stdout), expected);
    let latin = encrypted("x.ini", b"[s]\na = \xe9\n");
    let test = launch("A = 'sops:x.ini#s.a'").file("x.ini", latin).status(125);
    test.stderr_contains("'a' holds bytes that are not UTF-8, which sops does not hand over from an INI file\n").run();
    let number = encrypted_and_set("x.ini", "[s]\na = 1\n", &[("[\"s\"][\"n\"]", "5432")]);
    let test = launch("A = 'sops:x.ini#s.a'").file("x.ini", number).status(125);
    test.stderr_contains("'n' is a number or a boolean, which sops writes in more than one way\n").run();
}

/// sops's writer of YAML and a reader of YAML 1.2 disagree on these: no value is better than another one.
#[test]
fn a_yaml_file_with_a_line_separator_is_refused() {
    for value in [r#""a\u2028b\nc""#, r#""a\u2029b""#] {
        let text = encrypted_and_set("s.yaml", "a: x\nb: \"2\"\n", &[("[\"a\"]", value)]);
        let test = launch("B = 'sops:s.yaml#b'").file("s.yaml", &text).status(125);
        test.stderr_contains("holds U+2028 or U+2029").run();
        let json = encrypted_and_set("s.json", "{\"a\": \"x\"}", &[("[\"a\"]", value)]);
        let done = launch("A = 'sops:s.json#a'").file("s.json", &json).run();
        let wanted: String = serde_json::from_str(value).unwrap();
        assert_eq!(done.stdout, format!("A={wanted}\0").as_bytes());
    }
}
