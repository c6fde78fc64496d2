# SPDX-License-Identifier: GPL-2.0-only
"""Datagrams with sequence numbers, at a fixed rate, so that each one that is lost or should not have come is known.

datagrams.py take [--echo] PORT...                prints `ready`; at SIGTERM, for each port and family:
    PORT vFAMILY got N first F last L lost M twice D
datagrams.py send RATE ADDRESS PORT [ADDRESS PORT]...   RATE a second to each; prints `ready`; at SIGTERM:
    ADDRESS PORT sent N echoed E lost M               (sent counts what the kernel refused to send, too)
datagrams.py ask ADDRESS DENIED ALLOWED           one command a line: `NUMBER PORT PORT` sends the number to the first port, then to the
    second, which must answer: `answered`, or what was wrong
"""
import select
import signal
import socket
import struct
import sys
import time

BUFFER = 32 << 20  # bytes: no datagram is lost because its reader was late
stopped = False


def stop(_signal, _frame):
    global stopped
    stopped = True


class Seen:
    """Sequence numbers that have come."""

    def __init__(self):
        self.bits, self.got, self.twice = bytearray(), 0, 0

    def add(self, number):
        if number >= len(self.bits):
            self.bits.extend(bytes(number + 1 - len(self.bits)))
        self.twice += self.bits[number]
        self.bits[number] = 1
        self.got += 1

    def lost(self):
        """Between the first and the last."""
        return len(self.bits) - max(self.bits.find(1), 0) - (self.got - self.twice)


def udp(family):
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, 33, BUFFER)  # SO_RCVBUFFORCE
    sock.setblocking(False)
    return sock


def take(ports, echo):
    socks, seen = {}, {}
    for port in ports:
        sock = udp(socket.AF_INET6)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(("", port))
        socks[sock] = port
        seen[port] = {4: Seen(), 6: Seen()}
    print("ready", flush=True)
    while not stopped:
        for sock in select.select(socks, [], [], 0.2)[0]:
            try:
                while True:
                    data, peer = sock.recvfrom(100)
                    seen[socks[sock]][4 if peer[0].startswith("::ffff:") else 6].add(struct.unpack("!Q", data)[0])
                    if echo:
                        sock.sendto(data, peer)
            except BlockingIOError:
                pass
            except OSError as error:
                print("error:", socks[sock], error, flush=True)
    for port in ports:
        for family, of in seen[port].items():
            print(port, f"v{family} got {of.got} first {of.bits.find(1)} last {len(of.bits) - 1} lost {of.lost()} twice {of.twice}")


def connected(address, port):
    sock = udp(socket.AF_INET6 if ":" in address else socket.AF_INET)
    sock.connect((address, int(port)))
    return sock


def drain(sock, seen):
    try:
        while True:
            seen.add(struct.unpack("!Q", sock.recv(100))[0])
    except OSError:
        pass


def send(rate, peers):
    streams = [(connected(*peer), peer, Seen()) for peer in peers]
    print("ready", flush=True)
    number, due = 0, time.monotonic()
    while not stopped:
        for sock, _, seen in streams:
            try:
                sock.send(struct.pack("!Q", number))
            except OSError:
                pass
            drain(sock, seen)
        number, due = number + 1, due + 1 / rate
        time.sleep(max(0, due - time.monotonic()))
    end = time.monotonic() + 2
    while time.monotonic() < end and any(0 < seen.got < number for _, _, seen in streams):
        time.sleep(0.02)
        for sock, _, seen in streams:
            drain(sock, seen)
    for _, (address, port), seen in streams:
        print(address, port, f"sent {number} echoed {seen.got} lost {number - seen.got + seen.twice}")


def ask(address, ports):
    socks = {port: connected(address, port) for port in ports}
    print("ready", flush=True)
    for line in sys.stdin:
        number, denied, allowed = line.split()[:3] if line != "quit\n" else sys.exit(print("bye", flush=True))
        # One queue on the way: when the second is answered, the first has been judged.
        for port in denied, allowed:
            try:
                socks[port].send(struct.pack("!Q", int(number)))
            except OSError:
                pass
        answer = "answered"
        if not select.select([socks[allowed]], [], [], 3)[0]:
            answer = f"{allowed} is silent"
        elif int.from_bytes(socks[allowed].recv(100), "big") != int(number):
            answer = f"{allowed} answered late"
        if select.select([socks[denied]], [], [], 0)[0]:
            answer = f"{denied} answered"
        print(answer, flush=True)


words = sys.argv[1:]
if words[0] != "ask":
    signal.signal(signal.SIGTERM, stop)
if words[0] == "take":
    take([int(word) for word in words[1:] if word != "--echo"], "--echo" in words)
elif words[0] == "send":
    send(float(words[1]), list(zip(words[2::2], words[3::2])))
else:
    ask(words[1], words[2:])
