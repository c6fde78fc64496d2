/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames in several buffers: jumbo frames on most drivers. */
#ifndef POSTERN_DATAPATH_FRAGS_H
#define POSTERN_DATAPATH_FRAGS_H

struct filter_bpf;

/* Lets the ingress program take such frames where the kernel knows them (5.18). To be called between opening
 * and loading; elsewhere an interface with a large MTU falls back to generic XDP. */
void filter_take_frags(struct filter_bpf *filter);

#endif
