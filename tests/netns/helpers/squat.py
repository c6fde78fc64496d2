# SPDX-License-Identifier: GPL-2.0-only
"""Takes ports with SO_REUSEADDR; one command a line: `bind ADDRESS FIRST LAST`, `listen`, `close`; answers with how many succeeded."""
import socket
import sys

socks = []


def bind(address, first, last):
    done = 0
    for port in range(int(first), int(last) + 1):
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((address, port))
            socks.append(sock)
            done += 1
        except OSError:
            sock.close()
    return done


def listen():
    done = 0
    for sock in socks:
        try:
            sock.listen(1)
            done += 1
        except OSError:
            pass
    return done


def close():
    done = len(socks)
    while socks:
        socks.pop().close()
    return done


COMMANDS = {"bind": bind, "listen": listen, "close": close}
print("ready", flush=True)
for line in sys.stdin:
    words = line.split()
    if words[0] == "quit":
        print("bye", flush=True)
        break
    print(COMMANDS[words[0]](*words[1:]), flush=True)
