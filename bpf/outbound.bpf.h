/* SPDX-License-Identifier: GPL-2.0-only */
/* What may leave: replies of services, data connections, and what the policy lets this host open, which
 * is remembered as a flow. */
#ifndef POSTERN_OUTBOUND_BPF_H
#define POSTERN_OUTBOUND_BPF_H

#include "icmp.bpf.h"

enum { SOCK_ESTABLISHED = 1, SOCK_CLOSE = 7 }; /* BPF_TCP_* */

/* skb->ingress_ifindex: a packet that came in elsewhere is not this host's own. */
static __always_inline bool is_forwarded(const struct __sk_buff *skb)
{
	return skb->ingress_ifindex != 0;
}

/* The state of the TCP socket that sends; SOCK_CLOSE where there is none. */
static __always_inline __u32 socket_state(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return SOCK_CLOSE;
	sk = bpf_sk_fullsock(sk);
	return sk && sk->protocol == PROTO_TCP ? sk->state : SOCK_CLOSE;
}

/* Remembers what this host opens. A SYN whose socket is closed (it can outlive it in the neighbour queue) and
 * one without a socket get a flow that is over after the linger: nothing else would end it. */
static __noinline verdict flow_open(struct __sk_buff *skb, const struct flow_key *key, __u16 service)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct flow flow = {
		.cookie = bpf_get_socket_cookie(skb),
		.since_ns = now,
		.seen_ns = now,
		.generation = generation,
		.service = service,
	};

	if (key->protocol == PROTO_TCP && socket_state(skb) == SOCK_CLOSE)
		flow.closing_ns = now;
	if (bpf_map_update_elem(&flows, key, &flow, BPF_ANY))
		return REASON_FLOWS_FULL;
	return admit_service(service);
}

/* `skb` is NULL for a made packet: then nothing is remembered. */
static __always_inline verdict outbound_open(struct __sk_buff *skb, const struct packet *packet,
					     const struct flow_key *key, enum transport transport)
{
	const struct port_rule *rule = port_rule_get(OUTBOUND, transport, packet->dst_port);

	if (!rule)
		return REASON_INTERNAL;
	if (!rule_admits(rule, &packet->dst, packet->is_ipv4))
		return rule->flags & PORT_OPEN ? REASON_PEER : REASON_PORT;
	if (!skb || is_forwarded(skb))
		return admit_service(rule->service);
	return flow_open(skb, key, rule->service);
}

/* A port that a pinhole is open at. Where our own socket there is established already, the event that
 * should have made a flow of it was lost: made up for here. */
static __noinline verdict pinhole_outbound(struct __sk_buff *skb, bool is_ipv4, const struct flow_key *key,
					   __u16 service)
{
	struct pinhole_key pinhole_key;
	struct pinhole *pinhole = pinhole_judge(key, is_ipv4, &pinhole_key);
	struct totals *totals = totals_get();

	if (!pinhole)
		return REASON_NO_PINHOLE;
	if (skb && socket_state(skb) == SOCK_ESTABLISHED) {
		if (!pinhole_use(&pinhole_key, pinhole, key, bpf_get_socket_cookie(skb)))
			return REASON_NO_PINHOLE;
		if (totals)
			__sync_fetch_and_add(&totals->repaired, 1);
	}
	return admit_service(service);
}

static __always_inline verdict tcp_reply(struct __sk_buff *skb, const struct packet *packet,
					 const struct flow_key *key)
{
	const struct port_rule *rule = port_rule_get(INBOUND, TRANSPORT_TCP, packet->src_port);
	verdict verdict;

	if (!rule)
		return REASON_INTERNAL;
	if (rule_admits(rule, &packet->dst, packet->is_ipv4))
		return admit_service(rule->service);
	if (rule->flags & PORT_PASSIVE) {
		verdict = data_flow_judge(key, packet->is_ipv4, packet->given.is_made);
		if (is_admitted(verdict) || verdict == REASON_CUT)
			return verdict;
		verdict = pinhole_outbound(skb, packet->is_ipv4, key, rule->service);
		if (is_admitted(verdict))
			return verdict;
	}
	return segment_judge(packet, key);
}

static __always_inline verdict tcp_outbound(struct __sk_buff *skb, const struct packet *packet)
{
	struct flow_key key = flow_key_of(packet, OUTBOUND);

	if (tcp_is_opening(packet))
		return outbound_open(skb, packet, &key, TRANSPORT_TCP);
	return tcp_reply(skb, packet, &key);
}

/* Replies come first: they need no memory. */
static __always_inline verdict udp_outbound(struct __sk_buff *skb, const struct packet *packet)
{
	const struct port_rule *rule = port_rule_get(INBOUND, TRANSPORT_UDP, packet->src_port);
	struct flow_key key = flow_key_of(packet, OUTBOUND);
	struct flow *flow;
	verdict verdict;

	if (rule && rule_admits(rule, &packet->dst, packet->is_ipv4))
		return admit_service(rule->service);
	flow = bpf_map_lookup_elem(&flows, &key);
	if (flow) {
		verdict = flow_judge(&key, flow, false, packet->is_ipv4, packet->given.is_made);
		if (is_admitted(verdict)) {
			if (skb && !is_forwarded(skb))
				flow->seen_ns = bpf_ktime_get_boot_ns();
			return verdict;
		}
	}
	return outbound_open(skb, packet, &key, TRANSPORT_UDP);
}

#endif
