# SPDX-License-Identifier: GPL-2.0-only
"""One large transfer under TLS: tls_client.py ADDRESS download|upload NAME BYTES; prints megabytes a second, from the command to the last reply."""
import sys
import time

from ftps import Session

BLOCK = bytes(1 << 16)
address, direction, name, size = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])


class Zeroes:
    def __init__(self):
        self.left = size

    def read(self, n):
        n = min(n, self.left)
        self.left -= n
        return BLOCK[:n]


class Sink:
    def __init__(self):
        self.taken = 0

    def write(self, block):
        self.taken += len(block)


def download(session):
    sink = Sink()
    session.retrbinary("RETR " + name, sink.write, len(BLOCK))
    return sink.taken


def upload(session):
    session.storbinary("STOR " + name, Zeroes(), len(BLOCK))
    return session.size_of(name)


class Client(Session):
    def makepasv(self):
        return self.host, self.passive("epsv")

    def size_of(self, path):
        return int(self.sendcmd("SIZE " + path).split()[1])


client = Client(address, False)
start = time.monotonic()
moved = {"download": download, "upload": upload}[direction](client)
seconds = time.monotonic() - start
if moved != size:
    sys.exit(f"{direction}: {moved} bytes instead of {size}")
client.quit()
print(f"{size / 1e6 / seconds:.2f}")
