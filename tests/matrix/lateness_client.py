# SPDX-License-Identifier: GPL-2.0-only
"""Downloads in one session, one after the other: lateness_client.py ADDRESS clear|explicit|implicit FILE COUNT. Prints for each `connected
PORT MILLISECONDS`, how long connect() of the data connection took; exits with 1 where one failed."""
import socket
import sys
import time

from ftps import Session

address, tls, file, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
connect = socket.create_connection


def timed(where, *words, **named):
    start = time.monotonic()
    connection = connect(where, *words, **named)
    if where[1] not in (21, 990):
        print("connected", where[1], f"{(time.monotonic() - start) * 1000:.3f}", flush=True)
    return connection


socket.create_connection = timed
session = Session(address, tls == "implicit", tls == "clear")
for _ in range(count):
    session.passive("epsv")
    session.get(file)
session.quit()
