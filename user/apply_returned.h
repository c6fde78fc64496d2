/* SPDX-License-Identifier: GPL-2.0-only */
/* Puts what is in force on interfaces that were made again. */
#ifndef POSTERN_APPLY_RETURNED_H
#define POSTERN_APPLY_RETURNED_H

#include <stddef.h>

#include "abi.h"
#include "failure.h"

/* The interfaces under a name that is in force which nothing of ours is attached to: name and ifindex, at
 * most MAX_INTERFACES. 0 or -errno; `failure` is set where one is left out, as it cannot be filtered. */
int apply_find_returned(const char *instance, struct interface_value *ret, size_t *ret_n,
			struct failure *failure);

/* Filters them, in the way that was recorded of their names. Waits for a change that is under way, and leaves
 * one that was interrupted alone. 0; or -errno with its reason, then nothing has changed. */
int apply_returned(const char *instance, struct interface_value *ret, size_t *ret_n, struct failure *failure);

#endif
