/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables of ranges of the packet programs, from a compiled policy. */
#ifndef POSTERN_DATAPATH_RANGES_H
#define POSTERN_DATAPATH_RANGES_H

struct compiled;
struct filter_bpf;

/* Gives their maps the sizes, and the programs the windows; before they are loaded. */
void ranges_prepare(struct filter_bpf *filter, const struct compiled *compiled);
/* Writes the maps. 0 or -errno. */
int ranges_fill(const struct filter_bpf *filter, const struct compiled *compiled);

#endif
