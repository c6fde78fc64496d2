/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether an instance is whole, and what is in force there. */
#ifndef POSTERN_APPLY_STATE_H
#define POSTERN_APPLY_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "failure.h"

enum apply_state {
	APPLY_WHOLE,
	APPLY_ABSENT,    /* there is no instance */
	APPLY_HALF_MADE, /* its first apply was interrupted: nothing is in force, though something may filter
			  */
	APPLY_MIXED,     /* a change was interrupted: not everything is of the policy that is named */
	APPLY_WAITING,   /* a change waits to be confirmed */
	APPLY_UNGUARDED  /* the same, but the process that would go back is gone */
};

/* 0 or -errno with its reason. Without the lock of pins.h a change that is under way looks like one that was
 * interrupted. */
int apply_state_get(const char *instance, enum apply_state *ret, struct failure *failure);
/* The same for those that do not have the lock: waits for a change that is under way. */
int apply_state_wait(const char *instance, enum apply_state *ret, struct failure *failure);

/* `current` is 0 where nothing is in force. */
struct in_force {
	uint32_t current;
	struct settings settings;
	struct interface_value interfaces[MAX_INTERFACES];
	struct service_name services[MAX_SERVICES];
	char *text;
	size_t size;
};

/* Nothing in force leaves everything zero. */
int in_force_read(const char *instance, struct in_force *ret, struct failure *failure);
void in_force_free(struct in_force *in_force);

int net_cookie_get(uint64_t *ret, struct failure *failure);
/* Whether the instance works in another network namespace than the caller's; false where its pins do not
 * tell. */
bool is_elsewhere(const char *instance);
/* -EXDEV with its reason. */
int refuse_elsewhere(const char *instance, struct failure *failure);

#endif
