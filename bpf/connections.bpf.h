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

/* Of IPv4's addresses, what is the same for all is in the tag. */
static __always_inline bool connection_is(const struct connection *connection, const struct addr *local,
					  const struct addr *peer, __u16 local_port, __u16 peer_port)
{
	__u32 tag = connection_tag(local, peer, local_port, peer_port);

	if (connection->peer_port != peer_port || connection->peer.word[3] != peer->word[3] ||
	    connection->local.word[3] != local->word[3] || connection->tag != tag)
		return false;
	return tag & CONNECTION_IPV4 ||
	       (connection->peer.word[0] == peer->word[0] && connection->peer.word[1] == peer->word[1] &&
		connection->peer.word[2] == peer->word[2] && connection->local.word[0] == local->word[0] &&
		connection->local.word[1] == local->word[1] && connection->local.word[2] == local->word[2]);
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
