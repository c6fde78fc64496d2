# SPDX-License-Identifier: GPL-2.0-only
"""An FTPS client in active mode: the server connects to it, or where it says.

active.py SERVER --get FILE SHA256 [--implicit] [--rate BYTES]   downloads FILE; exit status 0 where it came whole
active.py SERVER --to ADDRESS PORT     has a listing sent there; prints the codes of both replies
"""
import argparse
import ftplib
import hashlib
import socket
import time

from ftps import Session


def code(function, *args):
    try:
        return function(*args)[:3]
    except ftplib.Error as error:
        return str(error)[:3]


parser = argparse.ArgumentParser()
parser.add_argument("server")
parser.add_argument("--implicit", action="store_true")
parser.add_argument("--rate", type=int, help="bytes a second")
parser.add_argument("--to", nargs=2)
parser.add_argument("--get", nargs=2)
args = parser.parse_args()
session = Session(args.server, args.implicit)
session.set_pasv(False)

if args.to:
    address, port = args.to[0], int(args.to[1])
    session.af = socket.AF_INET6 if ":" in address else socket.AF_INET
    asked = code(session.sendeprt if ":" in address else session.sendport, address, port)
    print(asked, code(session.sendcmd, "LIST"))
else:
    digest, began, size = hashlib.sha256(), time.monotonic(), 0

    def take(data):
        global size
        digest.update(data)
        size += len(data)
        if args.rate:
            time.sleep(max(0, began + size / args.rate - time.monotonic()))
            print(size, flush=True)

    session.retrbinary("RETR " + args.get[0], take)
    raise SystemExit(digest.hexdigest() != args.get[1])
