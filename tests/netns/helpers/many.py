# SPDX-License-Identifier: GPL-2.0-only
"""Holds many connections to echo servers: many.py COUNT ADDRESS PORT [ADDRESS PORT]...; COUNT to each.

Prints `connected N`. Then one command a line on stdin, one line of answer:
    round            one round trip on each           same N of N
    talk SECONDS     round trips on each from now on, so often; every one has its number     talking
    report           rounds R least L slowest MS wrong W broken B    since `talk`, and ends it
    quit
"""
import resource
import selectors
import socket
import struct
import sys
import time

LIMIT = 10.0  # seconds for an answer in `round` and `report`
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))


class Connection:
    def __init__(self, number, address, port):
        self.sock = socket.create_connection((address, port), timeout=10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.number, self.sequence, self.broken = number, 0, False
        self.begin()

    def begin(self):
        """Forgets what was counted."""
        self.rounds, self.wrong, self.slowest, self.asked, self.got = 0, 0, 0.0, None, b""

    def send(self):
        self.sequence += 1
        self.message = struct.pack("!QQ", self.number, self.sequence) * 4
        self.asked, self.got = time.monotonic(), b""
        try:
            self.broken = self.broken or self.sock.send(self.message) != len(self.message)
        except OSError as error:
            self.fail(error)

    def fail(self, error):
        print("connection", self.number, error, file=sys.stderr, flush=True)
        self.broken = True

    def receive(self):
        """True when what was sent has come back."""
        try:
            data = self.sock.recv(4096)
        except BlockingIOError:
            return False
        except OSError as error:
            data = b""
            self.fail(error)
        if not data:
            self.fail("ended")
            return False
        self.got += data
        if len(self.got) < len(self.message) and self.asked:
            return False
        self.wrong += not self.asked or self.got != self.message
        self.slowest = max(self.slowest, time.monotonic() - (self.asked or 0))
        self.rounds, self.asked = self.rounds + 1, None
        return True

    def age(self, now):
        return max(self.slowest, now - self.asked if self.asked and not self.broken else 0)


def turn(selector, patience):
    """Takes what has come; true when a command has."""
    command = False
    for key, _ in selector.select(patience):
        if not key.data:
            command = True
        elif not key.data.receive() and key.data.broken:
            selector.unregister(key.fileobj)
    return command


def settle(connections, selector):
    end = time.monotonic() + LIMIT
    while any(c.asked and not c.broken for c in connections) and time.monotonic() < end:
        turn(selector, 0.05)


def round_trips(connections, selector):
    for connection in connections:
        connection.begin()
        connection.send()
    settle(connections, selector)
    return f"same {sum(c.rounds and not c.wrong and not c.broken for c in connections)} of {len(connections)}"


def talk(connections, selector, interval):
    """Until a command comes. Each connection has its place in the interval, so that they do not all send at once."""
    start = time.monotonic()
    for connection in connections:
        connection.begin()
        connection.next = start + interval * (connection.number % len(connections)) / len(connections)
    print("talking", flush=True)
    while not turn(selector, min(0.02, interval / 10)):
        now = time.monotonic()
        for connection in connections:
            if now >= connection.next and not connection.asked and not connection.broken:
                connection.send()
                connection.next = max(connection.next + interval, now)


def report(connections, selector):
    settle(connections, selector)
    now = time.monotonic()
    return (f"rounds {sum(c.rounds for c in connections)} least {min(c.rounds for c in connections)} "
            f"slowest {max(c.age(now) for c in connections) * 1000:.0f} wrong {sum(c.wrong for c in connections)} "
            f"broken {sum(c.broken for c in connections)}")


peers = list(zip(sys.argv[2::2], sys.argv[3::2]))
held = [Connection(n * len(peers) + i, address, int(port)) for i, (address, port) in enumerate(peers) for n in range(int(sys.argv[1]))]
poll = selectors.DefaultSelector()
for one in held:
    poll.register(one.sock, selectors.EVENT_READ, one)
poll.register(sys.stdin, selectors.EVENT_READ, None)
print("connected", len(held), flush=True)
while True:
    # Unbuffered: a line that Python had read ahead would not wake the selector.
    line = sys.stdin.buffer.raw.readline().split() if turn(poll, 1) else [b"none"]
    if line == [b"round"]:
        print(round_trips(held, poll), flush=True)
    elif line[:1] == [b"talk"]:
        talk(held, poll, float(line[1]))
    elif line == [b"report"]:
        print(report(held, poll), flush=True)
    elif line != [b"none"]:
        print("bye", flush=True)
        break
