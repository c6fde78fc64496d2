# SPDX-License-Identifier: GPL-2.0-only
"""A server like an FTP server with one process for all clients, which connects where a client says.

connector.py PORT    each line of a client is ADDRESS PORT; answered by `connected`, `refused` or `no answer`
"""
import os
import selectors
import socket
import sys

WAIT = 2 * float(os.environ.get("SLOW", 1)) ** 0.5


def connect(address, port):
    try:
        socket.create_connection((address, int(port)), timeout=WAIT).close()
        return "connected"
    except socket.timeout:
        return "no answer"
    except ConnectionError:
        return "refused"


selector = selectors.DefaultSelector()
listener = socket.create_server(("", int(sys.argv[1])))
selector.register(listener, selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            selector.register(listener.accept()[0], selectors.EVENT_READ)
            continue
        line = key.fileobj.recv(1000)
        if not line:
            selector.unregister(key.fileobj)
            key.fileobj.close()
            continue
        key.fileobj.sendall((connect(*line.decode().split()) + "\n").encode())
