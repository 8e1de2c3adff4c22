"""Types into an interactive bash on a terminal of its own and prints what the terminal showed.

terminal.py SETUP LINE...

SETUP is run first. Each LINE is typed and followed by a tab, and then taken back; what was shown is printed behind a line
of `@@@ LINE`. A shell that says nothing for 20 s ends this with code 3.
"""

import os
import pty
import re
import select
import sys
import time


def main():
    setup, lines = sys.argv[1], sys.argv[2:]
    child, fd = pty.fork()
    if child == 0:
        os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])

    def until(marker):
        """Reads up to the prompt behind the marker."""
        out = b""
        end = time.monotonic() + 20
        while marker not in out or b"[ready]" not in out.split(marker, 1)[1]:
            if time.monotonic() > end or not select.select([fd], [], [], 20)[0]:
                sys.stdout.write(out.decode(errors="replace"))
                sys.exit(3)
            try:
                out += os.read(fd, 65536)
            except OSError:
                sys.stdout.write(out.decode(errors="replace"))
                sys.exit(3)
        return out

    def say(text):
        os.write(fd, text.encode())

    for option in (
        "show-all-if-ambiguous on",
        "completion-query-items 0",
        "page-completions off",
        "enable-bracketed-paste off",
    ):
        say(f"bind 'set {option}'\r")
    # The terminal passes a tab on only once readline has prepared it, and then comes the prompt. The echo of what is
    # typed never holds a marker: the shell has to work it out.
    say(setup + "\r")
    say("PS1='[rea''dy]'\r")
    until(b"\n")
    for number, line in enumerate(lines, 1):
        say(line + "\t\x15" + f"echo @$((1000 + {number}))@\r")
        shown = until(f"@{1000 + number}@".encode()).decode(errors="replace").replace("[ready]", "")
        shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|[\a\b\r]", "", shown).rsplit("echo @", 1)[0]
        print(f"@@@ {line}\n{shown}")
    say("exit\r")
    os.close(fd)
    os.waitpid(child, 0)


main()
