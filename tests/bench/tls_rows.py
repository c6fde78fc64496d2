# SPDX-License-Identifier: GPL-2.0-only
"""Rows of the table, of `NAME|WITHOUT WITH` on stdin, a pair a line; the ratio is the median of the pairs' own."""
import statistics
import sys

pairs = {}
for line in sys.stdin:
    name, values = line.split("|")
    pairs.setdefault(name, []).append([float(value) for value in values.split()])
for name, values in pairs.items():
    ratio = statistics.median(b / a for a, b in values)
    for label, series, shown in ((name, [a for a, _ in values], 1), ("  with watch: tls", [b for _, b in values], ratio)):
        print(f"  {label:<52} {min(series):9.1f} {statistics.median(series):9.1f} {max(series):9.1f}  {shown:6.3f}")
