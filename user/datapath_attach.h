/* SPDX-License-Identifier: GPL-2.0-only */
/* Which generation the interfaces run: attach, switch, go back, detach. */
#ifndef POSTERN_DATAPATH_ATTACH_H
#define POSTERN_DATAPATH_ATTACH_H

#include <stdbool.h>
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
	enum xdp_choice xdp; /* of hooks that are made: those that are there stay as they are */
	enum egress_choice egress;
	bool as_recorded; /* hooks that are made are as the interfaces say they were */
};

/* Makes `interfaces` (name and ifindex are given) run the generation: hooks that are there are switched,
 * which leaves no gap, the others are made. Egress comes before ingress on each. On success the modes are
 * filled in and recorded with the generation; on failure everything is as it was. Interfaces that are not
 * named stay as they are. 0 or -errno with its reason. */
int attach_switch(const struct attach_request *request, struct interface_value *interfaces, size_t n,
		  struct failure *failure);

/* The same for one more, which the caller records before and after. */
int attach_add(const struct attach_request *request, struct interface_value *interface,
	       struct failure *failure);

/* -EBUSY where an interface is attached in another way than the one asked for. */
int attach_check_modes(const struct attach_request *request, const struct interface_value *interfaces,
		       size_t n, struct failure *failure);

/* Detaches every interface of generation `from` that is not among `keep` (may be NULL with n 0), also where
 * it was only about to be attached. */
int attach_drop(const char *instance, uint32_t from, const struct interface_value *keep, size_t n);

/* Detaches what is ours from an interface, and forgets hooks of ours that went with it. */
void attach_remove(const char *instance, uint32_t ifindex);

/* The interfaces recorded with a generation: MAX_INTERFACES entries, the unused ones zero. */
int attach_get_interfaces(const char *instance, uint32_t generation, struct interface_value *ret);
int attach_set_interfaces(const char *instance, uint32_t generation, const struct interface_value *interfaces,
			  size_t n);

/* Whether one of the `n` interfaces has that ifindex. */
bool attach_is_among(const struct interface_value *interfaces, size_t n, uint32_t ifindex);

/* Whether the hooks of the interface still run a program of ours; 0 where a link is gone. */
int attach_is_alive(const char *instance, const struct interface_value *interface);

/* The id of our XDP program on an interface, 0: there is none. */
uint32_t attach_xdp_program(const char *instance, uint32_t ifindex);

/* Whether a hook of ours runs another generation than this one, or is on an interface that is none of its
 * own. Filters are only asked for `with_filters`: they are seen in the instance's own namespace alone. */
bool attach_is_mixed(const char *instance, uint32_t generation, bool with_filters);

/* Whether a generation is recorded to have, or may have, a filter: those are found only from their own
 * network namespace, while links are found from everywhere. */
bool attach_has_filter(const char *instance);

#endif
