/* SPDX-License-Identifier: GPL-2.0-only */
/* The steps between one generation and another, in the one order that they may have. */
#ifndef POSTERN_APPLY_SWITCH_H
#define POSTERN_APPLY_SWITCH_H

#include "apply_adopt.h"
#include "datapath_attach.h"

struct switch_request {
	const char *instance;
	const struct settings *settings; /* as they are */
	uint64_t confirm_by_ns;          /* see there; of the new generation */
	uint32_t half;                   /* of the FTP settings: the new generation's */
	struct attach_request attach;
	const struct policy *policy;
	const struct generation *generation; /* of that policy, loaded */
};

/* Settings, links, name. On failure everything is as it was, but where nothing was in force: there the caller
 * removes the instance. 0 or -errno with its reason. */
int switch_to(const struct switch_request *request, struct interface_value *interfaces, size_t n,
	      struct failure *failure);

/* Removes the generations that neither are in force nor may be gone back to. */
void switch_remove_stale(const char *instance, uint32_t current, uint32_t previous);

/* Tells the event log. */
void switch_log(const char *instance);

#endif
