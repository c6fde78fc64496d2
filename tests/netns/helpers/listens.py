# SPDX-License-Identifier: GPL-2.0-only
"""Attaches the programs of listen() themselves, as where those that call them are taken away: listens.py PIN-OF-THE-MAP. Prints `ready`, and keeps them attached until it ends."""
import ctypes
import os
import sys
import time

libbpf = ctypes.CDLL("libbpf.so.1", use_errno=True)


def checked(result, what):
    if result < 0:
        sys.exit(f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


programs = checked(libbpf.bpf_obj_get(sys.argv[1].encode()), sys.argv[1])
for number in range(2):
    key, program = ctypes.c_uint32(number), ctypes.c_uint32()
    checked(libbpf.bpf_map_lookup_elem(programs, ctypes.byref(key), ctypes.byref(program)), "no program")
    program = checked(libbpf.bpf_prog_get_fd_by_id(program), "cannot open the program")
    checked(libbpf.bpf_raw_tracepoint_open(None, program), "cannot attach the program")
print("ready", flush=True)
time.sleep(1000000)
