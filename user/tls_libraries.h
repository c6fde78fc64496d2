/* SPDX-License-Identifier: GPL-2.0-only */
/* The TLS libraries of the processes that serve, or may serve, several clients at given ports. */
#ifndef POSTERN_TLS_LIBRARIES_H
#define POSTERN_TLS_LIBRARIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

enum { MAX_TLS_LIBRARIES = 128, TLS_PATH_SIZE = 96, TLS_NAME_SIZE = 64 };

/* A file as one process has it mapped. */
struct tls_library {
	uint32_t pid;
	uint64_t started;    /* when that process did, in clock ticks after boot: its id may be used again */
	bool serves_several; /* it holds control connections of several clients now */
	char device[16];     /* of the file, as /proc/PID/maps writes it, without the colon */
	uint64_t inode;
	char path[TLS_PATH_SIZE]; /* below /proc/PID/map_files: also what is deleted, or in another root */
	char name[TLS_NAME_SIZE]; /* the last part of its own path, cut where it is long; any bytes but NUL
				     and / */
	bool is_program;          /* the program itself, which may hold such a library or not */
};

/* Another number where other sockets listen at these ports than before: that costs far less to see than who
 * holds them. Returns 0 or -errno. */
int tls_libraries_listeners(const uint64_t ports[N_PORTS / 64], uint64_t *ret);

/* Looks at every process that holds a listening TCP socket at one of the ports (a bit each), or connections
 * of two clients there, in this thread's network namespace. One that a server has made for a single client is
 * not among them. Returns 0 or -errno; -ENOSPC: there are more than fit, and the array is full. */
int tls_libraries_find(const uint64_t ports[N_PORTS / 64], struct tls_library ret[MAX_TLS_LIBRARIES],
		       size_t *ret_n);

#endif
