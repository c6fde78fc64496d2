# SPDX-License-Identifier: GPL-2.0-only
"""journald's end of the journal's socket, bound where it is: prints each message on a line of its own, its fields joined by
" | ". Usage: journal.py COMMAND..., in a mount namespace of its own, over which /run/systemd is replaced."""
import os
import socket
import subprocess
import sys

subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/systemd"], check=True)
os.mkdir("/run/systemd/journal")
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.bind("/run/systemd/journal/socket")
journal.settimeout(0.1)
command = subprocess.Popen(sys.argv[1:])
while command.poll() is None:
    try:
        message = journal.recv(65536)
    except TimeoutError:
        continue
    print("journal:", " | ".join(message.decode(errors="replace").splitlines()), flush=True)
