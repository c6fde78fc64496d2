# SPDX-License-Identifier: GPL-2.0-only
"""Connects to every TCP port of a host: scan.py ADDRESS [TIMEOUT]; prints the ports that answered: `open: …` and `refused: …` (a count and the first 50)."""
import errno
import os
import resource
import select
import socket
import sys
import time

address = sys.argv[1]
timeout = (float(sys.argv[2]) if len(sys.argv) > 2 else 1.3) * float(os.environ.get("SLOW", 1)) ** 0.5
family = socket.AF_INET6 if ":" in address else socket.AF_INET
WINDOW = 33000  # connections at one time
try:
    resource.setrlimit(resource.RLIMIT_NOFILE, (WINDOW + 100, WINDOW + 100))
except (ValueError, PermissionError):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    WINDOW = hard - 100

epoll = select.epoll()
waiting = {}  # by descriptor: socket, port, when it is given up; in the order of that time
answers = {"open": [], "refused": [], "other": []}


def note(port, error):
    if error == 0:
        answers["open"].append(port)
    elif error == errno.ECONNREFUSED:
        answers["refused"].append(port)
    else:
        answers["other"].append(f"{port}({errno.errorcode.get(error, error)})")


def begin(port):
    sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    error = sock.connect_ex((address, port))
    if error != errno.EINPROGRESS:
        note(port, error)
        sock.close()
        return
    epoll.register(sock.fileno(), select.EPOLLOUT)
    waiting[sock.fileno()] = (sock, port, time.monotonic() + timeout)


def end(descriptor):
    sock, port, _ = waiting.pop(descriptor)
    epoll.unregister(descriptor)
    return sock, port


def collect(patience):
    for descriptor, _ in epoll.poll(patience):
        sock, port = end(descriptor)
        note(port, sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        sock.close()
    now = time.monotonic()
    for descriptor in list(waiting):
        if waiting[descriptor][2] > now:
            break
        end(descriptor)[0].close()


for port in range(1, 65536):
    begin(port)
    if port % 64 == 0:
        collect(0)
    while len(waiting) >= WINDOW:
        collect(0.01)
while waiting:
    collect(0.05)
print("open:", *sorted(answers["open"]))
print("refused:", len(answers["refused"]), *sorted(answers["refused"])[:50])
print("other:", len(answers["other"]), *answers["other"][:50])
