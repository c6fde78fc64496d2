/* SPDX-License-Identifier: GPL-2.0-only */
/* The connections that this host opened, by local port: each segment finds its own without a hash. */
#ifndef POSTERN_CONNECTIONS_BPF_H
#define POSTERN_CONNECTIONS_BPF_H

#include "addr.bpf.h"
#include "report.bpf.h"

enum { FLOW_TCP = 6 };

static __always_inline struct connection *connection_at(__u16 local_port)
{
	__u32 key = local_port;

	return bpf_map_lookup_elem(&connections, &key);
}

static __always_inline bool connection_is(const struct connection *connection, const struct addr *local,
					  const struct addr *peer, __u16 peer_port)
{
	return connection->peer_port == peer_port && addr_equal(&connection->peer, peer) &&
	       addr_equal(&connection->local, local) &&
	       connection->tag == connection_tag(local, peer, peer_port);
}

/* NULL where the connection of that port is another one. */
static __always_inline struct connection *connection_find(const struct flow_key *key)
{
	struct connection *connection = connection_at(key->local_port);

	if (!connection || key->protocol != FLOW_TCP)
		return NULL;
	return connection_is(connection, &key->local, &key->peer, key->peer_port) ? connection : NULL;
}

/* False where its port has another one. */
static __always_inline bool connection_insert(struct connection *connection, const struct flow_key *key,
					      const struct flow *flow)
{
	if (connection->tag != CONNECTION_NONE ||
	    __sync_val_compare_and_swap(&connection->tag, CONNECTION_NONE, CONNECTION_CLAIMED) !=
		    CONNECTION_NONE)
		return false;
	connection->generation = flow->generation;
	connection->local = key->local;
	connection->peer = key->peer;
	connection->cookie = flow->cookie;
	connection->since_s = flow->since_ns / NS_PER_S;
	connection->peer_port = key->peer_port;
	connection->service = flow->service;
	connection->uid = flow->uid;
	connection->ifindex = flow->ifindex;
	barrier();
	connection->tag = connection_tag(&key->local, &key->peer, key->peer_port);
	return true;
}

/* Its SYN is sent again. False where it is another one, or another socket's. */
static __always_inline bool connection_again(struct connection *connection, const struct flow_key *key,
					     const struct flow *flow)
{
	if (connection->cookie != flow->cookie ||
	    !connection_is(connection, &key->local, &key->peer, key->peer_port))
		return false;
	connection->ifindex = flow->ifindex;
	connection->service = flow->service;
	connection->generation = flow->generation;
	return true;
}

static __always_inline struct flow_key connection_key(const struct connection *connection, __u16 local_port)
{
	struct flow_key key = {
		.local = connection->local,
		.peer = connection->peer,
		.local_port = local_port,
		.peer_port = connection->peer_port,
		.protocol = FLOW_TCP,
	};

	return key;
}

static __always_inline struct flow connection_flow(const struct connection *connection)
{
	__u64 since_ns = connection->since_s * NS_PER_S;
	struct flow flow = {
		.cookie = connection->cookie,
		.since_ns = since_ns,
		.seen_ns = since_ns,
		.generation = connection->generation,
		.service = connection->service,
		.uid = connection->uid,
		.ifindex = connection->ifindex,
	};

	return flow;
}

#endif
