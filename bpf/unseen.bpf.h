/* SPDX-License-Identifier: GPL-2.0-only */
/* What comes in on a data connection whose establishment nobody saw, see closed.bpf.h, and on one that
 * lingers: a look at this host's sockets decides. */
#ifndef POSTERN_UNSEEN_BPF_H
#define POSTERN_UNSEEN_BPF_H

#include "closed.bpf.h"
#include "decide.bpf.h"

/* BPF_TCP_*: the state of the socket of this host that would take the segment; 0: none would. */
static __noinline __u32 taker_state(struct xdp_md *ctx, const struct flow_key *key, bool is_ipv4)
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
		return 0;
	state = sk->state;
	bpf_sk_release(sk);
	return state;
}

/* Not yet a connection: an ACK could make one of it, that of a SYN cookie at a listener among them. */
static __always_inline bool is_opening_state(__u32 state)
{
	const __u32 opening = 1 << BPF_TCP_LISTEN | 1 << BPF_TCP_SYN_SENT | 1 << BPF_TCP_SYN_RECV |
			      1 << BPF_TCP_NEW_SYN_RECV;

	return opening >> (state & 31) & 1;
}

/* An established connection that no program saw, whose listener is closed: the host's own first segment will
 * make a flow of it.
 */
static __always_inline verdict closed_judge(struct xdp_md *ctx, const struct packet *packet,
					    const struct flow_key *key)
{
	struct pinhole_key pinhole_key;
	const struct pinhole *closed = closed_find(key, &pinhole_key);
	__u32 state;

	if (!closed || !pinhole_is_admitted(closed, key, packet->is_ipv4, packet->given.ifindex))
		return REASON_NO_FLOW;
	state = taker_state(ctx, key, packet->is_ipv4);
	return state == BPF_TCP_ESTABLISHED || state == BPF_TCP_CLOSE_WAIT ? admit_service(closed->service)
									   : REASON_NO_FLOW;
}

/* A segment that belongs to no flow whose socket lives. On one that lingers it is admitted where nothing but
 * what is left of the connection would take it: TIME_WAIT, or nobody, who answers with RST. A listener that
 * lookup_is_late() keeps it from is nobody here, too.
 */
static __always_inline verdict unseen_judge(struct xdp_md *ctx, const struct packet *packet)
{
	struct flow_key key = flow_key_of(packet, INBOUND);
	verdict lingering;

	if (packet->protocol != PROTO_TCP || tcp_is_opening(packet))
		return REASON_NO_FLOW;
	lingering = data_flow_judge(&key, false, packet->given.ifindex);
	if (lingering == REASON_NO_FLOW)
		return closed_judge(ctx, packet, &key);
	if (!is_admitted(lingering))
		return lingering;
	return is_opening_state(taker_state(ctx, &key, packet->is_ipv4)) ? REASON_NO_FLOW : lingering;
}

#endif
