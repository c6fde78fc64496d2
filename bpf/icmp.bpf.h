/* SPDX-License-Identifier: GPL-2.0-only */
/* The ICMP that TCP and IPv6 cannot do without: errors about packets of ours, neighbour and router
 * discovery, multicast listener reports. */
#ifndef POSTERN_ICMP_BPF_H
#define POSTERN_ICMP_BPF_H

#include "decide.bpf.h"

enum {
	/* RFC 792 */
	ICMP4_UNREACHABLE = 3,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAMETER = 12,
	/* RFC 4443 */
	ICMP6_UNREACHABLE = 1,
	ICMP6_PARAMETER = 4,
	/* RFC 2710, RFC 3810 */
	ICMP6_MLD_QUERY = 130,
	ICMP6_MLD_DONE = 132,
	ICMP6_MLD2_REPORT = 143,
	/* RFC 4861 */
	ICMP6_ROUTER_SOLICITATION = 133,
	ICMP6_NEIGHBOUR_SOLICITATION = 135,
	ICMP6_NEIGHBOUR_ADVERTISEMENT = 136,
	ND_HOP_LIMIT = 255,
	MLD_HOP_LIMIT = 1
};

static __always_inline bool icmp_is_error(const struct packet *packet)
{
	__u16 type = packet->src_port;

	if (packet->is_ipv4)
		return type == ICMP4_UNREACHABLE || type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAMETER;
	return type >= ICMP6_UNREACHABLE && type <= ICMP6_PARAMETER;
}

static __always_inline bool icmp_is_discovery(const struct packet *packet)
{
	return !packet->is_ipv4 && packet->src_port >= ICMP6_ROUTER_SOLICITATION &&
	       packet->src_port <= ICMP6_NEIGHBOUR_ADVERTISEMENT;
}

static __always_inline bool icmp_is_listener_report(const struct packet *packet)
{
	__u16 type = packet->src_port;

	return !packet->is_ipv4 &&
	       ((type >= ICMP6_MLD_QUERY && type <= ICMP6_MLD_DONE) || type == ICMP6_MLD2_REPORT);
}

/* :: may ask who has an address (duplicate address detection: RFC 4862, 5.4.2), ask for routers
 * (RFC 4861, 4.1) and report what it listens to (RFC 3590). */
static __always_inline bool icmp_may_be_unspecified(const struct packet *packet)
{
	if (packet->is_ipv4 || packet->protocol != PROTO_ICMPV6)
		return false;
	return packet->src_port == ICMP6_NEIGHBOUR_SOLICITATION ||
	       packet->src_port == ICMP6_ROUTER_SOLICITATION || icmp_is_listener_report(packet);
}

/* The head of the packet that an error quotes, with its addresses and ports. */
static __always_inline bool quote_parse(struct cursor *cursor, bool is_ipv4, struct packet *quote)
{
	enum reason reason = is_ipv4 ? parse_ipv4(cursor, quote) : parse_ipv6(cursor, quote);
	__be16 *ports;

	if (reason || (quote->protocol != PROTO_TCP && quote->protocol != PROTO_UDP))
		return false;
	ports = cursor_take(cursor, 2 * sizeof(*ports));
	if (!ports)
		return false;
	quote->src_port = bpf_ntohs(ports[0]);
	quote->dst_port = bpf_ntohs(ports[1]);
	return true;
}

/* Whether `key` is a connection that this host takes part in: at a service, as a flow, at a pinhole. */
static __always_inline bool connection_is_ours(const struct flow_key *key, bool is_ipv4)
{
	enum transport transport = key->protocol == PROTO_TCP ? TRANSPORT_TCP : TRANSPORT_UDP;
	const struct port_rule *rule = port_rule_get(INBOUND, transport, key->local_port);
	struct pinhole_key pinhole_key;

	if (rule && rule_admits(rule, &key->peer, is_ipv4))
		return true;
	if (is_admitted(out_flow_judge(key, is_ipv4)))
		return true;
	if (key->protocol != PROTO_TCP)
		return false;
	return is_admitted(data_flow_judge(key, is_ipv4)) || pinhole_judge(key, is_ipv4, &pinhole_key);
}

/* An error answers the quoted packet, so it travels against it. */
static __always_inline bool quote_is_ours(struct cursor *cursor, const struct packet *packet,
					  enum direction direction)
{
	struct packet quote = {};
	struct flow_key key;

	if (!quote_parse(cursor, packet->is_ipv4, &quote))
		return false;
	key = flow_key_of(&quote, direction == INBOUND ? OUTBOUND : INBOUND);
	if (!addr_equal(&key.local, direction == INBOUND ? &packet->dst : &packet->src))
		return false;
	return connection_is_ours(&key, packet->is_ipv4);
}

static __always_inline verdict icmp_judge(struct cursor *cursor, const struct packet *packet,
					  enum direction direction)
{
	if (icmp_is_error(packet))
		return quote_is_ours(cursor, packet, direction) ? COUNTER_ICMP : REASON_ICMP_QUOTE;
	if (icmp_is_discovery(packet))
		return packet->hop_limit == ND_HOP_LIMIT ? COUNTER_ICMP : REASON_HOP_LIMIT;
	if (icmp_is_listener_report(packet))
		return packet->hop_limit == MLD_HOP_LIMIT ? COUNTER_ICMP : REASON_HOP_LIMIT;
	return REASON_ICMP_TYPE;
}

#endif
