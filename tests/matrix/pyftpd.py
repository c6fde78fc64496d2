# SPDX-License-Identifier: GPL-2.0-only
"""pyftpdlib with all its clients in one event loop: pyftpd.py FOLDER PORT FIRST-PORT LAST-PORT LOG [--tls PEM]; logs as its own
command line does with --debug."""
import argparse
import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.log import config_logging
from pyftpdlib.servers import FTPServer

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("port", type=int)
parser.add_argument("first", type=int)
parser.add_argument("last", type=int)
parser.add_argument("log")
parser.add_argument("--tls")
args = parser.parse_args()

sys.stderr = open(args.log, "a", buffering=1)
config_logging(level=logging.DEBUG)
Handler = TLS_FTPHandler if args.tls else FTPHandler
if args.tls:
    Handler.certfile, Handler.tls_control_required, Handler.tls_data_required = args.tls, True, True
Handler.authorizer = DummyAuthorizer()
Handler.authorizer.add_anonymous(args.folder, perm="elradfmw")
Handler.passive_ports = range(args.first, args.last + 1)
loop = IOLoop()
servers = [FTPServer((address, args.port), Handler, ioloop=loop) for address in ("10.99.0.1", "fd00:99::1")]
loop.loop()
