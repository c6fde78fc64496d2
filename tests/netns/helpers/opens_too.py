# SPDX-License-Identifier: GPL-2.0-only
"""A socket that connects from a port that a server listens at: a SYN from its peer opens the connection simultaneously. With data to be sent: opens_too.py ADDRESS PORT PEER PEER-PORT. Prints `ready`; a line on standard input: waits until it has answered the SYN, `answers`; another: closes it, `closed`; a third: ends."""
import socket
import sys
import time

SYN_RECV, CLOSE = 3, 7
address, port, peer, peer_port = sys.argv[1:]
sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.setsockopt(socket.IPPROTO_TCP, 34, 1)  # TCP_FASTOPEN_NO_COOKIE: data before the connection is established
sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 100)
sock.bind((address, int(port)))
sock.setblocking(False)
try:
    sock.sendto(b"stolen\n", socket.MSG_FASTOPEN, (peer, int(peer_port)))
except BlockingIOError:
    pass
print("ready", flush=True)
sys.stdin.readline()
while (state := sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]) not in (SYN_RECV, CLOSE):
    time.sleep(0.001)
print("answers" if state == SYN_RECV else "no SYN came", flush=True)
sys.stdin.readline()
sock.close()
print("closed", flush=True)
sys.stdin.readline()
print("bye", flush=True)
