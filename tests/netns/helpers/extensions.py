# SPDX-License-Identifier: GPL-2.0-only
"""Sends TCP SYNs behind IPv6 extension headers: extensions.py SOURCE DESTINATION PORT...

One line for each chain of headers: `CHAIN open PORT... closed PORT... silent PORT...`, as the answers tell. A
chain is written as on the wire: `hop+dst` is a hop-by-hop header, then destination options, then TCP.
"""
import select
import socket
import struct
import sys
import time

HOP, ROUTING, FRAGMENT, AH, NONE, DST, TCP = 0, 43, 44, 51, 59, 60, 6
CHAINS = {
    "none": [],
    "hop": [HOP],
    "dst": [DST],
    "hop+dst": [HOP, DST],
    "dst+dst": [DST, DST],
    "dst+hop": [DST, HOP],  # out of place: RFC 8200, 4.1
    "hop+hop": [HOP, HOP],
    "routing": [ROUTING],  # nowhere left to go
    "atomic": [FRAGMENT],  # RFC 6946
    "hop+dst+atomic": [HOP, DST, FRAGMENT],
    "atomic+dst": [FRAGMENT, DST],
    "ah": [AH],
    "ah+dst": [AH, DST],
    "dst*5": [DST] * 5,
    "dst*12": [DST] * 12,
    "no-next": [NONE],
    "data-in-second": [FRAGMENT],
    "flags-in-second": [FRAGMENT],
    "ports-in-second": [FRAGMENT, DST],
}
PATIENCE = 0.4
source, destination, ports = sys.argv[1], sys.argv[2], [int(port) for port in sys.argv[3:]]
addresses = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def syn(source_port, port):
    def segment(check):
        return struct.pack("!HHIIBBHHHBBH8x", source_port, port, 1000, 0, 6 << 4, 2, 64240, check, 0, 2, 4, 1460)

    return segment(checksum(addresses + struct.pack("!IHBB", 32, 0, 0, TCP) + segment(0)))


def fragment_header(following, offset, more, identity):
    return struct.pack("!BBHI", following, 0, offset | more, identity)


def header(kind, following, identity):
    if kind == FRAGMENT:
        return fragment_header(following, 0, 0, identity)
    if kind == AH:
        return struct.pack("!BBHIII8x", following, 4, 0, 1, 1, 0)
    if kind == ROUTING:  # type 2, RFC 6275, no segments left
        return struct.pack("!BBBBI16x", following, 2, 2, 0, 0)
    return struct.pack("!BBBB4x", following, 0, 1, 4)  # PadN


def chained(kinds, payload, identity):
    """The first header's number, and all of them before the payload."""
    following = TCP
    for kind in reversed(kinds):
        payload = header(kind, following, identity) + payload
        following = kind
    return following, payload


def packets(chain, source_port, port):
    kinds, segment = CHAINS[chain], syn(source_port, port)
    if chain in ("data-in-second", "flags-in-second"):
        cut = 24 if chain == "data-in-second" else 8
        return [(FRAGMENT, fragment_header(TCP, 0, 1, source_port) + segment[:cut]),
                (FRAGMENT, fragment_header(TCP, cut, 0, source_port) + segment[cut:])]
    if chain == "ports-in-second":
        return [(FRAGMENT, fragment_header(DST, 0, 1, source_port) + header(DST, TCP, 0)),
                (FRAGMENT, fragment_header(DST, 8, 0, source_port) + segment)]
    return [chained(kinds, segment, source_port)]


raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
answers = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_TCP)


def probe(chain, first_port):
    sent = {}
    for number, port in enumerate(ports):
        sent[first_port + number] = port
        for first, payload in packets(chain, first_port + number, port):
            ip = struct.pack("!IHBB", 6 << 28, len(payload), first, 64) + addresses
            raw.sendto(ip + payload, (destination, 0))
    result = {"open": [], "closed": []}
    end = time.monotonic() + PATIENCE
    while sent and select.select([answers], [], [], max(0, end - time.monotonic()))[0]:
        segment, peer = answers.recvfrom(2000)
        port, local, flags = *struct.unpack("!HH", segment[:4]), segment[13]
        if peer[0] == destination and sent.get(local) == port:
            result["closed" if flags & 4 else "open"].append(sent.pop(local))
    return result | {"silent": sent.values()}


for index, name in enumerate(CHAINS):
    found = probe(name, 20000 + 100 * index)
    print(name, *(f"{state} {','.join(map(str, sorted(found[state]))) or '-'}" for state in found), flush=True)
