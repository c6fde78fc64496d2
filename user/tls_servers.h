/* SPDX-License-Identifier: GPL-2.0-only */
/* Which processes serve, or may serve, several clients of an FTP server. */
#ifndef POSTERN_TLS_SERVERS_H
#define POSTERN_TLS_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "policy.h"

enum { MAX_TLS_PROCESSES = 128 };

struct tls_process {
	uint32_t pid;
	uint64_t started;    /* in clock ticks after boot: its id may be used again */
	bool serves_several; /* it holds control connections of several clients now */
};

struct tls_servers {
	size_t n;
	bool is_partial; /* there are more than fit, or than may be looked through */
	struct tls_process processes[MAX_TLS_PROCESSES];
};

/* Appends every process of the owner that holds a listening TCP socket at one of the ports (a bit each), or
 * connections of two clients there, in this thread's network namespace. One that a server has made for a
 * single client is not among them. Of the files that belong to one user, only so many are looked through that
 * no user can make this last. Returns 0 or -errno. */
int tls_servers_find(const uint64_t ports[N_PORTS / 64], const struct ftp_owner *owner,
		     struct tls_servers *ret);

/* Another number where other sockets listen at these ports than before: that costs far less to see than who
 * holds them. Returns 0 or -errno. */
int tls_servers_listeners(const uint64_t ports[N_PORTS / 64], uint64_t *ret);

#endif
