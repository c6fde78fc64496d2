/* SPDX-License-Identifier: GPL-2.0-only */
/* Applies the daemon's policy, anew in a process of its own; and the signals that tell of that. */
#ifndef POSTERN_RUN_RELOAD_H
#define POSTERN_RUN_RELOAD_H

#include <stdbool.h>
#include <sys/types.h>

#include "run.h"

/* Blocks SIGHUP, SIGINT, SIGTERM and SIGCHLD, and returns a descriptor (signalfd) that tells of them; -errno.
 */
int run_reload_signals(void);

/* Puts the policy file in force as it is now; says on stderr what there is to say. Returns an enum
 * exit_status. */
int run_apply(const struct run_request *request);

/* The policy is applied anew by one process at a time; what is asked for meanwhile is done behind it. */
struct run_reload {
	pid_t pid; /* 0: none */
	bool again;
};

/* Starts it. Has said on stderr why where it cannot. */
void run_reload_begin(struct run_reload *reload, const struct run_request *request);
/* Called when a process has ended. Has said on stderr where the policy was not reloaded. */
void run_reload_reap(struct run_reload *reload, const struct run_request *request);
/* Waits for it: a change that was begun is not left half done. */
void run_reload_finish(const struct run_reload *reload);

#endif
