# SPDX-License-Identifier: GPL-2.0-only
"""Two users take the same connection in turn, the second while the first one's socket is being closed: takeover.py ADDRESS
PORT LOCAL-PORT ROUNDS. The kernel gives addresses and ports away before it tells of the close. Prints how often the second one
got it."""
import errno
import os
import socket
import struct
import sys
import time

ADDRESS, PORT, LOCAL_PORT, ROUNDS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
LIMIT = 3 * float(os.environ.get("SLOW", 1))


def new_socket():
    sock = socket.socket(socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.bind(("", LOCAL_PORT))
    return sock


def take():
    """Tries until the other one's is gone."""
    sock, end = new_socket(), time.monotonic() + LIMIT
    while time.monotonic() < end:
        error = sock.connect_ex((ADDRESS, PORT))
        if error != errno.EADDRNOTAVAIL:
            return sock if error == 0 else sock.close()
    return sock.close()


def serve(cpu, uid, orders, answers):
    os.sched_setaffinity(0, {cpu})
    os.setuid(uid)
    held = None
    while order := os.read(orders, 1):
        if order == b"t":
            os.write(answers, b"s")
            held = take()
        elif held:
            held.close()
        os.write(answers, b"y" if held else b"n")


def user(cpu, uid):
    orders, answers = os.pipe(), os.pipe()
    if os.fork() == 0:
        os.close(orders[1])
        serve(cpu, uid, orders[0], answers[1])
        os._exit(0)
    os.close(orders[0])

    def tell(order):
        os.write(orders[1], order)
        return lambda: os.read(answers[0], 1)

    return tell


cpus = sorted(os.sched_getaffinity(0))
first, second = user(cpus[0], 2001), user(cpus[-1], 2002)
taken = 0
for number in range(ROUNDS):
    answer = first(b"t")
    answer()
    if answer() == b"n":
        break
    spins = second(b"t")
    spins()
    time.sleep(number % 10 * 0.00002)
    first(b"c")()
    taken += spins() == b"y"
    second(b"c")()
print(taken, flush=True)
