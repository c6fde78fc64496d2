/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds the TCP connections that the caller's own session runs in, so as not to cut them. */
#ifndef POSTERN_SSH_SESSION_H
#define POSTERN_SSH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "abi.h"

enum { MAX_SSH_CONNECTIONS = 16 };

struct ssh_connection {
	struct addr local;
	struct addr peer;
	uint16_t local_port; /* host byte order */
	uint16_t peer_port;
};

struct ssh_query {
	const char *proc;    /* where procfs is mounted */
	pid_t pid;           /* whose session: it and its ancestors are looked through */
	bool allow_loopback; /* also connections whose peer is this host */
};

/* The established connections in the current network namespace that came in (something listens on their
 * local port) and that the process or an ancestor holds, or names in SSH_CONNECTION: a terminal
 * multiplexer's server holds none. Connections beyond MAX_SSH_CONNECTIONS are left out, and so is
 * what may not be read. Returns 0 (*ret_n may be 0) or -errno. */
int ssh_session_find(const struct ssh_query *query, struct ssh_connection ret[MAX_SSH_CONNECTIONS],
		     size_t *ret_n);

#endif
