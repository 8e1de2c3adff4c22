//! DESIGN 2, merging: `extends`, several `-p`, tables of sources.

use crate::support::Test;

#[test]
fn a_profile_beats_what_it_extends_and_the_later_one_of_a_list_wins() {
    let base = |name: &str, more: &str| format!("{more}\n[vars]\nWHO = \"{name}\"\n{} = \"1\"\n", name.to_uppercase());
    let test = || {
        Test::new()
            .file("a.toml", base("a", ""))
            .file("b.toml", base("b", ""))
            .file("p.toml", "extends = [\"./a.toml\", \"./b.toml\"]\n[vars]\nP = \"1\"\n")
    };
    test().gives("A=1\nB=1\nP=1\nWHO=b");
    test().file("p.toml", base("p", "extends = [\"./a.toml\", \"./b.toml\"]")).gives("A=1\nB=1\nP=1\nWHO=p");
}

#[test]
fn a_diamond_is_read_once_and_lies_beneath_both() {
    Test::profile("extends = [\"./l.toml\", \"./r.toml\"]\n")
        .file("l.toml", "extends = [\"./base.toml\"]\n[vars]\nX = \"l\"\nL = \"l\"\n")
        .file("r.toml", "extends = [\"./base.toml\"]\n[vars]\nR = \"r\"\n")
        .file("base.toml", "[vars]\nX = \"base\"\nL = \"base\"\nR = \"base\"\n")
        .gives("L=l\nR=r\nX=l");
}

#[test]
fn cycles_are_errors_at_the_line_that_closes_them() {
    Test::profile("extends = [\"./p.toml\"]\n")
        .fails("inject: error: p.toml:1: extends: './p.toml' leads back to this profile\n");
    Test::profile("\nextends = [\"./q.toml\"]\n")
        .file("q.toml", "\n\nextends = [\"./p.toml\"]\n")
        .fails("inject: error: ./q.toml:3: extends: './p.toml' leads back to this profile\n");
    Test::profile("extends = [\"./q.toml\"]\n")
        .link("q.toml", "p.toml")
        .fails("inject: error: p.toml:1: extends: './q.toml' leads back to this profile\n");
}

#[test]
fn nesting_ends_before_the_stack_does() {
    let chain = |length: usize| {
        (0..length).fold(Test::profile("extends = [\"./c0.toml\"]\n"), |test, i| {
            test.file(&format!("c{i}.toml"), format!("extends = [\"./c{}.toml\"]\n", i + 1))
        })
    };
    chain(60).file("c60.toml", "[vars]\nA = \"1\"\n").gives("A=1");
    chain(500).file("c500.toml", "").line("-p p.toml -- env").status(125).err_has("more than 64 profiles deep");
    let templates: String = (0..500).map(|i| format!("T{i} = {{ template = \"${{T{}}}\" }}\n", i + 1)).collect();
    let text = format!("[vars]\nT500 = \"x\"\n[secrets]\n{templates}");
    Test::profile(&text).line("-p p.toml -- env").status(125).err_has("more than 64 deep");
}

#[test]
fn a_bare_name_is_looked_for_beside_the_profile_first() {
    let test = || {
        Test::new()
            .file("other/p.toml", "extends = [\"base\"]\n")
            .file(".config/inject/profiles/base.toml", "[vars]\nWHO = \"user\"\n")
    };
    test().line("-p other/p.toml -- env").status(0).stdout("WHO=user\n");
    let beside = test().file("other/base.toml", "[vars]\nWHO = \"beside\"\n");
    beside.line("-p other/p.toml -- env").status(0).stdout("WHO=beside\n");
}

