# SPDX-License-Identifier: GPL-2.0-only
"""Whether a process stops at a function of a library: stops.py LIBRARY FUNCTION PID... prints the ids of those that do.

A uprobe is an instruction in the process's own copy of the page: what is there differs from the file then.
"""
import ctypes
import sys


def mappings(pid):
    """(file, first address, last address, offset in the file) of each."""
    for line in open(f"/proc/{pid}/maps"):
        fields = line.split(maxsplit=5)
        if len(fields) == 6:
            first, last = (int(end, 16) for end in fields[0].split("-"))
            yield fields[5].strip(), first, last, int(fields[2], 16)


def offset_of(library, function):
    address = ctypes.cast(ctypes.CDLL(library)[function], ctypes.c_void_p).value
    return next(address - first + offset for _, first, last, offset in mappings("self") if first <= address < last)


def stops(pid, library, offset, original):
    for name, first, last, begin in mappings(pid):
        if name == library and begin <= offset < begin + last - first:
            with open(f"/proc/{pid}/mem", "rb") as memory:
                memory.seek(first + offset - begin)
                return memory.read(len(original)) != original
    return False


library, function = sys.argv[1:3]
offset = offset_of(library, function)
with open(library, "rb") as file:
    file.seek(offset)
    original = file.read(5)
print(" ".join(pid for pid in sys.argv[3:] if stops(pid, library, offset, original)))
