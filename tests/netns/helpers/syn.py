# SPDX-License-Identifier: GPL-2.0-only
"""Sends TCP SYNs with the source address that it is given: syn.py SOURCE SOURCE-PORT DESTINATION PORT [RATE].

One; or, with a RATE, so many a second until SIGTERM, then prints `sent N`.
"""
import random
import signal
import socket
import struct
import sys
import time

source, source_port, destination, port = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
family = socket.AF_INET6 if ":" in destination else socket.AF_INET
addresses = socket.inet_pton(family, source) + socket.inet_pton(family, destination)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def segment(check):
    return struct.pack("!HHIIBBHHHBBH", source_port, port, sequence, 0, 6 << 4, 2, 64240, check, 0, 2, 4, 1460)


def send():
    pseudo = addresses + struct.pack("!IHBB", 24, 0, 0, 6)
    tcp = segment(checksum(pseudo + segment(0)))
    if family == socket.AF_INET:
        header = struct.pack("!BBHHHBBH", 0x45, 0, 44, 1, 0, 64, 6, 0) + addresses
    else:
        header = struct.pack("!IHBB", 6 << 28, 24, 6, 64) + addresses
    raw.sendto(header + tcp, (destination, 0))


sequence = random.getrandbits(32)
raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
send()
if len(sys.argv) > 5:
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    print("ready", flush=True)
    sent = 1
    while not stopped:
        time.sleep(1 / float(sys.argv[5]))
        send()
        sent += 1
    print("sent", sent)
