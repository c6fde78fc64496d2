/* SPDX-License-Identifier: GPL-2.0-only */
/* Which files hold the TLS libraries of the processes that serve given ports. */
#ifndef POSTERN_TLS_LIBRARIES_H
#define POSTERN_TLS_LIBRARIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

enum { MAX_TLS_LIBRARIES = 32, TLS_PATH_SIZE = 96, TLS_NAME_SIZE = 64 };

struct tls_library {
	char device[16]; /* of the file, as /proc/PID/maps writes it, without the colon */
	uint64_t inode;
	char path[TLS_PATH_SIZE]; /* below /proc/PID/map_files: also what is deleted, or in another root */
	char name[TLS_NAME_SIZE]; /* the last part of its own path, cut where it is long; any bytes but NUL
				     and / */
	uint32_t pid;             /* of a process that has mapped it */
	bool is_program;          /* the program itself, which may hold such a library or not */
};

/* Looks at every process that has a TCP socket at one of the ports (a bit each), in this thread's network
 * namespace. Returns 0 or -errno; -ENOSPC: there are more than fit, and the array is full. */
int tls_libraries_find(const uint64_t ports[N_PORTS / 64], struct tls_library ret[MAX_TLS_LIBRARIES],
		       size_t *ret_n);

#endif
