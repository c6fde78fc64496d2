/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc says of a process. */
#ifndef POSTERN_PROC_PROCESS_H
#define POSTERN_PROC_PROCESS_H

#include <stdint.h>

enum { PROC_UID_REAL, PROC_UID_EFFECTIVE, PROC_UID_SAVED, PROC_UID_FILES, N_PROC_UIDS };

/* Its name, as the kernel has it (any bytes; a NUL ends it only where it is shorter), and its real user.
 * Returns 0, or -ENOENT where it is gone. */
int proc_process(const char *proc, uint32_t pid, char ret_comm[16], uint32_t *ret_uid);

/* All its users. Returns as above. */
int proc_uids(const char *proc, uint32_t pid, uint32_t ret[N_PROC_UIDS]);

/* When it started, in clock ticks after boot: with its id, that names one process. Returns as above. */
int proc_started(const char *proc, uint32_t pid, uint64_t *ret);

#endif