#[test]
fn what_is_extended_and_missing_is_told_with_its_line() {
    Test::profile("extends = [\n  \"./one.toml\",\n  \"two\",\n]\n").line("-p p.toml -- env").status(125).stderr(
        "inject: error: p.toml:2: extends: ./one.toml: no such profile\n\
         inject: error: p.toml:3: extends: no profile 'two': looked in profiles, [DIR]/.config/inject/profiles, \
         /etc/inject/profiles\n\
         inject: hint: `inject list` shows the profiles that can be found; one elsewhere is named by its path, like \
         ./prod.toml\n\
         inject: nothing was run\n",
    );
    Test::profile("extends = [\"./b.toml\"]\n")
        .file("b.toml", "[vars]\nA = 1\nB = \n")
        .line("-p p.toml -- env")
        .status(125)
        .err_has("inject: error: ./b.toml:3: not TOML");
}

#[test]
fn later_p_beats_earlier_and_each_resolves_with_its_own_sources() {
    let source = |file: &str| format!("[source.doc]\nkind = \"file\"\nformat = \"{file}\"\n[secrets]\n");
    Test::profile(&(source("json") + "A = \"doc:x#a\"\nW = \"doc:x#a\"\n"))
        .file("q.toml", source("yaml") + "B = \"doc:y#a\"\nW = \"doc:y#a\"\n")
        .file("x", "{\"a\": \"json\"}")
        .file("y", "a: yaml\n")
        .line("-p q.toml")
        .gives("A=json\nB=yaml\nW=yaml");
    // A source of one -p is unknown to the other.
    Test::profile("[secrets]\nA = \"doc:x#a\"\n").file("q.toml", source("yaml")).line("-p q.toml").fails(
        "inject: error: p.toml:2: A: unknown source 'doc'\ninject: hint: a source is a [source.NAME] of the profile \
                or one of env, dotenv, file, keychain, vault, aws, ssm, gcp, azure, sops, systemd, command\n",
    );
}

#[test]
fn tables_of_sources_merge_key_by_key_along_extends() {
    let say = |word: &str| format!("run = [\"/bin/echo\", \"{word}\", \"{{}}\"]\n");
    // The lower file names the kind, the higher one a setting; and the other way round.
    Test::profile("extends = [\"./b.toml\"]\n[source.op]\nraw = true\n[secrets]\nA = \"op:x\"\n")
        .file("b.toml", format!("[source.op]\nkind = \"command\"\n{}", say("low")))
        .line("-p p.toml -- printenv A")
        .status(0)
        .stdout("low x\n\n");
    Test::profile("extends = [\"./b.toml\"]\n[source.op]\nkind = \"command\"\n[secrets]\nA = \"op:x\"\n")
        .file("b.toml", format!("[source.op]\n{}", say("low")))
        .gives("A=low x");
    // Of one key the higher file's is taken, also for the references of the lower one.
    Test::profile(&format!("extends = [\"./b.toml\"]\n[source.op]\n{}", say("high")))
        .file("b.toml", format!("[source.op]\nkind = \"command\"\n{}[secrets]\nA = \"op:x\"\n", say("low")))
        .gives("A=high x");
}

#[test]
fn inherit_is_a_union_and_the_timeout_the_highest() {
    Test::profile("extends = [\"./b.toml\"]\ninherit = [\"A\"]\n")
        .file("b.toml", "inherit = [\"B\"]\n")
        .file("q.toml", "inherit = [\"C\"]\n")
        .env("A", "1")
        .env("B", "2")
        .env("C", "3")
        .env("D", "4")
        .env("E", "5")
        .line("-p q.toml -i D")
        .gives("A=1\nB=2\nC=3\nD=4");
}

