# SPDX-License-Identifier: GPL-2.0-only
"""Holds one connection to an echo server: talk.py ADDRESS PORT; each line on stdin is a round trip, answered by `same` or what went wrong."""
import os
import socket
import sys

SLOW = float(os.environ.get("SLOW", 1))
sock = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5 * SLOW)
sock.settimeout(2.5 * SLOW ** 0.5)
print("connected", sock.getsockname()[1], flush=True)
for line in sys.stdin:
    word = line.strip().encode()
    try:
        sock.sendall(word)
        print("same" if sock.recv(1000) == word else "different", flush=True)
    except socket.timeout:
        print("no answer", flush=True)
    except OSError as error:
        print("error:", error, flush=True)
    if word == b"quit":
        break
