/* SPDX-License-Identifier: GPL-2.0-only */
/* The second look: a segment of a connection of this host that goes on as it was. It reads no more
 * of the segment than that needs, and in one go: every line of code that it runs through is fetched anew for
 * nearly every packet, as the kernel's own work lies between two. */
#ifndef POSTERN_CONNECTED_BPF_H
#define POSTERN_CONNECTED_BPF_H

#include "decide.bpf.h"
#include "plain.bpf.h"

/* Bit n: a segment with the flags n, of those up to ACK, is none that nobody sends, and opens nothing. */
static __always_inline __u32 ongoing_flags(void)
{
	__u32 set = 0;

#pragma unroll
	for (__u32 n = 0; n < 2 * TCP_ACK; n++) {
		if (!tcp_flags_are_denied(n) && !tcp_flags_open(n))
			set |= 1u << n;
	}
	return set;
}

static __always_inline bool is_of_connection(const struct connection *connection, const struct packet *packet,
					     __u16 local_port, __u16 peer_port)
{
	bool is_inbound = packet->given.direction == INBOUND;
	const struct iphdr *ip4 = packet->ip;
	const struct ipv6hdr *ip6 = packet->ip;
	const void *local = is_inbound ? &ip6->daddr : &ip6->saddr,
		   *peer = is_inbound ? &ip6->saddr : &ip6->daddr;
	struct addr local4, peer4;

	if (!packet->is_ipv4)
		return !(connection->tag & CONNECTION_IPV4) &&
		       connection_is(connection, local, peer, local_port, peer_port);
	addr_set_ipv4(&local4, is_inbound ? ip4->daddr : ip4->saddr);
	addr_set_ipv4(&peer4, is_inbound ? ip4->saddr : ip4->daddr);
	return connection_is(connection, &local4, &peer4, local_port, peer_port);
}

static __always_inline verdict connected_segment(const struct tcphdr *tcp, struct packet *packet)
{
	bool is_inbound = packet->given.direction == INBOUND;
	const struct connection *connection;
	__u16 local_port, peer_port;

	if (!plain_payload(packet) || !plain_tcp_header(tcp, packet) ||
	    !(ongoing_flags() >> (((const __u8 *)tcp)[13] & (2 * TCP_ACK - 1)) & 1))
		return REASON_NONE;
	connection = connection_at(bpf_ntohs(is_inbound ? tcp->dest : tcp->source));
	barrier_var(tcp); /* reading the ports again costs less than keeping them */
	local_port = bpf_ntohs(is_inbound ? tcp->dest : tcp->source);
	peer_port = bpf_ntohs(is_inbound ? tcp->source : tcp->dest);
	if (!connection || connection->generation != generation ||
	    !is_of_connection(connection, packet, local_port, peer_port))
		return REASON_NONE;
	return admit_service(connection->service);
}

/* A function of its own, so that each family has its path, and that of the first is short. */
static __noinline verdict connected_segment6(const void *ip, void *end, __u32 frame_bytes,
					     enum direction direction)
{
	struct packet packet = {.given = {.frame_bytes = frame_bytes, .direction = direction}, .ip = ip};

	if (ip + sizeof(struct ipv6hdr) + sizeof(struct tcphdr) > end)
		return REASON_NONE;
	return connected_segment(ip + sizeof(struct ipv6hdr), &packet);
}

/* Behind plain_headers(): its verdict; REASON_NONE for everything else. The policy in force has judged the
 * connection, and its peer is neither blocked nor this host itself, see connection_is_settled(). Looked for
 * before the rules of its port, which are in the CPU's cache less often. */
static __always_inline verdict plain_connected_segment(const struct packet *packet)
{
	struct packet packet4 = {.given = packet->given, .ip = packet->ip, .is_ipv4 = true};

	if (flags & GENERATION_NARROWED || packet->protocol != PROTO_TCP)
		return REASON_NONE;
	if (!packet->is_ipv4)
		return connected_segment6(packet->ip, packet->end, packet->given.frame_bytes,
					  packet->given.direction);
	return connected_segment(packet->ip + sizeof(struct iphdr), &packet4);
}

#endif
