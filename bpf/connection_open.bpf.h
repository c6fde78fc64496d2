/* SPDX-License-Identifier: GPL-2.0-only */
/* What this host opens over TCP gets a place in `connections`, where it can have one. */
#ifndef POSTERN_CONNECTION_OPEN_BPF_H
#define POSTERN_CONNECTION_OPEN_BPF_H

#include "flow_open.bpf.h"

/* A port that has a rule decides on its segments itself. */
static __always_inline bool connection_may_have_place(const struct flow_key *key)
{
	const struct port_rule *rule;

	if (!peer_may_send(&key->peer))
		return false;
	if (key->local_port > last_ruled_port)
		return true;
	rule = port_rule_get(INBOUND, TRANSPORT_TCP, key->local_port);
	return rule && !rule->flags;
}

static __always_inline void connection_update(struct connection *connection, struct __sk_buff *skb,
					      __u16 service)
{
	connection->ifindex = skb->ifindex;
	connection->service = service;
	connection->generation = generation;
}

/* False where another CPU was quicker, or it is not this socket's. A SYN that waited for its neighbour leaves
 * without its socket's lock: a close in that moment found nothing to end, so that the socket is looked at
 * when there is. */
static __always_inline bool connection_insert(struct connection *connection, struct __sk_buff *skb,
					      const struct flow_key *key, __u16 service)
{
	__u32 tag = connection_tag(&key->local, &key->peer, key->local_port, key->peer_port);
	const struct bpf_sock *sk = tcp_socket(skb);
	__u64 cookie = bpf_get_socket_cookie(skb);
	__u32 since = bpf_ktime_get_coarse_ns() >> CONNECTION_SINCE_BITS, uid = bpf_get_socket_uid(skb);

	if (__sync_val_compare_and_swap(&connection->tag, CONNECTION_NONE, CONNECTION_CLAIMED) !=
	    CONNECTION_NONE)
		return false;
	connection->local = key->local;
	connection->peer = key->peer;
	connection->cookie = cookie;
	connection->since = since;
	connection->uid = uid;
	connection->peer_port = key->peer_port;
	connection_update(connection, skb, service);
	__sync_val_compare_and_swap(&connection->tag, CONNECTION_CLAIMED, tag);
	if (socket_has(sk, key))
		return true;
	__sync_val_compare_and_swap(&connection->tag, tag, CONNECTION_NONE);
	return false;
}

/* Its SYN is sent again. False where it is another one, or another socket's. */
static __always_inline bool connection_again(struct connection *connection, struct __sk_buff *skb,
					     const struct flow_key *key, __u16 service)
{
	if (connection->cookie != bpf_get_socket_cookie(skb) ||
	    !connection_is(connection, &key->local, &key->peer, key->local_port, key->peer_port))
		return false;
	connection_update(connection, skb, service);
	return true;
}

/* It is a flow already: it has sent its SYN before, and there was another one at its place then. */
static __always_inline bool connection_is_flow(struct __sk_buff *skb, const struct flow_key *key)
{
	const struct flow *flow;

	if (!(traces_of(key->local_port) & TRACE_FLOW))
		return false;
	flow = bpf_map_lookup_elem(&flows, key);
	return flow && !flow->closing_ns && flow->cookie == bpf_get_socket_cookie(skb);
}

/* The verdict on the SYN of a connection that has a place now; REASON_NONE of one for `flows`. Another one
 * keeps its place until its socket is closed, also where it had the same addresses and ports: the kernel
 * gives them away before it tells of the close. */
static __noinline verdict connection_open(struct __sk_buff *skb, const struct flow_key *key, __u16 service)
{
	struct connection *connection = connection_at(key->local_port);
	bool is_open;

	/* Judged here too: what is blocked must leave nothing behind. */
	if (flags & GENERATION_BLOCK && is_blocked(&key->peer, addr_is_mapped(&key->peer)))
		return REASON_BLOCKED;
	if (!connection || !connection_may_have_place(key))
		return REASON_NONE;
	if (connection->tag == CONNECTION_NONE)
		is_open = !connection_is_flow(skb, key) && connection_insert(connection, skb, key, service);
	else
		is_open = is_of_socket(skb, key) && connection_again(connection, skb, key, service);
	return is_open ? admit_service(service) : REASON_NONE;
}

#endif
