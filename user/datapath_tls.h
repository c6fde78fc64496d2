/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs that read replies inside TLS: their links are pinned in the instance's folder tls/, in a
 * folder for each file of each process that was looked at, a name for each function, so that the kernel goes
 * on without us. Only that process stops at the function: what it forks, and other users of the file, do not.
 */
#ifndef POSTERN_DATAPATH_TLS_H
#define POSTERN_DATAPATH_TLS_H

#include "failure.h"
#include "tls_libraries.h"

enum tls_use { TLS_USE_NEW, TLS_USE_NOTHING, TLS_USE_WATCHED };

/* Whether that file of that process was looked at, and then whether it holds any function that is watched. */
enum tls_use datapath_tls_use(const char *instance, const struct tls_library *library);

/* Whether this kernel can do it at all. */
bool datapath_tls_is_possible(void);

/* Watches the functions of each file; what was begun with one that fails is undone. Returns 0 or -errno with
 * the reason; -EOPNOTSUPP: this kernel cannot. */
int datapath_tls_add(const char *instance, const struct tls_library *libraries, size_t n,
		     struct failure *failure);

/* Ends the watch of all but these, as that of processes that have ended. */
void datapath_tls_keep(const char *instance, const struct tls_library *libraries, size_t n);

/* Ends every watch. */
void datapath_tls_remove(const char *instance);

#endif
