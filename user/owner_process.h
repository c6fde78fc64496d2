/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a process is an owner of an FTP server, as far as /proc tells. The kernel judges by itself who may
 * open a port: this only narrows whom to look at. */
#ifndef POSTERN_OWNER_PROCESS_H
#define POSTERN_OWNER_PROCESS_H

#include "policy.h"
#include "proc_process.h"

struct owner_process {
	const struct ftp_owner *owner;
	uint32_t uid; /* of a user's name; UINT32_MAX, which no process has: there is no such user */
};

struct owner_process owner_process_of(const struct ftp_owner *owner);

/* `uids` are the process's. Where no owner is given, every process is one. */
bool owner_has_process(const struct owner_process *of, uint32_t pid, const uint32_t uids[N_PROC_UIDS]);

#endif
