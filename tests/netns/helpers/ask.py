# SPDX-License-Identifier: GPL-2.0-only
"""Asks an echo server once and says what came: ask.py connect|tcp|udp ADDRESS PORT [TIMEOUT] [LOCAL-PORT] [LOCAL-ADDRESS]."""
import os
import socket
import sys

kind, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
timeout = (float(sys.argv[4]) if len(sys.argv) > 4 else 1.0) * float(os.environ.get("SLOW", 1)) ** 0.5
local_port = int(sys.argv[5]) if len(sys.argv) > 5 else 0
family = socket.AF_INET6 if ":" in address else socket.AF_INET
sock = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
sock.settimeout(timeout)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
local_address = sys.argv[6] if len(sys.argv) > 6 else ""
if local_port or local_address:
    sock.bind((local_address, local_port))
try:
    sock.connect((address, port))
    if kind != "connect":
        sock.send(b"question")
        if sock.recv(100) != b"question":
            sys.exit("wrong answer")
except ConnectionRefusedError:
    sys.exit("refused")
except (socket.timeout, OSError) as error:
    # An unreachable neighbour or a send that the egress filter refused reads EHOSTUNREACH, EPERM or the like.
    sys.exit("no answer" if isinstance(error, socket.timeout) else f"error: {error}")
print("answered")
