/* SPDX-License-Identifier: GPL-2.0-only */
/* What the packet programs are told of a compiled policy before they are loaded. */
#ifndef POSTERN_DATAPATH_PREPARE_H
#define POSTERN_DATAPATH_PREPARE_H

#include <stdint.h>

struct compiled;
struct filter_bpf;

/* Sets their constants, and the sizes of the maps that depend on the policy. `generation`: which one they
 * will be, from 1. Which frames they take is for filter_take_frags(), and what the maps hold for who fills
 * them. */
void programs_prepare(struct filter_bpf *filter, const struct compiled *compiled, uint32_t generation);

#endif
