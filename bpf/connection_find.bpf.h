/* SPDX-License-Identifier: GPL-2.0-only */
/* The connection of given addresses and ports. */
#ifndef POSTERN_CONNECTION_FIND_BPF_H
#define POSTERN_CONNECTION_FIND_BPF_H

#include "connections.bpf.h"

/* NULL where the connection at that place is another one. A function of its own, for its room on the stack.
 */
static __noinline struct connection *connection_find(const struct flow_key *key)
{
	struct connection *connection = connection_at(key->local_port);

	if (!connection || key->protocol != FLOW_TCP)
		return NULL;
	return connection_is(connection, &key->local, &key->peer, key->local_port, key->peer_port)
		       ? connection
		       : NULL;
}

#endif
