/* SPDX-License-Identifier: GPL-2.0-only */
/* What may leave: replies of services, data connections, and what the policy lets this host open, which
 * is remembered as a flow. */
#ifndef POSTERN_OUTBOUND_BPF_H
#define POSTERN_OUTBOUND_BPF_H

#include "active_open.bpf.h"
#include "closed.bpf.h"
#include "connection_open.bpf.h"
#include "control.bpf.h"
#include "data_open.bpf.h"
#include "icmp.bpf.h"

/* `skb` is NULL for a made packet: then nothing is remembered. */
static __always_inline verdict outbound_open(struct __sk_buff *skb, const struct packet *packet,
					     const struct flow_key *key, enum transport transport)
{
	const struct port_rule *rule = port_rule_get(OUTBOUND, transport, packet->dst_port);
	verdict verdict = REASON_NONE;

	if (!rule)
		return REASON_INTERNAL;
	if (!rule_admits_packet(rule, packet)) {
		if (skb && transport == TRANSPORT_TCP && !is_forwarded(skb))
			verdict = active_open(skb, key, packet->is_ipv4, packet->given.ifindex);
		if (verdict)
			return verdict;
		return rule->flags & PORT_OPEN ? REASON_PEER : REASON_PORT;
	}
	if (!skb || is_forwarded(skb))
		return admit_service(rule->service);
	if (transport == TRANSPORT_TCP)
		verdict = connection_open(skb, key, rule->service);
	return verdict ?: flow_open(skb, key, rule->service, 0);
}

/* Who sends from a port that a pinhole is open at, or was. */
enum sender {
	SENDER_REQUEST,    /* no connection's socket: the listener that answers a SYN, or the kernel alone */
	SENDER_CONNECTION, /* one that was established, and has not had its FIN acknowledged */
	SENDER_CLOSED,     /* one that was established, and sends its RST */
	SENDER_OTHER       /* has never been established, or has only the peer's FIN to wait for */
};

/* The state alone does not tell what was established: close() takes a socket that has answered a SYN with one
 * of its own (RFC 9293, 3.5), which never listened and is anybody's, to FIN_WAIT1, too. What was has had its
 * handshake delivered. One in FIN_WAIT2 may have lost its flow since, and the pinhole is the next one's. A
 * LISTEN socket owns what it answers from Linux 6.13 on. */
static __always_inline enum sender sender_of(struct __sk_buff *skb)
{
	const __u32 sending =
		1 << SOCK_ESTABLISHED | 1 << SOCK_CLOSE_WAIT | 1 << SOCK_FIN_WAIT1 | 1 << SOCK_LAST_ACK;
	struct bpf_sock *sk = tcp_socket(skb);
	const struct bpf_tcp_sock *tcp;

	if (!sk || sk->state == SOCK_LISTEN)
		return SENDER_REQUEST;
	tcp = bpf_tcp_sock(sk);
	if (!tcp || !tcp->delivered)
		return SENDER_OTHER;
	if (sk->state == SOCK_CLOSE)
		return SENDER_CLOSED;
	return sending >> (sk->state & 31) & 1 ? SENDER_CONNECTION : SENDER_OTHER;
}

/* A FIN, and all that comes after it, bounds how long a data connection can outlive its socket should the
 * socket's close go unseen. */
static __always_inline void data_flow_bound(struct flow *flow)
{
	flow->closing_ns = bpf_ktime_get_boot_ns() + (FIN_LINGER_S - TCP_LINGER_S) * NS_PER_S;
}

/* The event that should have made a flow of it was lost. */
static __noinline int made_up_for(struct __sk_buff *skb, const struct flow_key *key, __u64 cookie)
{
	struct totals *totals = totals_get();
	__u32 state = socket_state(skb);
	struct flow *flow;

	flow_remember_socket(skb, key, cookie);
	if (totals)
		__sync_fetch_and_add(&totals->repaired, 1);
	if (state == SOCK_ESTABLISHED || state == SOCK_CLOSE_WAIT)
		return 0;
	flow = bpf_map_lookup_elem(&data_flows, key);
	if (flow)
		data_flow_bound(flow);
	return 0;
}

/* A port that a pinhole is open at. What our own socket there sends comes through the pinhole: where it goes
 * on as a flow, it does so from now on. */
static __noinline verdict pinhole_outbound(struct __sk_buff *skb, bool is_ipv4, const struct flow_key *key,
					   __u16 service, __u32 ifindex)
{
	struct pinhole_key pinhole_key;
	struct pinhole *pinhole = pinhole_judge(key, is_ipv4, ifindex, &pinhole_key);
	enum sender sender = skb ? sender_of(skb) : SENDER_REQUEST;

	if (!pinhole || sender == SENDER_OTHER)
		return REASON_NO_PINHOLE;
	if (sender == SENDER_CONNECTION) {
		__u64 cookie = bpf_get_socket_cookie(skb);

		if (!pinhole_use(&pinhole_key, pinhole, key, cookie))
			return REASON_NO_PINHOLE;
		made_up_for(skb, key, cookie);
	}
	return admit_service(service);
}

/* The same, where the listener has closed meanwhile. */
static __noinline verdict closed_outbound(struct __sk_buff *skb, bool is_ipv4, const struct flow_key *key,
					  __u32 ifindex)
{
	struct pinhole_key pinhole_key;
	const struct pinhole *closed;
	__u64 cookie;
	__u16 service;

	if (!skb || sender_of(skb) != SENDER_CONNECTION)
		return REASON_NO_FLOW;
	closed = closed_find(key, &pinhole_key);
	if (!closed || !pinhole_is_admitted(closed, key, is_ipv4, ifindex))
		return REASON_NO_FLOW;
	service = closed->service;
	cookie = bpf_get_socket_cookie(skb);
	if (!closed_use(&pinhole_key, closed, key, cookie))
		return REASON_NO_FLOW;
	made_up_for(skb, key, cookie);
	return admit_service(service);
}

