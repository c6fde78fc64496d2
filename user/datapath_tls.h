/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs that read replies inside TLS: their links are pinned in the instance's folder tls/, a name for
 * each file and function, so that the kernel goes on without us. */
#ifndef POSTERN_DATAPATH_TLS_H
#define POSTERN_DATAPATH_TLS_H

#include "failure.h"
#include "tls_libraries.h"

/* Whether the functions of that file are watched. */
bool datapath_tls_has(const char *instance, const struct tls_library *library);

/* Watches the functions of each file that are not watched yet. Counts those that hold any in *ret_n. Returns
 * 0 or -errno with the reason; -EOPNOTSUPP: this kernel cannot. */
int datapath_tls_add(const char *instance, const struct tls_library *libraries, size_t n, size_t *ret_n,
		     struct failure *failure);

/* Ends the watch of every file. */
void datapath_tls_remove(const char *instance);

#endif
