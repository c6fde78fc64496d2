# SPDX-License-Identifier: GPL-2.0-only
"""Sends echo requests and says whether one was answered: ping.py ADDRESS [COUNT]. Prints `N of COUNT`."""
import os
import socket
import struct
import sys
import time

address, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
is_ipv6 = ":" in address
sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) if is_ipv6 else \
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
request, reply = (128, 129) if is_ipv6 else (8, 0)
identifier = os.getpid() & 0xffff


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~((total & 0xffff) + (total >> 16)) & 0xffff


for sequence in range(count):
    packet = struct.pack("!BBHHH", request, 0, 0, identifier, sequence)
    if not is_ipv6:  # of ICMPv6 the kernel fills it in
        packet = struct.pack("!BBHHH", request, 0, checksum(packet), identifier, sequence)
    sock.sendto(packet, (address, 0))
answered, end = 0, time.monotonic() + float(os.environ.get("SLOW", 1)) ** 0.5
while answered < count and time.monotonic() < end:
    sock.settimeout(max(end - time.monotonic(), 0.001))
    try:
        data = sock.recv(1000)
    except TimeoutError:
        break
    except OSError:
        continue
    data = data if is_ipv6 else data[(data[0] & 15) * 4:]
    answered += data[0] == reply and struct.unpack("!H", data[4:6])[0] == identifier
print(f"{answered} of {count}")
