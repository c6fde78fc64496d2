/* SPDX-License-Identifier: GPL-2.0-only */
/* A generation: the programs and maps of one policy, loaded, filled and pinned, not yet attached. */
#ifndef POSTERN_DATAPATH_LOAD_H
#define POSTERN_DATAPATH_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "compile.h"
#include "failure.h"

struct generation; /* opaque */

struct generation_request {
	const char *instance; /* whose state maps it shares */
	const struct compiled *compiled;
	uint32_t number;
	uint32_t half;    /* of the FTP settings that belong to it */
	const char *text; /* the sources, from source_set_format() */
	size_t size;
	/* The interfaces of the policy, in its order. NULL: they need not exist, since what is loaded is only
	 * to explain by their numbers (policy_interface_number()). */
	const struct interface_value *interfaces;
	size_t n_interfaces;
};

/* The maps of a policy, by name, NULL-terminated: each has a symbolic link in the instance's folder. */
extern const char *const generation_maps[];

/* 0 or -errno with its reason. */
int generation_load(const struct generation_request *request, struct generation **ret,
		    struct failure *failure);
int generation_pin(const struct generation *generation, struct failure *failure);
/* The half of the FTP settings that belongs to a pinned generation. */
int generation_get_half(const char *instance, uint32_t number, uint32_t *ret);
/* Rules of a pinned generation that hold only at one interface hold at another then. 0 or -errno: then some
 * of them may. */
int generation_move_narrowings(const char *instance, uint32_t number, uint32_t from, uint32_t to);
void generation_free(struct generation *generation);

/* The verdict on a frame, as the kernel would give it at an interface (0: at none): a counter index, see enum
 * counter. Nothing is counted or remembered. 0 or -errno. */
int generation_explain(const struct generation *generation, enum direction direction, uint32_t ifindex,
		       const void *frame, size_t size, uint32_t *ret_verdict);

#endif
