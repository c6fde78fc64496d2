# SPDX-License-Identifier: GPL-2.0-only
"""In a network namespace of its own, run by anybody: accepts a faked control connection on port 21 and then listens on the given ports; prints `ready`."""
import socket
import subprocess
import sys
import time

SERVER, CLIENT = "10.99.0.1", "10.99.0.2"
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
for address in (SERVER, CLIENT):
    subprocess.run(["ip", "addr", "add", address + "/32", "dev", "lo"], check=True)
control = socket.socket()
control.bind((SERVER, 21))
control.listen(1)
client = socket.create_connection((SERVER, 21), source_address=(CLIENT, 0))
accepted, peer = control.accept()
assert peer[0] == CLIENT
held = [accepted, client]
for port in range(int(sys.argv[1]), int(sys.argv[2]) + 1):
    listener = socket.socket()
    listener.bind((SERVER, port))
    listener.listen(1)
    held.append(listener)
print("ready", flush=True)
time.sleep(1000)
