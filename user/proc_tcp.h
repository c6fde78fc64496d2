/* SPDX-License-Identifier: GPL-2.0-only */
/* The TCP sockets of the calling thread's network namespace, as /proc lists them. */
#ifndef POSTERN_PROC_TCP_H
#define POSTERN_PROC_TCP_H

#include <stdint.h>

#include "abi.h"

enum { PROC_TCP_ESTABLISHED = 1, PROC_TCP_LISTEN = 10 };

struct proc_tcp {
	struct addr local;
	struct addr peer;
	uint16_t local_port; /* host byte order */
	uint16_t peer_port;
	unsigned state;
	uint64_t inode;
};

/* Calls `each` for every socket; `proc` is where procfs is mounted. Lines that are not of the known
 * form are passed over. Returns 0 or -errno. */
int proc_tcp_each(const char *proc, void (*each)(const struct proc_tcp *socket, void *data), void *data);

#endif
