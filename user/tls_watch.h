/* SPDX-License-Identifier: GPL-2.0-only */
/* Keeps the TLS libraries watched of FTP servers whose listen() cannot tell the client (watch: tls). */
#ifndef POSTERN_TLS_WATCH_H
#define POSTERN_TLS_WATCH_H

#include "failure.h"
#include "policy.h"
#include "tls_libraries.h"

struct tls_state {
	bool wanted;               /* a server of the policy is watched by tls */
	bool listed;               /* the policy says so itself: it is not only the default */
	bool possible;             /* on this kernel */
	size_t watched;            /* libraries, each in one process */
	size_t added;              /* of these by this look */
	size_t unwatched;          /* the same, of processes that serve or may serve several clients */
	bool is_partial;           /* there is more than could be looked through */
	uint32_t stale_pid;        /* one of those that does serve several; 0: none */
	char stale[TLS_NAME_SIZE]; /* the name of its library */
};

/* What a look found unwatched in processes that serve several clients: their replies have opened nothing. */
struct tls_found {
	size_t n;
	struct tls_library files[MAX_TLS_LIBRARIES];
	bool is_watched[MAX_TLS_LIBRARIES]; /* each of them, now */
};

/* Another number where other sockets listen for control connections of servers watched by tls than before; 0
 * where there are none. Returns 0 or -errno. */
int tls_watch_listeners(const struct policy *policy, uint64_t *ret);

/* What the servers' processes use now, and whether it is watched. Returns 0 or -errno. */
int tls_watch_look(const char *instance, const struct policy *policy, struct tls_state *ret);

/* Watches what they use and nothing has watched yet; ends the watch of processes that have ended, and every
 * one where the policy asks for none. Returns 0 or -errno with the reason: replies inside TLS open nothing
 * then. */
int tls_watch_update(const char *instance, const struct policy *policy, struct tls_state *ret,
		     struct tls_found *ret_found, struct failure *failure);

#endif
