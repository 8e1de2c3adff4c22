//! DESIGN 2 and 3: options of an entry; absent is not failed.

use crate::support::Test;

#[test]
fn only_absence_is_forgiven() {
    // Absent in each source's own way: forgiven by each of the three.
    let absent = [
        "env:NO",
        "file:none",
        "file:d.json#no",
        "file:d.json#l.9",
        "dotenv:.env#NO",
        "dotenv:none#A",
        "op:1",
        "file:none#a",
    ];
    let failed = [
        "file:folder",
        "file:bad.json#a",
        "file:d.json#s.x",
        "file:d.json#n",
        "file:d.json#o",
        "dotenv:bad.env#A",
        "op:2",
        "file:loop",
        "nop:x",
        "sig:x",
    ];
    let sources = "[source.op]\nkind = \"command\"\nrun = [\"/bin/sh\", \"-c\", \"exit {}\"]\nabsent-exit = [1]\n[source.nop]\n\
                   kind = \"command\"\nrun = [\"/no/such\", \"{}\"]\n[source.sig]\nkind = \"command\"\nrun = [\"/bin/sh\", \"-c\", \"kill -9 $$\"]\n";
    let test = |entry: &str| {
        Test::profile(&format!("inherit = [\"A\"]\n{sources}[secrets]\nA = {entry}\n"))
            .env("A", "inherited")
            .file("d.json", "{\"s\":\"x\",\"n\":null,\"o\":{},\"l\":[1]}")
            .file("bad.json", "{")
            .file(".env", "B=1\n")
            .file("bad.env", "A='x\n")
            .folder("folder")
            .link("loop", "loop")
            .env("NEXT", "next")
    };
    for from in absent {
        test(&format!("\"{from}\"")).line("-p p.toml -- env").status(125);
        test(&format!("{{ from = \"{from}\", optional = true }}")).gives("");
        test(&format!("{{ from = \"{from}\", default = \"\" }}")).gives("A=");
        test(&format!("[\"{from}\", \"env:NEXT\"]")).gives("A=next");
        test(&format!("{{ from = [\"{from}\", \"{from}\"], optional = true }}")).gives("");
    }
    for from in failed {
        for entry in [
            format!("\"{from}\""),
            format!("{{ from = \"{from}\", optional = true }}"),
            format!("{{ from = \"{from}\", default = \"d\" }}"),
            format!("[\"{from}\", \"env:NEXT\"]"),
            format!("{{ from = [\"env:NO\", \"{from}\"], default = \"d\" }}"),
        ] {
            test(&entry).line("-p p.toml -- env").status(125).stdout("");
        }
    }
    let late = Test::profile("[secrets]\nA = { from = [\"file:pipe\", \"env:NEXT\"], default = \"d\" }\n").fifo("pipe");
    late.env("NEXT", "n").line("-p p.toml --timeout 50ms -- env").status(124);
}

#[test]
fn the_next_of_a_list_is_asked_only_where_the_one_before_is_absent() {
    let text = "[source.op]\nkind = \"command\"\nrun = [\"./mark\", \"{}\"]\n[secrets]\nA = [\"env:X\", \"op:x\"]\n";
    let test = || Test::profile(text).script("mark", "#!/bin/sh\n: >mark.done\necho second\n");
    assert!(!test().env("X", "").gives("A=").has("mark.done"));
    assert!(test().gives("A=second").has("mark.done"));
    // What fails in another variable does not matter to the asking.
    test().file("p.toml", format!("{text}B = \"env:NO\"\n")).line("-p p.toml -- env").status(125);
}

#[test]
fn an_empty_value_is_a_value() {
    let text = "[secrets]\nA = { from = \"env:E\", default = \"d\" }\nB = { from = \"file:e\", optional = true }\nC = \"dotenv:.env\"\n";
    Test::profile(text).env("E", "").file("e", "").file(".env", "C=\n").gives("A=\nB=\nC=");
}

#[test]
fn decode_trim_and_field() {
    let text = "[secrets]\nA = { from = \"env:A\", decode = \"base64\" }\nB = { from = \"env:B\", decode = \"base64url\" }\n\
                C = { from = \"env:C\", decode = \"hex\" }\nD = { from = \"env:D\", decode = \"base64\", trim = true }\n\
                E = { from = \"env:E\", trim = true }\nF = { from = \"file:a#b.json\", field = \"x.y\" }\n\
                G = { from = \"file:c.json\", field = \"/x.y\" }\nH = { from = \"env:NO\", default = \" d \", trim = true, decode = \"hex\" }\n";
    Test::profile(text)
        .env("A", "aGk/")
        .env("B", "aGk_")
        .env("C", "4a4B")
        .env("D", " \t aGk/\r\n")
        .env("E", "\u{b}\u{c} a b \n")
        .file("a#b.json", "{\"x\":{\"y\":1}}")
        .file("c.json", "{\"x.y\":2}")
        .gives("A=hi?\nB=hi?\nC=JK\nD=hi?\nE=a b\nF=1\nG=2\nH= d ");
    for (decode, value) in [
        ("base64", "aGk_"),
        ("base64", "aGk"),
        ("base64", "aGk/\n"),
        ("base64", "a"),
        ("base64url", "aGk/"),
        ("hex", "4a4"),
        ("hex", "zz"),
        ("base64", "aGl="),
    ] {
        let text = format!("[secrets]\nA = {{ from = \"env:V\", decode = \"{decode}\", default = \"d\" }}\n");
        let ran = Test::profile(&text).env("V", value).line("-p p.toml -- env").status(125);
        let ran = ran.err_has(&format!("A: env:V: the value is not {decode}\n"));
        assert_eq!(ran.err_text().contains("trim = true"), value.ends_with('\n'));
    }
}

