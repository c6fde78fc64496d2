# SPDX-License-Identifier: GPL-2.0-only
"""Connects and closes with a RST, as a user: reset_as.py UID ADDRESS PORT LOCAL-PORT"""
import os
import socket
import struct
import sys

uid, address, port, local_port = sys.argv[1:]
os.setuid(int(uid))
with socket.socket() as sock:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.bind(("", int(local_port)))
    sock.connect((address, int(port)))
