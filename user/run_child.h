/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes that the daemon makes, each in a process of its own: they take seconds, in which hints must not
 * wait. And the signals that tell of that. */
#ifndef POSTERN_RUN_CHILD_H
#define POSTERN_RUN_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "run.h"

/* Blocks SIGHUP, SIGINT, SIGTERM and SIGCHLD, and returns a descriptor (signalfd) that tells of them; -errno.
 */
int run_child_signals(void);

/* What is done by one process at a time; what is asked for meanwhile is done behind it. */
struct run_child {
	int (*work)(const struct run_request *request); /* returns an enum exit_status */
	const char *failure;                            /* what is said where that is not EXIT_DONE */
	pid_t pid;                                      /* 0: none */
	bool again;
	bool has_failed; /* the last one that ended */
};

/* Starts it. Has said on stderr why where it cannot. */
void run_child_begin(struct run_child *child, const struct run_request *request);
/* Called when a process has ended. */
void run_child_reap(struct run_child *child, const struct run_request *request);
/* Waits for it: a change that was begun is not left half done. */
void run_child_finish(const struct run_child *child);

#endif
