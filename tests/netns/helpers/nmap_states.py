# SPDX-License-Identifier: GPL-2.0-only
"""What nmap found: reads the file of its -oX and prints `STATE NUMBER: PORTS` for each state, sorted; at most 12 ports are named."""
import sys
import xml.etree.ElementTree

LIMIT = 12
ports = {}
host = xml.etree.ElementTree.parse(sys.argv[1]).getroot().find("host")
for port in host.iter("port"):
    ports.setdefault(port.find("state").get("state"), []).append(port.get("portid"))
counts = {state: len(numbers) for state, numbers in ports.items()}
for rest in host.iter("extraports"):
    counts[rest.get("state")] = counts.get(rest.get("state"), 0) + int(rest.get("count"))
for state in sorted(counts):
    named = ports.get(state, [])
    print(f"{state} {counts[state]}:", ",".join(sorted(named, key=int)) if len(named) == counts[state] <= LIMIT else "-")
