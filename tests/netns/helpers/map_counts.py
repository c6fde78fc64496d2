# SPDX-License-Identifier: GPL-2.0-only
"""How many entries each hash map has that is pinned in a directory, policy maps left out: map_counts.py DIRECTORY; one line, `NAME=N ...`."""
import json
import os
import shutil
import subprocess
import sys

BPFTOOL = shutil.which("bpftool") or "/usr/sbin/bpftool"


def bpftool(*words):
    """None where that is the pin of something else."""
    run = subprocess.run([BPFTOOL, "-j", "map", *words], stdout=subprocess.PIPE, check=False)
    return json.loads(run.stdout) if run.returncode == 0 else None


counts = []
for name in sorted(os.listdir(sys.argv[1])):
    path = os.path.join(sys.argv[1], name)
    if os.path.islink(path) or not os.path.isfile(path):
        continue
    if (bpftool("show", "pinned", path) or {}).get("type") in ("hash", "lru_hash"):
        counts.append(f"{name}={len(bpftool('dump', 'pinned', path))}")
print(*counts)
