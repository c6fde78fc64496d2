# SPDX-License-Identifier: GPL-2.0-only
"""Several processes send on one UDP socket at once, each time when its flow is over: udp_together.py PINS ADDRESS PORT ROUNDS.
Prints `done`."""
import ctypes
import json
import mmap
import os
import shutil
import socket
import struct
import subprocess
import sys

PINS, ADDRESS, PORT, ROUNDS = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
BPFTOOL = shutil.which("bpftool") or "/usr/sbin/bpftool"
FLOWS = ["pinned", os.path.join(PINS, "flows")]
SEEN = 16  # offset of seen_ns in struct flow


def bpftool(*words):
    run = subprocess.run([BPFTOOL, "-j", "map", *words], stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout) if run.stdout else None


def make_old(port):
    """As if its last datagram had been sent when the host started."""
    for entry in bpftool("dump", *FLOWS):
        if entry["formatted"]["key"]["local_port"] == port:
            seen = int.from_bytes((int(byte, 16) for byte in entry["value"][SEEN:SEEN + 8]), sys.byteorder)
            assert seen == entry["formatted"]["value"]["seen_ns"], "struct flow has changed"
            value = entry["value"][:SEEN] + ["0x01"] + ["0x00"] * 7 + entry["value"][SEEN + 8:]
            bpftool("update", *FLOWS, "key", *entry["key"], "value", *value)


sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("", 0))
shared = mmap.mmap(-1, 8)
cpus = sorted(os.sched_getaffinity(0))
go = ctypes.c_uint64.from_buffer(shared)
readers = []
for cpu in cpus:
    read, write = os.pipe()
    readers.append(read)
    if os.fork() == 0:
        os.sched_setaffinity(0, {cpu})
        for number in range(1, ROUNDS + 1):
            os.write(write, b"r")
            while go.value < number:
                pass
            sock.sendto(struct.pack("I", number), (ADDRESS, PORT))
        os.write(write, b"r")
        os._exit(0)
for number in range(1, ROUNDS + 1):
    for read in readers:
        os.read(read, 1)
    make_old(sock.getsockname()[1])
    go.value = number
for read in readers:
    os.read(read, 1)
print("done", flush=True)
