# SPDX-License-Identifier: GPL-2.0-only
"""A service manager's end of NOTIFY_SOCKET: prints each message on a line of its own, its parts joined by " | ".
Usage: notify.py PATH"""
import socket
import sys

manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
print("ready", flush=True)
while True:
    message = manager.recv(4096)
    print(" | ".join(message.decode(errors="replace").splitlines()), flush=True)
