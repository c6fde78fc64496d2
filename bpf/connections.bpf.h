/* SPDX-License-Identifier: GPL-2.0-only */
/* The connections that this host opened, by local port: each segment finds its own without a hash. They are
 * charged to no user: who finds no place has a flow. */
#ifndef POSTERN_CONNECTIONS_BPF_H
#define POSTERN_CONNECTIONS_BPF_H

#include "addr.bpf.h"
#include "report.bpf.h"

enum { FLOW_TCP = 6 };

static __always_inline struct connection *connection_at(__u16 local_port)
{
	__u32 key = connection_place(local_port);

	return bpf_map_lookup_elem(&connections, &key);
}

/* Compares without a branch. Of IPv4's addresses, what is the same for all is in the tag. */
static __always_inline bool connection_is(const struct connection *connection, const struct addr *local,
					  const struct addr *peer, __u16 local_port, __u16 peer_port)
{
	__u32 tag = connection_tag(local, peer, local_port, peer_port), differs;

	differs = (connection->tag ^ tag) | (connection->peer_port ^ peer_port);
	differs |= (connection->local.word[3] ^ local->word[3]) | (connection->peer.word[3] ^ peer->word[3]);
	if (tag & CONNECTION_IPV4)
		return !differs;
	for (int i = 0; i < 3; i++)
		differs |= (connection->local.word[i] ^ local->word[i]) |
			   (connection->peer.word[i] ^ peer->word[i]);
	return !differs;
}

/* NULL where the connection at that place is another one. */
static __always_inline struct connection *connection_find(const struct flow_key *key)
{
	struct connection *connection = connection_at(key->local_port);

	if (!connection || key->protocol != FLOW_TCP)
		return NULL;
	return connection_is(connection, &key->local, &key->peer, key->local_port, key->peer_port)
		       ? connection
		       : NULL;
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

/* As it lingers: its socket is closed at `now`, CLOCK_BOOTTIME. */
static __always_inline struct flow connection_flow(const struct connection *connection, __u64 now)
{
	__u64 since_ns = now - connection_age_ns(connection, bpf_ktime_get_ns());
	struct flow flow = {
		.cookie = connection->cookie,
		.since_ns = since_ns,
		.seen_ns = since_ns,
		.closing_ns = now,
		.generation = connection->generation,
		.service = connection->service,
		.uid = connection->uid,
		.ifindex = connection->ifindex,
	};

	return flow;
}

#endif