/* Whether what leaves is of the data connection `flow`, or can harm nobody: a flow that lingers has outlived
 * its socket, and another one may have taken the addresses and ports. The kernel sends without a socket, or
 * with a LISTEN socket (Linux 6.13), what answers a late segment: ACK or RST. */
static __always_inline bool is_of_data_flow(struct __sk_buff *skb, const struct flow *flow, __u8 tcp_flags)
{
	__u32 state;

	if (!flow->closing_ns)
		return true;
	if (tcp_flags & TCP_SYN)
		return false;
	state = socket_state(skb);
	if (state == SOCK_CLOSE)
		return true;
	if (state == SOCK_LISTEN)
		return tcp_flags & TCP_RST;
	return bpf_get_socket_cookie(skb) == flow->cookie;
}

/* What a data connection sends. */
static __noinline verdict data_flow_reply(struct __sk_buff *skb, const struct flow_key *key, __u8 tcp_flags,
					  __u32 ifindex)
{
	struct flow *flow = bpf_map_lookup_elem(&data_flows, key);
	verdict verdict;

	if (!flow || (skb && !is_of_data_flow(skb, flow, tcp_flags)))
		return REASON_NO_FLOW;
	verdict = flow_judge(key, flow, true, !skb, OUTBOUND, ifindex);
	if (skb && is_admitted(verdict) && (flow->closing_ns || tcp_flags & (TCP_FIN | TCP_RST)) &&
	    socket_state(skb) != SOCK_CLOSE && bpf_get_socket_cookie(skb) == flow->cookie)
		data_flow_bound(flow);
	return verdict;
}

/* A connection that this host opened from a passive port comes before the pinholes there: it must not use one
 * up. */
static __always_inline verdict passive_reply(struct __sk_buff *skb, const struct packet *packet,
					     const struct flow_key *key, __u16 service)
{
	const struct given *given = &packet->given;
	verdict verdict = data_flow_reply(skb, key, packet->tcp_flags, given->ifindex);

	if (verdict != REASON_NO_FLOW)
		return verdict;
	verdict = out_flow_judge(key, given->is_made, OUTBOUND, given->ifindex);
	if (verdict != REASON_NO_FLOW)
		return verdict;
	/* The older first: the client may have been given the port again meanwhile. */
	verdict = closed_outbound(skb, packet->is_ipv4, key, given->ifindex);
	if (is_admitted(verdict))
		return verdict;
	verdict = pinhole_outbound(skb, packet->is_ipv4, key, service, given->ifindex);
	if (is_admitted(verdict))
		return verdict;
	/* Establishment moves a connection from the pinhole to the flow. */
	return data_flow_reply(skb, key, packet->tcp_flags, given->ifindex);
}

/* What the port of a reply decides alone; REASON_NONE where tcp_outbound() or udp_outbound() must be asked.
 */
static __always_inline verdict reply_by_port(const struct packet *packet)
{
	const struct port_rule *rule;

	if (packet->protocol == PROTO_TCP && tcp_is_opening(packet))
		return REASON_NONE;
	rule = port_rule_get(INBOUND, transport_of(packet), packet->src_port);
	if (!rule)
		return REASON_INTERNAL;
	if (packet->protocol == PROTO_TCP && rule->flags & PORT_CONTROL)
		return REASON_NONE;
	return rule_admits_packet(rule, packet) ? admit_service(rule->service) : REASON_NONE;
}

static __always_inline verdict tcp_reply(struct __sk_buff *skb, const struct packet *packet,
					 const struct flow_key *key)
{
	const struct port_rule *rule = port_rule_get(INBOUND, TRANSPORT_TCP, packet->src_port);
	const struct given *given = &packet->given;
	verdict verdict;

	if (!rule)
		return REASON_INTERNAL;
	if (rule_admits_packet(rule, packet)) {
		if (skb && rule->flags & PORT_CONTROL)
			control_sent(skb, key, packet->tcp_flags);
		if (skb && rule->flags & PORT_CONTROL && flags & GENERATION_REPLY)
			return admit_service(rule->service) | VERDICT_CONTROL;
		return admit_service(rule->service);
	}
	if (rule->flags & PORT_PASSIVE)
		return passive_reply(skb, packet, key, rule->service);
	verdict = out_flow_judge(key, given->is_made, OUTBOUND, given->ifindex);
	if (verdict != REASON_NO_FLOW)
		return verdict;
	return data_flow_reply(skb, key, packet->tcp_flags, given->ifindex);
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

	if (rule && rule_admits_packet(rule, packet))
		return admit_service(rule->service);
	flow = bpf_map_lookup_elem(&flows, &key);
	if (flow) {
		verdict =
			flow_judge(&key, flow, false, packet->given.is_made, OUTBOUND, packet->given.ifindex);
		if (is_admitted(verdict)) {
			bool blocked = flags & GENERATION_BLOCK && is_blocked(&key.peer, packet->is_ipv4);

			if (skb && !is_forwarded(skb) && !blocked) {
				flow->seen_ns = bpf_ktime_get_boot_ns();
				fragment_peer_touch(&key.peer, flow->seen_ns);
			}
			return verdict;
		}
	}
	return outbound_open(skb, packet, &key, TRANSPORT_UDP);
}

#endif
