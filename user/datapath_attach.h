/* SPDX-License-Identifier: GPL-2.0-only */
/* Which generation the interfaces run: attach, switch, go back, detach. */
#ifndef POSTERN_DATAPATH_ATTACH_H
#define POSTERN_DATAPATH_ATTACH_H

#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "failure.h"

enum xdp_choice { XDP_AUTO, XDP_NATIVE, XDP_GENERIC };
enum egress_choice { EGRESS_AUTO, EGRESS_TCX_ONLY, EGRESS_CLSACT_ONLY };

struct attach_request {
	const char *instance;
	uint32_t generation; /* pinned; what to run */
	uint32_t previous;   /* what runs now, for going back; 0: nothing */
	enum xdp_choice xdp;
	enum egress_choice egress;
};

/* Makes `interfaces` (name and ifindex are given) run the generation: links that are there are switched,
 * which leaves no gap, the others are made. Egress comes before ingress on each. On success the modes are
 * filled in and recorded with the generation; on failure everything is as it was. Interfaces that are not
 * named stay as they are. 0 or -errno with its reason. */
int attach_switch(const struct attach_request *request, struct interface_value *interfaces, size_t n,
		  struct failure *failure);

/* Detaches every interface of generation `from` that is not among `keep` (may be NULL with n 0), also where
 * it was only about to be attached. */
int attach_drop(const char *instance, uint32_t from, const struct interface_value *keep, size_t n);

/* The interfaces recorded with a generation: MAX_INTERFACES entries, the unused ones zero. */
int attach_get_interfaces(const char *instance, uint32_t generation, struct interface_value *ret);

/* Whether the hooks of the interface still run a program of ours; 0 where a link is gone. */
int attach_is_alive(const char *instance, const struct interface_value *interface);

#endif
