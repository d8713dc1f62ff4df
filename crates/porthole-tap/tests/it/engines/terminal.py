"""A terminal whose size changes while a command in a container looks: python3 terminal.py COMMAND…, a shell follows."""

import fcntl
import os
import pty
import select
import struct
import sys
import termios

WAITS = """
until [ "$(stty size 2> /dev/null)" = "30 100" ]; do sleep 0.1; done; echo small
until [ "$(stty size 2> /dev/null)" = "40 120" ]; do sleep 0.1; done; echo large; exit 5
"""


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


child, terminal = pty.fork()
if child == 0:
    resize(0, 30, 100)
    os.execvp(sys.argv[1], [*sys.argv[1:], "sh", "-c", WAITS])
size, seen = (30, 100), b""
while True:
    if not select.select([terminal], [], [], 1)[0]:
        # A client that asks for a size before the command has begun may give up; the next change makes it ask again.
        resize(terminal, size[0], size[1] - 1)
        resize(terminal, *size)
        continue
    try:
        seen += os.read(terminal, 4096)
    except OSError:  # the other side is closed
        break
    if b"small" in seen:
        size = (40, 120)
        resize(terminal, *size)
print(seen.split(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
