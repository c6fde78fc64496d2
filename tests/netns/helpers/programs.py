# SPDX-License-Identifier: GPL-2.0-only
"""Gives tracing programs back whose pins are taken away: programs.py PIN-OF-A-LINK...

Then one command a line on stdin, one line of answer: `back` (until it ends), `quit`.
"""
import ctypes
import json
import os
import shutil
import subprocess
import sys

BPFTOOL = shutil.which("bpftool") or "/usr/sbin/bpftool"
libbpf = ctypes.CDLL("libbpf.so.1", use_errno=True)


def checked(result, what):
    if result < 0:
        sys.exit(f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def program_of(pin):
    link = json.loads(subprocess.run([BPFTOOL, "-j", "link", "show", "pinned", pin], stdout=subprocess.PIPE, check=True).stdout)
    return checked(libbpf.bpf_prog_get_fd_by_id(link["prog_id"]), pin)


programs = [program_of(pin) for pin in sys.argv[1:]]
print("ready", flush=True)
for line in sys.stdin:
    command = line.strip()
    if command == "quit":
        break
    for program in programs:
        checked(libbpf.bpf_raw_tracepoint_open(None, program), "cannot attach the program")
    print(command, flush=True)
print("bye", flush=True)