#[test]
fn a_template_sees_its_own_p_after_merging() {
    let base = "[vars]\nHOST = \"low\"\n[secrets]\nURL = { template = \"x://${HOST}\" }\n";
    Test::profile("extends = [\"./b.toml\"]\n[vars]\nHOST = \"high\"\n")
        .file("b.toml", base)
        .gives("HOST=high\nURL=x://high");
    // Another -p and --set change the variable, not what the template sees.
    let two = || Test::profile(base).file("q.toml", "[vars]\nHOST = \"later\"\n");
    two().line("-p q.toml").gives("HOST=later\nURL=x://low");
    two().line("--set HOST=line").gives("HOST=line\nURL=x://low");
    Test::profile("[secrets]\nURL = { template = \"${Q}\" }\n")
        .file("q.toml", "[vars]\nQ = \"1\"\n")
        .line("-p q.toml --set Q=2")
        .fails("inject: error: p.toml:2: URL: the template uses 'Q', which this profile does not set\n");
}

#[test]
fn what_is_overridden_is_not_asked_for() {
    Test::profile("[secrets]\nA = \"env:MISSING\"\nT = { template = \"${A}\" }\n")
        .file("q.toml", "[vars]\nA = \"q\"\nT = \"q\"\n")
        .line("-p q.toml")
        .gives("A=q\nT=q");
    // Unless a template of its own -p needs it.
    Test::profile("[secrets]\nA = \"env:MISSING\"\nT = { template = \"${A}\" }\n")
        .file("q.toml", "[vars]\nA = \"q\"\n")
        .line("-p q.toml")
        .fails("inject: error: p.toml:3: T: it needs A: not set in the caller's environment\n");
    Test::profile("[secrets]\nA = \"env:MISSING\"\nU = { template = \"${A}\" }\nT = { template = \"${U}\" }\n")
        .line("--set A=1 --set U=2")
        .fails("inject: error: p.toml:4: T: it needs U: it needs A: not set in the caller's environment\n");
}

/// A generator that needs no crate: xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Four files that extend those of a lower number, two -p, --set and a caller: held against a model of a few lines.
#[test]
fn merging_agrees_with_a_model() {
    for seed in 1..60 {
        let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ (seed << 32));
        let mut texts = Vec::new();
        let mut orders: Vec<Vec<usize>> = Vec::new();
        let mut vars: Vec<Vec<u64>> = Vec::new();
        for file in 0..4_usize {
            let below: Vec<usize> = (0..file).filter(|_| random.below(2) == 0).collect();
            let mut order: Vec<usize> = Vec::new();
            for lower in &below {
                let new: Vec<_> = orders[*lower].iter().copied().filter(|f| !order.contains(f)).collect();
                order.extend(new);
            }
            order.push(file);
            orders.push(order);
            let own: Vec<_> = (0..6).filter(|_| random.below(3) == 0).collect();
            let names: Vec<_> = below.iter().map(|lower| format!("\"./f{lower}.toml\"")).collect();
            let lines: String = own.iter().map(|name| format!("V{name} = \"f{file}\"\n")).collect();
            texts.push(format!("extends = [{}]\ninherit = [\"V{}\"]\n[vars]\n{lines}", names.join(", "), file));
            vars.push(own);
        }
        let (low, high) = (random.below(4) as usize, random.below(4) as usize);
        let set = random.below(6);
        let mut model = std::collections::BTreeMap::new();
        for file in orders[low].iter().chain(&orders[high]) {
            model.entry(format!("V{file}")).or_insert_with(|| "caller".to_owned());
        }
        for file in orders[low].iter().chain(&orders[high]) {
            vars[*file].iter().for_each(|name| drop(model.insert(format!("V{name}"), format!("f{file}"))));
        }
        model.insert(format!("V{set}"), "set".into());
        let mut test = (0..6).fold(Test::new(), |test, i| test.env(format!("V{i}"), "caller"));
        for (file, text) in texts.iter().enumerate() {
            test = test.file(&format!("f{file}.toml"), text);
        }
        let words = format!("-p f{low}.toml,f{high}.toml --set V{set}=set -- env");
        let ran = test.line(&words).status(0);
        let mut got: Vec<_> = ran.out_text().lines().map(String::from).collect();
        got.sort();
        let wanted: Vec<_> = model.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(got, wanted, "seed {seed}: {words}\n{texts:#?}");
    }
}
