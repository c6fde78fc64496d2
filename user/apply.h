/* SPDX-License-Identifier: GPL-2.0-only */
/* Puts a policy in force, or puts back what was: all of it, or nothing. */
#ifndef POSTERN_APPLY_H
#define POSTERN_APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "datapath_attach.h"
#include "policy.h"
#include "source.h"

struct apply_request {
	const char *instance;
	const struct policy *policy;
	const struct source_set *sources;
	enum xdp_choice xdp;
	enum egress_choice egress;
	bool dry_run;             /* load it, then drop it */
	bool may_cut_session;     /* do not refuse what would cut the caller's own SSH session */
	unsigned confirm_seconds; /* go back so long after began_ns, unless confirmed; 0: stay */
	uint64_t began_ns;        /* CLOCK_BOOTTIME, when the user asked */
};

struct apply_result {
	bool changed; /* false: the same policy is in force on the same interfaces */
	/* Set also where the apply fails: an earlier change had been interrupted, or had lost the process
	 * that would go back, and was undone first. */
	bool undid_earlier;
	struct interface_value interfaces[MAX_INTERFACES];
	size_t n_interfaces;
	/* Filtered before, and no longer (in a dry run: they would be); by the names that they have now. */
	struct interface_value left[MAX_INTERFACES];
	size_t n_left;
};

/* 0, -EINVAL (the policy or an interface of it cannot be used here) or another -errno, with the reason in
 * `failure`; then nothing has changed. */
int apply(const struct apply_request *request, struct apply_result *ret, struct failure *failure);

/* Keeps what waits for it, also where nothing would go back any more; -ENOENT: nothing waits, -ECANCELED: the
 * change was interrupted before it was in force, and is undone. */
int apply_confirm(const char *instance, struct failure *failure);

/* Puts back what was in force before the change that waits, `generation`; nothing where that one was
 * confirmed meanwhile. */
int apply_go_back(const char *instance, uint32_t generation, struct failure *failure);

/* Detaches and removes everything of the instance; -ENOENT: there is nothing. -EXDEV: a filter of it can only
 * be removed in another network namespace; `force` leaves it there. */
int apply_down(const char *instance, bool force, struct failure *failure);

#endif
