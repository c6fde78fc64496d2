# SPDX-License-Identifier: GPL-2.0-only
"""Sends a SYN from each port through a connected raw socket of its own: raw_syn.py ADDRESS PORT LOCAL-PORT... The checksum is wrong, so
that nobody answers."""
import socket
import struct
import sys

address, port, local_ports = sys.argv[1], int(sys.argv[2]), map(int, sys.argv[3:])
for local_port in local_ports:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as sock:
        sock.connect((address, 0))
        sock.send(struct.pack("!HHIIBBHHH", local_port, port, 1, 0, 5 << 4, 2, 1024, 0, 0))
