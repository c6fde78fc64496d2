# SPDX-License-Identifier: GPL-2.0-only
"""Holds one connection: lines.py ADDRESS PORT; each line on stdin is sent, and the line that comes back printed."""
import os
import socket
import sys

sock = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=20 * float(os.environ.get("SLOW", 1)))
file = sock.makefile("rw")
print("ready", flush=True)
for line in sys.stdin:
    if line == "quit\n":
        print("closed", flush=True)
        break
    file.write(line)
    file.flush()
    print(file.readline(), end="", flush=True)
