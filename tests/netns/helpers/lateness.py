# SPDX-License-Identifier: GPL-2.0-only
"""How late pinholes came that a log opened: lateness.py, with the events of postern in JSON on stdin. Prints how many there were, how many
of them after their client's SYN, which was denied, and the least, median and most milliseconds between the two."""
import json
import sys
from datetime import datetime

denied, late = {}, []
opened = 0
for line in sys.stdin:
    event = json.loads(line)
    time = datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()
    if event["kind"] == "deny" and event.get("reason") == "no-pinhole":
        denied.setdefault((event["peer"], event["local_port"]), time)
    if event["kind"] == "pinhole-opened" and event["origin"] == "log":
        opened += 1
        first = denied.pop((event["client"], event["port"]), None)
        if first is not None:
            late.append((time - first) * 1000)
late.sort()
print(f"{opened} opened, {len(late)} after their SYN", *([f"by {late[0]:.0f}, {late[len(late) // 2]:.0f}, {late[-1]:.0f} ms"] if late else []))
