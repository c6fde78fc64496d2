/* SPDX-License-Identifier: GPL-2.0-only */
/* What is watched, by its pins: in the instance's folder tls/ a folder for each file of each process that was
 * looked into, in it a link for each function. */
#ifndef POSTERN_TLS_USES_H
#define POSTERN_TLS_USES_H

#include "failure.h"
#include "pins.h"
#include "tls_libraries.h"

enum tls_use { TLS_USE_NEW, TLS_USE_NOTHING, TLS_USE_WATCHED };

/* Whether that file of that process was looked into, and then whether it holds any function that is watched.
 */
enum tls_use tls_use_get(const char *instance, const struct tls_library *library);

/* Whoever looks for what is to be watched, and then changes it, holds this lock meanwhile, until the
 * descriptor is closed. Makes the folder. Returns the descriptor or -errno with the reason. */
int tls_uses_lock(const char *instance, struct failure *failure);

/* Where the links of one are pinned: it has its name only once all of them are, so that an attempt which is
 * interrupted leaves nothing that looks whole. Begins anew. 0 or -errno with the reason. */
int tls_use_begin(const char *instance, struct failure *failure);
struct pin_path tls_use_pin(const char *instance, const char *name);
int tls_use_finish(const char *instance, const struct tls_library *library, struct failure *failure);
void tls_use_undo(const char *instance);

/* Ends the watch of processes that have ended. */
void tls_uses_tidy(const char *instance);

/* Ends every watch. */
void tls_uses_remove(const char *instance);

#endif
