/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs that read replies inside TLS: their links are pinned in the instance's folder tls/, in a
 * folder for each file that was looked at, a name for each function, so that the kernel goes on without us.
 */
#ifndef POSTERN_DATAPATH_TLS_H
#define POSTERN_DATAPATH_TLS_H

#include "failure.h"
#include "tls_libraries.h"

enum tls_file { TLS_FILE_NEW, TLS_FILE_NOTHING, TLS_FILE_WATCHED };

/* Whether that file was looked at, and then whether it holds any function that is watched. */
enum tls_file datapath_tls_file(const char *instance, const struct tls_library *library);

/* Whether any file is watched, in use or not. */
bool datapath_tls_watches(const char *instance);

/* Watches the functions of each file; what was begun with one that fails is undone. Returns 0 or -errno with
 * the reason; -EOPNOTSUPP: this kernel cannot. */
int datapath_tls_add(const char *instance, const struct tls_library *libraries, size_t n,
		     struct failure *failure);

/* Ends the watch of every file. */
void datapath_tls_remove(const char *instance);

#endif
