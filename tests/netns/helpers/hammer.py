# SPDX-License-Identifier: GPL-2.0-only
"""Calls listen() and close() in a tight loop: hammer.py FIRST-PORT LAST-PORT ADDRESS...; prints `ready` and, at SIGTERM, how often."""
import errno
import signal
import socket
import sys

first, last, addresses = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
loops = 0


def stop(_signal, _frame):
    print("loops", loops, flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
while True:
    sock = socket.socket()
    try:
        sock.bind((addresses[loops % len(addresses)], first + loops % (last - first + 1)))
        sock.listen(1)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
    sock.close()
    loops += 1
