# SPDX-License-Identifier: GPL-2.0-only
"""An FTP server that serves all its clients in one process, in clear: pyftpd.py FOLDER FIRST-PORT LAST-PORT [OPTION...]; prints `ready`.

Options: --banner TEXT, --shred (each reply leaves byte by byte), --port N (of the control connections; several), --foreign (data connections may come from other addresses than the control connection), --files N (opened first and held), --tls PEM (explicit TLS, required; a key and its certificate). SITE SAY TEXT answers TEXT, with a line end for each ~; SITE WAIT PORT listens there, and nobody is told.
"""
import argparse
import logging
import socket
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("first", type=int)
parser.add_argument("last", type=int)
parser.add_argument("--banner", default="ready")
parser.add_argument("--shred", action="store_true")
parser.add_argument("--files", type=int, default=0)
parser.add_argument("--port", type=int, action="append")
parser.add_argument("--foreign", action="store_true")
parser.add_argument("--tls")
args = parser.parse_args()
logging.basicConfig(level=logging.ERROR)


Base = TLS_FTPHandler if args.tls else FTPHandler


class Handler(Base):
    proto_cmds = dict(Base.proto_cmds)
    proto_cmds["SITE SAY"] = dict(perm=None, auth=False, arg=True, help="Answers with the text")

    def ftp_SITE_SAY(self, text):
        self.push(text.replace("~", "\r\n") + "\r\n")

    proto_cmds["SITE WAIT"] = dict(perm=None, auth=False, arg=True, help="Listens at the port")

    def ftp_SITE_WAIT(self, port):
        waiting.append(socket.create_server(("10.99.0.1", int(port))))
        self.push("200 It waits\r\n")

    def push(self, text):
        if args.shred:
            self.socket.setblocking(True)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in text.encode():
                self.socket.send(bytes([byte]))
            self.socket.setblocking(False)
        else:
            super().push(text)


authorizer = DummyAuthorizer()
authorizer.add_anonymous(args.folder, perm="elradfmw")
Handler.authorizer, Handler.banner, Handler.passive_ports = authorizer, args.banner, range(args.first, args.last + 1)
Handler.permit_foreign_addresses = args.foreign
if args.tls:
    Handler.certfile, Handler.tls_control_required, Handler.tls_data_required = args.tls, True, True
waiting = []
held = [open("/dev/null", "rb") for _ in range(args.files)]
loop = IOLoop()
servers = [FTPServer((address, port), Handler, ioloop=loop) for address in ("10.99.0.1", "fd00:99::1") for port in args.port or [21]]
print("ready", flush=True)
loop.loop()
