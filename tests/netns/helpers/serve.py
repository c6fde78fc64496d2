# SPDX-License-Identifier: GPL-2.0-only
"""Listens and echoes: serve.py [--mute] tcp:PORT[-PORT]|udp:PORT[@ADDRESS] ...; --mute accepts nothing. Prints `ready PID`.

Whoever sends `end` over TCP has the server close first, whoever sends `bye` after the answer."""
import os
import selectors
import socket
import sys

selector = selectors.DefaultSelector()


def listen(spec):
    protocol, _, rest = spec.partition(":")
    ports, _, address = rest.partition("@")
    first, _, last = ports.partition("-")
    for port in range(int(first), int(last or first) + 1):
        family = socket.AF_INET if "." in address else socket.AF_INET6
        sock = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1 if address else 0)
        sock.bind((address, port))
        if protocol == "tcp":
            sock.listen(64)
        sock.setblocking(False)
        selector.register(sock, selectors.EVENT_READ, protocol)


arguments = sys.argv[1:]
mute = arguments[:1] == ["--mute"]
for argument in arguments[mute:]:
    listen(argument)
print("ready", os.getpid(), flush=True)
while True:
    for key, _ in selector.select() if not mute else selectors.DefaultSelector().select():
        try:
            if key.data == "tcp":
                selector.register(key.fileobj.accept()[0], selectors.EVENT_READ, "stream")
            elif key.data == "udp":
                data, peer = key.fileobj.recvfrom(2000)
                key.fileobj.sendto(data, peer)
                print("from", peer[0], peer[1], flush=True)
            else:
                data = key.fileobj.recv(65536)
                if data in (b"", b"end"):
                    raise ConnectionResetError
                key.fileobj.send(data)
                if data == b"bye":
                    raise ConnectionResetError
        except OSError:
            if key.data == "stream":
                selector.unregister(key.fileobj)
                key.fileobj.close()
