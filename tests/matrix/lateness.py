# SPDX-License-Identifier: GPL-2.0-only
"""How late pinholes came: lateness.py EVENTS-MAP TRACE CLIENT. EVENTS-MAP: the map `events` of an instance, as bpftool prints it in JSON; TRACE:
the kernel's own events of sockets that began to listen, on the same clock; CLIENT: the output of lateness_client.py. Prints how many pinholes a log
opened, and a row for the time from listen() to the pinhole, and one for connect() of the client."""
import json
import math
import re
import sys

PINHOLE_OPENED, ORIGIN_LOG = 2, 3  # of include/abi.h
TRACED = re.compile(r"\s(\d+\.\d+): inet_sock_set_state: .*\bsport=(\d+)\b")


def events(path):
    with open(path) as file:
        for entry in json.load(file):
            event = entry["formatted"]["value"]
            if event["kind"] == PINHOLE_OPENED and event["origin"] == ORIGIN_LOG:
                yield event["time_ns"] / 1e6, event["local_port"]


def listens(path):
    with open(path) as file:
        for line in file:
            found = TRACED.search(line)
            if found:
                yield float(found[1]) * 1000, int(found[2])


def row(name, values):
    values.sort()
    shown = [values[max(0, math.ceil(len(values) * part) - 1)] for part in (0, 0.5, 0.9, 0.99, 1)]
    print(f"#   {name:<38}", *(f"{value:9.2f}" for value in shown))


listened = list(listens(sys.argv[2]))
late = []
for opened, port in sorted(events(sys.argv[1])):
    before = [began for began, where in listened if where == port and began <= opened]
    if before:
        late.append(opened - before[-1])
with open(sys.argv[3]) as client:
    connects = [float(line.split()[2]) for line in client if line.startswith("connected ")]
print(len(late))
print("#   milliseconds                                 min    median      90 %      99 %       max")
if late:
    row("from listen() to the pinhole", late)
if connects:
    row("connect() of the client", connects)
