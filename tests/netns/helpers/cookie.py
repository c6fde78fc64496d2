# SPDX-License-Identifier: GPL-2.0-only
"""A client that logs in, asks for a passive port, and makes its data connection by hand, of segments that its kernel does not know (its RST to the answers must be dropped, but for those with mark 1): cookie.py SERVER CLIENT PEER-PORT. Prints the passive port. Lines on standard input: `connect`, prints `SYN-ACK`; `ack`, the ACK of that SYN-ACK, again if asked again; `options`, from now on the IP header has some; `reset`, ends the connection; `listen SECONDS`, prints the kind of the first segment that comes, or `nothing`; `logout`; another ends."""
import ftplib
import socket
import struct
import sys
import time

SYN, RST, ACK = 2, 4, 16
KINDS = {SYN | ACK: "SYN-ACK", RST: "RST", RST | ACK: "RST"}
server, client, own_port = sys.argv[1], sys.argv[2], int(sys.argv[3])
FAMILY = socket.AF_INET6 if ":" in server else socket.AF_INET


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def send(sequence, acknowledged, flags):
    header = struct.pack("!HHIIBBHHH", own_port, port, sequence, acknowledged, 5 << 4, flags, 65535, 0, 0)
    pseudo = socket.inet_pton(FAMILY, client) + socket.inet_pton(FAMILY, server) + struct.pack("!II", len(header), socket.IPPROTO_TCP)
    raw.sendto(header[:16] + struct.pack("!H", checksum(pseudo + header)) + header[18:], (server, 0))


def receive(seconds):
    """The next segment of the connection: (sequence number, flags); None."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        raw.settimeout(left)
        try:
            packet = raw.recv(65535)
        except TimeoutError:
            return None
        tcp = packet if FAMILY == socket.AF_INET6 else packet[(packet[0] & 15) * 4 :]
        if struct.unpack("!HH", tcp[:4]) == (port, own_port):
            return struct.unpack("!I", tcp[4:8])[0], tcp[13]
    return None


def add_options():
    if FAMILY == socket.AF_INET6:
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, bytes([0, 0, 1, 4, 0, 0, 0, 0]))  # PadN
    else:
        raw.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([1, 1, 1, 0]))  # three no-operations, the end


def kind(segment):
    return KINDS.get(segment[1], "data") if segment else "nothing"


ftp = ftplib.FTP(server, timeout=20)
ftp.login("anonymous", "x")
port = ftplib.parse229(ftp.sendcmd("EPSV"), ftp.sock.getpeername())[1]
raw = socket.socket(FAMILY, socket.SOCK_RAW, socket.IPPROTO_TCP)
raw.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, 1)
cookie = 0
print(port, flush=True)
for line in sys.stdin:
    words = line.split()
    answer = "ok"
    if words[0] == "connect":
        send(1000, 0, SYN)
        segment = receive(20)
        answer = kind(segment)
        cookie = segment[0] if segment else 0
    elif words[0] == "ack":
        send(1001, cookie + 1, ACK)
    elif words[0] == "options":
        add_options()
    elif words[0] == "reset":
        send(1001, cookie + 1, RST | ACK)
    elif words[0] == "listen":
        answer = kind(receive(float(words[1])))
    elif words[0] == "logout":
        ftp.close()
    else:
        print("bye", flush=True)
        break
    print(answer, flush=True)
