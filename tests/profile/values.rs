//! DESIGN 2: values are exact bytes, within the kernel's limits.

use crate::support::Test;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

#[test]
fn every_byte_but_nul() {
    let all: Vec<u8> = (1..=255).collect();
    let odd: [&[u8]; 8] =
        [&all, b"\xff\xfe", b"a\nb\n", b"\t x \t", b"\x1b[31m", b"() { :; }; echo x", b"", b"pa$$word ${X} `id` \\n"];
    for value in odd {
        let text = "inherit = [\"I\"]\n[secrets]\nE = \"env:V\"\nF = \"file:v\"\nC = \"op:x\"\n[source.op]\nkind = \"command\"\nrun = [\"/bin/cat\", \"v2\"]\nraw = true\n";
        let printed = if value.is_empty() { b"x" } else { value };
        let test = Test::profile(text)
            .file("v", value)
            .file("v2", printed)
            .env("V", OsStr::from_bytes(value))
            .env("I", OsStr::from_bytes(value));
        let ran = test.line("-p p.toml -- /usr/bin/env -0").status(0);
        let wanted = |name: &[u8], value: &[u8]| [name, b"=", value, b"\0"].concat();
        assert_eq!(
            ran.out,
            [wanted(b"I", value), wanted(b"E", value), wanted(b"F", value), wanted(b"C", printed)].concat()
        );
    }
    Test::profile("[vars]\nA = \"\\u001b\\n\\t é\"\n").gives("A=\u{1b}\n\t é");
}

#[test]
fn a_nul_names_its_variable() {
    Test::profile("[secrets]\nA = \"file:v\"\nB = { from = \"env:V\", decode = \"hex\" }\nT = { template = \"x${B}\" }\n\"P_*\" = \"file:d.json\"\n")
        .file("v", b"ab\0c")
        .file("d.json", "{\"Q\":\"\\u0000\"}")
        .env("V", "6100")
        .fails(
            "inject: error: p.toml:2: A: file:v: the value holds a NUL byte, at byte 2, which no variable can\n\
             inject: error: p.toml:3: B: env:V: the value holds a NUL byte, at byte 1, which no variable can\n\
             inject: error: p.toml:4: T: the value holds a NUL byte, at byte 2, which no variable can\n\
             inject: error: p.toml:5: P_Q: file:d.json: the value holds a NUL byte, at byte 0, which no variable can\n",
        );
}

#[test]
fn the_kernels_limit_for_one_string() {
    // "AB=" and the NUL: 131072 in all.
    let test = |size: usize| Test::profile("[secrets]\nAB = \"file:v\"\n").file("v", vec![b'x'; size]);
    assert_eq!(test(131_068).line("-p p.toml -- env").status(0).out.len(), 131_072);
    test(131_069).fails(
        "inject: error: p.toml:2: AB: file:v: with its name the value takes 131073 bytes; the kernel's limit for one variable is 131072\n",
    );
    // For a template only the result counts.
    Test::profile("[secrets]\nAB = { from = \"file:v\", expose = false }\n").file("v", vec![b'x'; 200_000]).gives("");
}

#[test]
fn the_kernels_limit_for_all_of_them() {
    let many = |count: usize| {
        let lines: String = (0..count).map(|i| format!("V{i} = \"file:v\"\n")).collect();
        Test::profile(&format!("[secrets]\n{lines}")).file("v", vec![b'x'; 100_000])
    };
    many(19).line("-p p.toml -- true").status(0);
    many(22)
        .line("-p p.toml -- true")
        .under(["prlimit", "--stack=8388608"])
        .status(125)
        .err_has("the kernel's limit here is 2097152\ninject: hint: the largest are V");
}

#[test]
fn two_thousand_variables() {
    let lines: String = (0..2000).map(|i| format!("V{i} = \"dotenv:.env\"\n")).collect();
    let file: String = (0..2000).map(|i| format!("V{i}={i}\n")).collect();
    let ran = Test::profile(&format!("[secrets]\n{lines}")).file(".env", &file).line("-p p.toml -- env").status(0);
    assert_eq!(ran.out_text(), file);
    let ran =
        Test::profile("[secrets]\n\"*\" = \"dotenv:.env\"\n").file(".env", &file).line("-p p.toml -- env").status(0);
    assert_eq!(ran.out_text(), file);
}

#[test]
fn numbers_are_their_source_text() {
    let json = "{\"a\":1e400,\"b\":0.10,\"c\":9007199254740993,\"d\":-0,\"e\":true,\"f\":1E+2,\"g\":\"x\\u00e9\"}";
    let yaml = "a: 0755\nb: no\nc: 1e400\nd: 0.10\ne: 0x1F\nf: '007'\ng: ~x\n";
    let toml = "a = 0x_FF\nb = 1_000\nc = 1.10\nd = true\ne = 1979-05-27T07:32:00Z\nf = +1\ng = 'q'\n";
    let test = |file: &str, content: &str| {
        Test::profile(&format!("[secrets]\n\"K*\" = \"file:{file}\"\n")).file(file, content)
    };
    test("d.json", json).gives("Ka=1e400\nKb=0.10\nKc=9007199254740993\nKd=-0\nKe=true\nKf=1E+2\nKg=xé");
    test("d.yaml", yaml).gives("Ka=0755\nKb=no\nKc=1e400\nKd=0.10\nKe=0x1F\nKf=007\nKg=~x");
    test("d.toml", &toml.replace("0x_FF", "0xFF"))
        .gives("Ka=0xFF\nKb=1_000\nKc=1.10\nKd=true\nKe=1979-05-27T07:32:00Z\nKf=+1\nKg=q");
}

#[test]
fn a_missing_field_lists_what_there_is() {
    let text = "[secrets]\nA = \"file:d.json#db.hots\"\nB = \"file:d.json#x.y\"\nC = \"file:d.json#l.5\"\nD = \"file:d.json#db\"\n";
    Test::profile(text).file("d.json", "{\"db\":{\"host\":\"h\",\"port\":1},\"x.y\":2,\"l\":[1]}").fails(
        "inject: error: p.toml:2: A: file:d.json#db.hots: no field 'db.hots'; 'db' has 'host', 'port'\n\
         inject: hint: did you mean 'db.host'?\n\
         inject: error: p.toml:3: B: file:d.json#x.y: no field 'x'; it has 'db', 'x.y', 'l'\n\
         inject: hint: a key here holds dots: write the field as '/x.y'\n\
         inject: error: p.toml:4: C: file:d.json#l.5: no field 'l.5'; 'l' is a list of 1\n\
         inject: error: p.toml:5: D: file:d.json#db: 'db' is a table, not a text; it has 'host', 'port'\n",
    );
}
