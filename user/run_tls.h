/* SPDX-License-Identifier: GPL-2.0-only */
/* Watches the TLS libraries of servers that start, or that are replaced, while `postern run` stays. */
#ifndef POSTERN_RUN_TLS_H
#define POSTERN_RUN_TLS_H

#include <stdint.h>

#include "datapath.h"
#include "policy.h"
#include "tls_stale.h"
#include "tls_watch.h"

struct run_tls {
	uint64_t looked_ns;    /* for other listeners, CLOCK_MONOTONIC; 0: not yet */
	uint64_t searched_ns;  /* through all processes, likewise; 0: that is due */
	uint64_t listeners;    /* as they were then */
	size_t watched;        /* as it was said last */
	struct failure failed; /* likewise */
	struct tls_told told;
};

/* Called each turn; looks every few seconds, through all processes where something has changed. Says on
 * standard error what has changed, and logs an event where a server's replies were missed. */
void run_tls_turn(struct run_tls *tls, const char *instance, const struct datapath *datapath,
		  const struct policy *policy, uint64_t now_ns);

#endif