#[test]
fn templates_nest_filter_and_quote() {
    let text = "[vars]\nHOST = \"db\"\n[secrets]\nPW = { from = \"env:PW\", expose = false }\n\
                U = { template = \"pg://${PW|url}@${HOST}\" }\nJ = { template = '{\"p\":\"${PW|json}\"}' }\n\
                S = { template = \"x ${PW|shell}\" }\nB = { template = \"${PW|url|base64}\" }\nN = { template = \"<${U}>\" }\n\
                L = { template = \"$${PW} $$ $PW $\" }\nE = { template = \"\" }\n";
    Test::profile(text).env("PW", "a'b \"/\\\u{1}é").gives(
        "B=YSUyN2IlMjAlMjIlMkYlNUMlMDElQzMlQTk=\nE=\nHOST=db\nJ={\"p\":\"a'b \\\"/\\\\\\u0001é\"}\nL=${PW} $$ $PW $\n\
         N=<pg://a%27b%20%22%2F%5C%01%C3%A9@db>\nS=x 'a'\\''b \"/\\\u{1}é'\nU=pg://a%27b%20%22%2F%5C%01%C3%A9@db",
    );
    // A name that a pattern gives can be used.
    Test::profile("[secrets]\n\"*\" = \"dotenv:.env\"\nT = { template = \"${K}\" }\n")
        .file(".env", "K=v\n")
        .gives("K=v\nT=v");
    Test::profile("[secrets]\n\"*\" = \"dotenv:.env\"\nT = { template = \"${NO}\" }\n")
        .file(".env", "K=v\n")
        .fails("inject: error: p.toml:3: T: the template uses 'NO', which this profile does not set\n");
}

#[test]
fn an_unset_name_in_a_template_is_an_error() {
    Test::profile("[secrets]\nO = { from = \"env:NO\", optional = true }\nT = { template = \"${O}\" }\n")
        .env("O", "inherited")
        .fails("inject: error: p.toml:3: T: the template uses 'O', which is absent\n");
    Test::profile("[secrets]\nO = { from = \"env:NO\", default = \"d\" }\nT = { template = \"${O}\" }\n")
        .gives("O=d\nT=d");
    // One that fails is told once.
    Test::profile("[secrets]\nO = \"env:NO\"\nT = { template = \"${O}\" }\n")
        .fails("inject: error: p.toml:2: O: env:NO: not set in the caller's environment\n");
}

#[test]
fn what_is_not_exposed_is_not_there_even_where_inherit_matches() {
    Test::profile("inherit = [\"H\"]\n[secrets]\nH = { from = \"env:H\", expose = false }\n").env("H", "x").gives("");
    Test::profile("inherit = [\"O\"]\n[secrets]\nO = { from = \"env:NO\", optional = true }\n").env("O", "x").gives("");
    // A higher profile that hides a name hides the lower one's too.
    Test::profile("[vars]\nH = \"low\"\n")
        .file("q.toml", "[secrets]\nH = { from = \"env:HOME\", expose = false }\n")
        .line("-p q.toml")
        .gives("");
}

#[test]
fn a_program_gives_what_it_prints_less_one_newline() {
    let test = |more: &str, script: &str| {
        Test::profile(&format!("[source.op]\nkind = \"command\"\nrun = [\"./say\", \"{{}}\", \"a {{}} {{}}\"]\n{more}[secrets]\nA = \"op:$(id) *\"\n"))
            .script("say", &format!("#!/bin/sh\n{script}\n"))
    };
    test("", "printf '%s|' \"$@\"").gives("A=$(id) *|a $(id) * $(id) *|");
    test("", "printf 'x\\n\\n'").gives("A=x\n");
    test("raw = true\n", "printf 'x\\n'").gives("A=x\n");
    for script in
        ["exit 1", "exit 3", "kill -TERM $$", "true", "printf x; exit 1", "head -c 1048577 /dev/zero | tr '\\0' x"]
    {
        test("", script).line("-p p.toml -- env").status(125);
    }
}
