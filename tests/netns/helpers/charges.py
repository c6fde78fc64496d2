# SPDX-License-Identifier: GPL-2.0-only
"""Whether each user is charged for as many flows as there are: charges.py DIRECTORY, of an instance's pins; `same`, or what differs. Those in
`connections` are charged to nobody."""
import collections
import json
import os
import shutil
import subprocess
import sys

BPFTOOL = shutil.which("bpftool") or "/usr/sbin/bpftool"


def dump(name):
    run = subprocess.run([BPFTOOL, "-j", "map", "dump", "pinned", os.path.join(sys.argv[1], name)], stdout=subprocess.PIPE, check=True)
    return [entry["formatted"] for entry in json.loads(run.stdout)]


there = collections.Counter(entry["value"]["uid"] for entry in dump("flows"))
charged = {entry["key"]: entry["value"] for entry in dump("users") if entry["value"]}
print("same" if charged == dict(there) else f"charged {charged}, there are {dict(there)}")
