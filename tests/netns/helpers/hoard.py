# SPDX-License-Identifier: GPL-2.0-only
"""Takes one connection on port 21, and then listens on ports without end: hoard.py ADDRESS FIRST EACH PROCESSES.

EACH ports in each of PROCESSES, one after the other, all of which hold the connection. Prints `ready`.
"""
import os
import signal
import socket
import sys

address, first, each, processes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
control = socket.socket()
control.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
control.bind((address, 21))
control.listen(1)
print("ready", flush=True)
client, _ = control.accept()
held = []
for number in range(processes):
    done, tell = os.pipe()
    if os.fork():
        os.close(tell)
        os.read(done, 1)
        continue
    for port in range(first + number * each, first + (number + 1) * each):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(1)
        held.append(listener)
    os.write(tell, b"x")
    signal.pause()
signal.pause()
