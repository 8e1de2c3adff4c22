"""Types into an interactive shell on a terminal of its own and prints what the terminal showed.

terminal.py SETUP LINE... -- SHELL ARG...

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
    at = sys.argv.index("--", 2)
    setup, lines, shell = sys.argv[1], sys.argv[2:at], sys.argv[at + 1 :]
    child, fd = pty.fork()
    if child == 0:
        os.execvp(shell[0], shell)

    def until(marker):
        out = b""
        end = time.monotonic() + 20
        while marker not in out:
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

    # The echo of what is typed never holds the marker: the shell has to work it out.
    say(setup + "\r")
    say("echo @$((1000 + 0))@\r")
    until(b"@1000@")
    for number, line in enumerate(lines, 1):
        say(line + "\t\x15" + f"echo @$((1000 + {number}))@\r")
        shown = until(f"@{1000 + number}@".encode()).decode(errors="replace")
        shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|[\a\r]", "", shown).rsplit("echo @", 1)[0]
        print(f"@@@ {line}\n{shown}")
    say("exit\r")
    os.close(fd)
    os.waitpid(child, 0)


main()
