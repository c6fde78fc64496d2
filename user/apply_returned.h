/* SPDX-License-Identifier: GPL-2.0-only */
/* Puts what is in force on interfaces that were made again. */
#ifndef POSTERN_APPLY_RETURNED_H
#define POSTERN_APPLY_RETURNED_H

#include <stddef.h>

#include "abi.h"
#include "failure.h"

/* How many interfaces under a name that is in force are not filtered, and could be; none where nothing is in
 * force. 0 or -errno; `failure` is
 * set in any case where one cannot be filtered, or not everything could be looked at. */
int apply_count_returned(const char *instance, size_t *ret_n, struct failure *failure);

/* Filters them in the way that is recorded of their names, and moves the names' rules to them, also in what
 * may be gone back to. Waits for a change that is under way; -EAGAIN where one was interrupted. `ret` (room
 * for MAX_INTERFACES) names those that are filtered now. 0; or -errno with the reason of the first that
 * failed: it is as it was. */
int apply_returned(const char *instance, struct interface_value *ret, size_t *ret_n, struct failure *failure);

#endif
