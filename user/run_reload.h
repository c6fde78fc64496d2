/* SPDX-License-Identifier: GPL-2.0-only */
/* Applies the daemon's policy, anew in a process of its own; and the signals that tell of that. */
#ifndef POSTERN_RUN_RELOAD_H
#define POSTERN_RUN_RELOAD_H

#include <sys/types.h>

#include "run.h"

/* Blocks SIGHUP, SIGINT, SIGTERM and SIGCHLD, and returns a descriptor (signalfd) that tells of them; -errno.
 */
int run_reload_signals(void);

/* Puts the policy file in force as it is now; says on stderr what there is to say. Returns an enum
 * exit_status. */
int run_apply(const struct run_request *request);

/* Starts a process that applies the policy file as it is now, and ends with an enum exit_status; it says on
 * stderr what it has to say. Returns its pid or -errno. */
pid_t run_reload_start(const struct run_request *request);

#endif
