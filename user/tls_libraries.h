/* SPDX-License-Identifier: GPL-2.0-only */
/* Which TLS libraries a process has mapped. */
#ifndef POSTERN_TLS_LIBRARIES_H
#define POSTERN_TLS_LIBRARIES_H

#include "tls_servers.h"

enum {
	MAX_TLS_OF_PROCESS = 4, /* files; those mapped first */
	MAX_TLS_LIBRARIES = 256,
	TLS_PATH_SIZE = 96,
	TLS_NAME_SIZE = 64
};

/* A file as one process has it mapped. */
struct tls_library {
	struct tls_process process;
	char device[16]; /* of the file, as /proc/PID/maps writes it, without the colon */
	uint64_t inode;
	char path[TLS_PATH_SIZE]; /* below /proc/PID/map_files: also what is deleted, or in another root */
	char name[TLS_NAME_SIZE]; /* the last part of its own path, cut where it is long; any bytes but NUL
				     and / */
	bool is_program; /* the program itself, which may hold such a library or not: it has no other */
};

/* Returns how many were found; 0 also where the process has ended. */
size_t tls_libraries_of(const struct tls_process *process, struct tls_library ret[MAX_TLS_OF_PROCESS]);

#endif
