# SPDX-License-Identifier: GPL-2.0-only
"""Python's ftplib as a client: downloads a file, then uploads one, in one session.

transfer.py ADDRESS clear|explicit|implicit|ccc PASV|EPSV|PORT|EPRT FROM TO-FILE FROM-FILE TO
"""
import socket
import sys

from ftps import Session

address, tls, method, remote_from, file_to, file_from, remote_to = sys.argv[1:]


class Client(Session):
    """ftplib asks with PASV or PORT over IPv4 and EPSV or EPRT over IPv6; this one as it is told."""

    def makepasv(self):
        return self.host, self.passive(method.lower())

    def makeport(self):
        listener = socket.create_server(("", 0), family=self.af, backlog=1)
        listener.settimeout(self.timeout)
        send = self.sendport if method == "PORT" else self.sendeprt
        send(self.sock.getsockname()[0], listener.getsockname()[1])
        return listener


client = Client(address, tls == "implicit", tls == "clear")
if tls == "ccc":
    client.ccc()
client.set_pasv(method in ("PASV", "EPSV"))
with open(file_to, "wb") as file:
    client.retrbinary("RETR " + remote_from, file.write)
with open(file_from, "rb") as file:
    client.storbinary("STOR " + remote_to, file)
client.quit()
