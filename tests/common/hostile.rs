//! Values that something takes for something else.

/// At least so many values a store.
const COUNT: usize = 220;

/// A generator that gives the same everywhere (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }
}

/// Values that something takes for something else, and compositions of their pieces. `text`: UTF-8 only.
pub(crate) fn values(text: bool) -> Vec<Vec<u8>> {
    let whole = [
        "",
        " ",
        "  x  ",
        "\n",
        "\r",
        "\r\n",
        "x\n",
        "\nx",
        "\t",
        "a=b",
        "=",
        "#",
        "# c",
        "a #b",
        "a#b",
        "'",
        "\"",
        "''",
        "\"\"",
        "'a'",
        "\"a\"",
        "\\",
        "\\\\",
        "a\\",
        "\\n",
        "\\'",
        "\\\"",
        "$",
        "$$",
        "$x",
        "$(id)",
        "`id`",
        "%s%n",
        "!",
        "~",
        "null",
        "Null",
        "~",
        "true",
        "no",
        "0755",
        "0.10",
        "1e400",
        "-",
        "- a",
        "? a",
        ": ",
        "a: b",
        "|",
        ">",
        "@",
        "&a",
        "*a",
        "<<",
        "{}",
        "{\"a\":1}",
        "[]",
        "---",
        "...",
        "%YAML",
        "export A=1",
        "A=1\nB=2",
        "é",
        "日本語",
        "😀",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{feff}x",
        "\u{a0}",
        "\u{7f}",
        "\u{1}",
        "\u{1b}[31m",
        "\u{8}",
        "\u{b}",
        "\u{c}",
        "\u{1f}",
        "\u{fffd}",
        "\u{ffff}",
        "\u{10ffff}",
        "'''",
        "\"\"\"",
        "a'''b\"\"\"c",
        "\\u0041",
        "\\x41",
        "^M",
        "-----BEGIN KEY-----\nMIIB\n-----END KEY-----\n",
        "C:\\new\\table",
        "p@ss w0rd&%/()=?",
    ];
    let pieces: Vec<&[u8]> = whole.iter().map(|piece| piece.as_bytes()).filter(|piece| piece.len() < 9).collect();
    let raw: [&[u8]; 5] = [b"\xff", b"\xc3", b"\xe9t\xe9", b"\xf0\x9f", b"\x80\xfe"];
    let mut all: Vec<Vec<u8>> = whole.iter().map(|value| value.as_bytes().to_vec()).collect();
    if !text {
        all.extend(raw.iter().map(|piece| piece.to_vec()));
    }
    let mut dice = Dice(0x1234_5678_9abc_def1);
    while all.len() < COUNT {
        let mut value = Vec::new();
        for _ in 0..=dice.below(6) {
            let odd = !text && dice.below(6) == 0;
            value.extend_from_slice(if odd { raw[dice.below(raw.len())] } else { pieces[dice.below(pieces.len())] });
        }
        all.push(value);
    }
    // Last: each edit reads what is there already.
    all.push(b"0123456789abcdef".repeat(4096)); // 64 KiB
    all.push("'\\\"$\n".repeat(2000).into_bytes());
    all
}
