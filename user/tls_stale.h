/* SPDX-License-Identifier: GPL-2.0-only */
/* Which of the TLS libraries that a look found are news (EVENT_TLS_STALE). */
#ifndef POSTERN_TLS_STALE_H
#define POSTERN_TLS_STALE_H

#include "tls_watch.h"

/* Files that could not be watched and were told of: every look finds them again. */
struct tls_told {
	size_t n;                                    /* ever */
	struct tls_library files[MAX_TLS_LIBRARIES]; /* the newest; the oldest are forgotten */
};

/* What is to be told of one look, and remembers it: one file stands for all, one that is still not watched
 * where there is any. NULL: nothing new. */
const struct tls_library *tls_stale_take(struct tls_told *told, const struct tls_found *found,
					 enum stale *ret_stale);

#endif
