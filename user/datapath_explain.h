/* SPDX-License-Identifier: GPL-2.0-only */
/* The verdict of the policy in force on a made packet. */
#ifndef POSTERN_DATAPATH_EXPLAIN_H
#define POSTERN_DATAPATH_EXPLAIN_H

#include <stddef.h>
#include <stdint.h>

#include "abi.h"

/* As generation_explain(), through the pins of the instance; open pinholes and flows count. 0 or -errno. */
int datapath_explain(const char *instance, enum direction direction, uint32_t ifindex, const void *frame,
		     size_t size, uint32_t *ret_verdict);

#endif
