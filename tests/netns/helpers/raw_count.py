# SPDX-License-Identifier: GPL-2.0-only
"""Counts the TCP segments to a port that come as far as the host's own stack: raw_count.py PORT; prints `ready`; at SIGTERM `got N`."""
import ctypes
import select
import signal
import socket
import struct
import sys

port = int(sys.argv[1])
stopped = []
signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))


def only_port(sock, offset):
    """A classic BPF filter: ldh [offset]; jeq port; ret. A raw IPv4 socket sees the IP header too."""
    code = struct.pack("HBBI" * 4, 0x28, 0, 0, offset, 0x15, 0, 1, port, 6, 0, 0, 0xFFFF, 6, 0, 0, 0)
    # 26: SO_ATTACH_FILTER
    room = ctypes.create_string_buffer(code)
    sock.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", 4, ctypes.addressof(room)))
    sock.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)  # SO_RCVBUFFORCE


socks = [socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP) for family in (socket.AF_INET, socket.AF_INET6)]
only_port(socks[0], 22)
only_port(socks[1], 2)
print("ready", flush=True)
got = 0
while not stopped:
    for one in select.select(socks, [], [], 0.2)[0]:
        one.recv(100)
        got += 1
print("got", got)
