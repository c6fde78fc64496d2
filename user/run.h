/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon: reports events, follows logs, reloads the policy. What is in force does not need it. */
#ifndef POSTERN_RUN_H
#define POSTERN_RUN_H

#include <stdint.h>

#include "cmd.h"

struct run_request {
	const struct context *context;
	const char *path;        /* of the policy */
	char *const *interfaces; /* as in policy_from_file() */
	uint64_t began_ns;       /* CLOCK_BOOTTIME: what happened before is not reported */
};

/* Puts the policy file in force as it is now; says on stderr what there is to say. Returns an enum
 * exit_status. */
int run_apply(const struct run_request *request);

/* The policy is in force. Stays until SIGTERM, SIGINT, or the instance is taken down; returns an enum
 * exit_status, and has said why on stderr. */
int run_daemon(const struct run_request *request);

#endif
