/* SPDX-License-Identifier: GPL-2.0-only */
/* Keeps an administrator from cutting the connection they work through. */
#ifndef POSTERN_APPLY_SESSION_H
#define POSTERN_APPLY_SESSION_H

#include "abi.h"
#include "datapath_load.h"
#include "failure.h"

/* Asks the loaded generation itself whether the caller's own SSH session would go on. 0; or -EPERM with the
 * connection that would be cut. */
int apply_session_check(const struct generation *generation, const struct interface_value *interfaces,
			size_t n, struct failure *failure);

#endif
