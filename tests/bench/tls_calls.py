# SPDX-License-Identifier: GPL-2.0-only
"""A row for each program that reads replies inside TLS and ran: tls_calls.py INSTANCE, after one download; needs kernel.bpf_stats_enabled. What the
traps into the kernel cost is not in these: the last row is all that a write costs more, by the pairs on stdin (see tls_rows.py)."""
import json
import statistics
import subprocess
import sys


def bpftool(*words):
    return json.loads(subprocess.run(["bpftool", "-j", *words], capture_output=True, check=True).stdout)


pairs = [line.split("|")[1].split() for line in sys.stdin if line.startswith("download, milliseconds")]
more_ns = (statistics.median(float(b) for _, b in pairs) - statistics.median(float(a) for a, _ in pairs)) * 1e6
writes = 0
objects = bpftool("map", "show", "pinned", f"/sys/fs/bpf/postern/{sys.argv[1]}/tls_objects")["id"]
for program in bpftool("prog", "show"):
    calls = program.get("run_cnt", 0)
    if objects in program.get("map_ids", []) and program["name"].startswith("tls_") and calls:
        print(f"  {program['name']:<52} {calls:9} {program['run_time_ns'] / calls:9.0f}")
        if program["name"] == "tls_write":
            writes = calls
if not writes:
    sys.exit("no write was seen")
print(f"  {'a write, more than without (CPU time above)':<52} {writes:9} {more_ns / writes:9.0f}")
