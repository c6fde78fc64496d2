/* SPDX-License-Identifier: GPL-2.0-only */
/* What the packet programs are told of a compiled policy before they are loaded. */
#ifndef POSTERN_DATAPATH_PREPARE_H
#define POSTERN_DATAPATH_PREPARE_H

#include <stdint.h>

struct compiled;
struct filter_bpf;

/* Sets their constants, and the sizes of the maps of rules and ranges. `generation`: which one they will be,
 * from 1. */
void programs_prepare(struct filter_bpf *filter, const struct compiled *compiled, uint32_t generation);

#endif
