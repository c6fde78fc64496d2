# SPDX-License-Identifier: GPL-2.0-only
"""Holds connections to an echo server; each line on stdin is answered by a line:

open NAME ADDRESS PORT LOCAL-PORT    connects; LOCAL-PORT 0: any
begin NAME ADDRESS PORT LOCAL-PORT   the same, without waiting for an answer
talk NAME                            a round trip, or waits until `begin` is connected: `same`, or what went wrong
close NAME                           closes first
reset NAME                           the same, with a RST
ended NAME                           has the peer close first, then closes
unread NAME                          the same, without reading what came before
"""
import os
import select
import socket
import struct
import sys

WAIT = 2 * float(os.environ.get("SLOW", 1))
held = {}


def begin(name, address, port, local_port):
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("", int(local_port)))
    sock.setblocking(False)
    sock.connect_ex((address, int(port)))
    held[name] = sock
    return sock.getsockname()[1]


def is_connected(sock):
    if not select.select([], [sock], [], WAIT)[1]:
        return False
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, os.strerror(error))
    return True


def talk(name):
    if not is_connected(held[name]):
        return "not connected"
    held[name].settimeout(WAIT)
    held[name].sendall(b"word")
    return "same" if held[name].recv(1000) == b"word" else "different"


def ended(name):
    held[name].sendall(b"end")
    word = held[name].recv(1000)
    held.pop(name).close()
    return "ended" if word == b"" else "not ended"


def unread(name):
    sock = held.pop(name)
    sock.sendall(b"bye")
    poll = select.poll()
    poll.register(sock, select.POLLRDHUP)
    ended = bool(poll.poll(WAIT * 1000))
    sock.shutdown(socket.SHUT_RDWR)
    sock.close()
    return "unread" if ended else "not ended"


def answer(words):
    kind, name, rest = words[0], words[1], words[2:]
    if kind in ("open", "begin"):
        port = begin(name, *rest)
        return port if kind == "begin" or is_connected(held[name]) else "not connected"
    if kind == "talk":
        return talk(name)
    if kind in ("ended", "unread"):
        return ended(name) if kind == "ended" else unread(name)
    if kind == "reset":
        held[name].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    held.pop(name).close()
    return "reset" if kind == "reset" else "closed"


print("ready", flush=True)
for line in sys.stdin:
    if line.strip() == "quit":
        print("quit", flush=True)
        break
    try:
        print(answer(line.split()), flush=True)
    except OSError as error:
        print("error:", error, flush=True)
