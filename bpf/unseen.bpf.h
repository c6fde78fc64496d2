/* SPDX-License-Identifier: GPL-2.0-only */
/* What comes in on a data connection whose establishment nobody saw: see closed.bpf.h. */
#ifndef POSTERN_UNSEEN_BPF_H
#define POSTERN_UNSEEN_BPF_H

#include "closed.bpf.h"
#include "decide.bpf.h"

/* Whether a socket of this host has that connection: a listener, which a forged ACK could reach, is none. */
static __noinline bool has_socket(struct xdp_md *ctx, const struct flow_key *key, bool is_ipv4)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk;
	__u32 state;

	if (is_ipv4) {
		tuple.ipv4.saddr = key->peer.word[3];
		tuple.ipv4.daddr = key->local.word[3];
		tuple.ipv4.sport = bpf_htons(key->peer_port);
		tuple.ipv4.dport = bpf_htons(key->local_port);
	} else {
		__builtin_memcpy(tuple.ipv6.saddr, key->peer.word, sizeof(tuple.ipv6.saddr));
		__builtin_memcpy(tuple.ipv6.daddr, key->local.word, sizeof(tuple.ipv6.daddr));
		tuple.ipv6.sport = bpf_htons(key->peer_port);
		tuple.ipv6.dport = bpf_htons(key->local_port);
	}
	sk = bpf_skc_lookup_tcp(ctx, &tuple, is_ipv4 ? sizeof(tuple.ipv4) : sizeof(tuple.ipv6),
				BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return false;
	state = sk->state;
	bpf_sk_release(sk);
	return state == BPF_TCP_ESTABLISHED || state == BPF_TCP_CLOSE_WAIT;
}

/* A segment that belongs to no flow; admitted where the connection is there. The host's own first segment
 * will make a flow of it. */
static __always_inline verdict unseen_judge(struct xdp_md *ctx, const struct packet *packet)
{
	struct flow_key key = flow_key_of(packet, INBOUND);
	struct pinhole_key pinhole_key;
	const struct pinhole *closed;

	if (packet->protocol != PROTO_TCP || tcp_is_opening(packet))
		return REASON_NO_FLOW;
	closed = closed_find(&key, &pinhole_key);
	if (!closed || !pinhole_is_admitted(closed, &key, packet->is_ipv4, packet->given.ifindex) ||
	    !has_socket(ctx, &key, packet->is_ipv4))
		return REASON_NO_FLOW;
	return admit_service(closed->service);
}

#endif
