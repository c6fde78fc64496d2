/* SPDX-License-Identifier: GPL-2.0-only */
/* The first policy takes over what the host already had. */
#ifndef POSTERN_APPLY_ADOPT_H
#define POSTERN_APPLY_ADOPT_H

#include "datapath_load.h"
#include "policy.h"

/* The policy that comes into force, as it was written and as it is loaded. */
struct adopt_request {
	const char *instance;
	const struct policy *policy;
	const struct generation *generation;
	const struct interface_value *interfaces;
	size_t n_interfaces;
};

/* See adopt_existing(). Behind a redirect (`sockets`) a session counts as one of the first control service
 * that admits its client. 0 or -errno with its reason. */
int apply_adopt(const struct adopt_request *request, struct failure *failure);

#endif
