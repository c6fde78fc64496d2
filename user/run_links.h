/* SPDX-License-Identifier: GPL-2.0-only */
/* Filters interfaces that are made again while `postern run` stays. */
#ifndef POSTERN_RUN_LINKS_H
#define POSTERN_RUN_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"
#include "run_child.h"

struct run_links {
	struct mnl_socket *socket; /* rtnetlink; NULL: not open */
	struct run_child child;    /* filters those that came */
	struct failure told;       /* why one cannot be filtered, as it was said last */
	bool due;                  /* to look: set where the policy in force has changed */
	uint64_t looked_ns;        /* CLOCK_MONOTONIC */
};

/* 0 or -errno. Whoever calls it closes it, whatever it returned. */
int run_links_open(struct run_links *links);
void run_links_close(struct run_links *links);

/* What to poll for input. */
int run_links_fd(const struct run_links *links);

/* Called each turn: where interfaces have changed, looks for those that came and begins to filter them. Says
 * on stderr what came, and why one cannot be filtered. */
void run_links_turn(struct run_links *links, const struct run_request *request, uint64_t now_ns);

#endif
