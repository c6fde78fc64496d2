/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs that read replies inside TLS. Only the process that is watched stops at the functions: what it
 * forks, and other users of the file, do not. */
#ifndef POSTERN_DATAPATH_TLS_H
#define POSTERN_DATAPATH_TLS_H

#include "failure.h"
#include "tls_libraries.h"

/* Whether this kernel can do it at all: 0, or -EOPNOTSUPP with the reason. */
int datapath_tls_check(struct failure *failure);

/* Watches the functions of each library, with the lock of tls_uses.h; what was begun with one that fails is
 * undone. One whose process has ended, or maps another file by now, stays new. Returns 0 or -errno with the
 * reason. */
int datapath_tls_add(const char *instance, const struct tls_library *libraries, size_t n,
		     struct failure *failure);

#endif
