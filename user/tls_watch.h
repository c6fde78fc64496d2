/* SPDX-License-Identifier: GPL-2.0-only */
/* Keeps the TLS libraries of FTP servers watched, where the policy asks for it (watch: tls). */
#ifndef POSTERN_TLS_WATCH_H
#define POSTERN_TLS_WATCH_H

#include "failure.h"
#include "policy.h"
#include "tls_libraries.h"

struct tls_state {
	bool wanted;               /* a server of the policy is watched by tls */
	size_t watched;            /* files */
	size_t unwatched;          /* TLS libraries that its processes use, and that are not watched */
	char stale[TLS_NAME_SIZE]; /* the name of one of those */
};

/* What a look found in use that nothing had watched: libraries, and programs that hold one. */
struct tls_found {
	bool is_first; /* nothing had been watched at all until then */
	size_t n;
	struct tls_library files[MAX_TLS_LIBRARIES];
	bool is_watched[MAX_TLS_LIBRARIES]; /* each of them, now */
};

/* What the servers' processes use now, and whether it is watched. Returns 0 or -errno. */
int tls_watch_look(const char *instance, const struct policy *policy, struct tls_state *ret);

/* Watches what they use and nothing has watched yet; ends every watch where the policy asks for none. Returns
 * 0 or -errno with the reason: replies inside TLS open nothing then. */
int tls_watch_update(const char *instance, const struct policy *policy, struct tls_state *ret,
		     struct tls_found *ret_found, struct failure *failure);

#endif
