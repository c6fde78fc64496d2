# SPDX-License-Identifier: GPL-2.0-only
"""How many events the programs of an instance missed because one was at work on the same CPU: recursion_misses.py INSTANCE. Its programs are
those that use one of its pinned maps. Prints `N in P programs`, and which."""
import json
import pathlib
import subprocess
import sys


def bpftool(*words):
    return subprocess.run(["bpftool", "-j", *words], capture_output=True, text=True, check=False)


pins = [pin for pin in pathlib.Path("/sys/fs/bpf/postern", sys.argv[1]).iterdir() if pin.is_file()]
shown = [bpftool("map", "show", "pinned", str(pin)) for pin in pins]  # those that are no maps fail
maps = {json.loads(answer.stdout)["id"] for answer in shown if answer.returncode == 0}
programs = [p for p in json.loads(bpftool("prog", "show").stdout) if maps & set(p.get("map_ids", []))]
if not maps or not programs:
    sys.exit(f"no programs of {sys.argv[1]}")
misses = {p.get("name", str(p["id"])): p["recursion_misses"] for p in programs if p.get("recursion_misses")}
print(sum(misses.values()), "in", len(programs), "programs", *(f"{name}:{n}" for name, n in sorted(misses.items())))
