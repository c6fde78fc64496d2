/* SPDX-License-Identifier: GPL-2.0-only */
/* The verdict on a parsed packet, the network's and made ones alike. syn_judge() and connected_segment() say
 * sooner what would be said here. */
#ifndef POSTERN_DECIDE_BPF_H
#define POSTERN_DECIDE_BPF_H

#include "flow_judge.bpf.h"
#include "parse.bpf.h"

static __always_inline struct flow_key flow_key_of(const struct packet *packet, enum direction direction)
{
	struct flow_key key = {.protocol = packet->protocol};

	key.local = packet_addr(packet, direction != INBOUND);
	key.peer = packet_addr(packet, direction == INBOUND);
	key.local_port = direction == INBOUND ? packet->dst_port : packet->src_port;
	key.peer_port = direction == INBOUND ? packet->src_port : packet->dst_port;
	return key;
}

static __always_inline bool tcp_flags_open(__u8 flags)
{
	return (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static __always_inline bool tcp_is_opening(const struct packet *packet)
{
	return tcp_flags_open(packet->tcp_flags);
}

/* A port of ours that FTP servers may open: an established data connection, or a pinhole. The flow is
 * looked for again at the end because establishment moves a connection from the pinhole to the flow. */
static __always_inline verdict passive_judge(const struct packet *packet, const struct flow_key *key,
					     __u16 service)
{
	const struct given *given = &packet->given;
	verdict verdict;

	if (!tcp_is_opening(packet)) {
		verdict = data_segment_judge(key, given->is_made, given->ifindex);
		if (verdict != REASON_NO_FLOW)
			return verdict;
		verdict = out_flow_judge(key, given->is_made, INBOUND, given->ifindex);
		if (verdict != REASON_NO_FLOW)
			return verdict;
	}
	if (pinhole_is_open(key, packet->is_ipv4, given->ifindex))
		return admit_service(service);
	if (!tcp_is_opening(packet))
		return data_segment_judge(key, given->is_made, given->ifindex);
	return REASON_NO_PINHOLE;
}

/* One that comes in and opens nothing, at a port that neither a service nor a pinhole admits it to. */
static __always_inline verdict segment_judge(const struct packet *packet, const struct flow_key *key)
{
	const struct given *given = &packet->given;
	verdict verdict = out_flow_judge(key, given->is_made, INBOUND, given->ifindex);

	if (verdict != REASON_NO_FLOW)
		return verdict;
	return data_segment_judge(key, given->is_made, given->ifindex);
}

/* A protocol without ports. ICMP of the other family is none. */
static __always_inline verdict protocol_judge(const struct packet *packet, enum direction direction)
{
	const struct port_rule *rule = protocol_rule_get(direction, packet->protocol);

	if (packet->protocol == PROTO_ICMP || packet->protocol == PROTO_ICMPV6)
		return REASON_PROTOCOL;
	if (!rule)
		return REASON_INTERNAL;
	if (rule_admits_packet(rule, packet))
		return admit_service(rule->service);
	return rule->flags & PORT_OPEN ? REASON_PEER : REASON_PROTOCOL;
}

/* A later fragment, in either direction: it carries no ports, and only UDP needs them. */
static __noinline verdict fragment_judge(const struct addr *peer, __u8 protocol)
{
	const struct fragment_peer *found = bpf_map_lookup_elem(&fragment_peers, peer);

	if (protocol != PROTO_UDP || !found || !fragment_peer_is_live(found, bpf_ktime_get_boot_ns()))
		return REASON_FRAGMENT;
	return COUNTER_FRAGMENTS;
}

static __always_inline enum transport transport_of(const struct packet *packet)
{
	return packet->protocol == PROTO_TCP ? TRANSPORT_TCP : TRANSPORT_UDP;
}

static __always_inline const struct port_rule *inbound_rule(const struct packet *packet)
{
	return port_rule_get(INBOUND, transport_of(packet), packet->dst_port);
}

/* To everybody, and at all times. */
static __always_inline bool port_is_closed(const struct port_rule *rule)
{
	return !(rule->flags & PORT_ADMITS);
}

/* What the port of a TCP or UDP packet decides without its addresses; REASON_NONE where inbound_by_peer()
 * must be asked. */
static __always_inline verdict inbound_by_port(const struct packet *packet, const struct port_rule *rule)
{
	if (!rule)
		return REASON_INTERNAL;
	if (rule->flags & PORT_ANY)
		return admit_service(rule->service);
	return tcp_is_opening(packet) && port_is_closed(rule) ? REASON_PORT : REASON_NONE;
}

/* What its addresses decide beside that; REASON_NONE where inbound_by_flow() must be asked. */
static __always_inline verdict inbound_by_peer(const struct packet *packet, const struct port_rule *rule)
{
	if (!rule)
		return REASON_INTERNAL;
	if (rule_admits_packet(rule, packet))
		return admit_service(rule->service);
	return tcp_is_opening(packet) && !(rule->flags & PORT_PASSIVE) ? REASON_PEER : REASON_NONE;
}

static __always_inline verdict tcp_by_flow(const struct packet *packet, const struct port_rule *rule,
					   const struct flow_key *key)
{
	verdict verdict;

	if (rule->flags & PORT_PASSIVE) {
		verdict = passive_judge(packet, key, rule->service);
		if (verdict != REASON_NO_FLOW)
			return verdict;
	}
	return segment_judge(packet, key);
}

static __always_inline verdict udp_by_flow(const struct packet *packet, const struct port_rule *rule,
					   const struct flow_key *key)
{
	verdict verdict = out_flow_judge(key, packet->given.is_made, INBOUND, packet->given.ifindex);

	if (verdict != REASON_NO_FLOW)
		return verdict;
	return rule->flags & PORT_OPEN ? REASON_PEER : REASON_PORT;
}

static __always_inline verdict inbound_by_flow(const struct packet *packet, const struct port_rule *rule)
{
	struct flow_key key = flow_key_of(packet, INBOUND);

	if (!rule)
		return REASON_INTERNAL;
	return packet->protocol == PROTO_TCP ? tcp_by_flow(packet, rule, &key)
					     : udp_by_flow(packet, rule, &key);
}

#endif
