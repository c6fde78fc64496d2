/* SPDX-License-Identifier: GPL-2.0-only */
/* The ICMP that TCP and IPv6 cannot do without (errors about packets of ours, neighbour and router discovery,
 * multicast listener reports), and echo as far as the policy has `ping`. */
#ifndef POSTERN_ICMP_BPF_H
#define POSTERN_ICMP_BPF_H

#include "flow_open.bpf.h"

enum {
	/* RFC 792 */
	ICMP4_ECHO_REPLY = 0,
	ICMP4_ECHO = 8,
	ICMP4_UNREACHABLE = 3,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAMETER = 12,
	/* RFC 4443 */
	ICMP6_UNREACHABLE = 1,
	ICMP6_PARAMETER = 4,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
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

/* A source that nobody on any wire may use. */
static __always_inline bool source_is_denied(const struct packet *packet)
{
	struct addr source = packet_src(packet);

	if (packet->is_ipv4)
		return source4_is_denied(source.word[3]);
	return source6_is_denied(&source) && !(addr_is_zero(&source) && icmp_may_be_unspecified(packet));
}

/* The head of the packet that an error quotes takes the place of the error. It ends where the error does:
 * behind it may be padding, which is nobody's word. */
static __always_inline bool quote_parse(struct cursor *cursor, struct packet *packet)
{
	__u32 size = packet->payload - sizeof(struct icmp_header);
	void *start = cursor->pos;
	enum reason reason = packet->is_ipv4 ? parse_ipv4(cursor, packet) : parse_ipv6(cursor, packet);
	__u64 used;
	__be16 *ports;

	/* Of extension headers this host sends the one for fragments. */
	if (!reason && !packet->is_ipv4 && packet->protocol == PROTO_FRAGMENT)
		reason = parse_fragment6(cursor, packet);
	if (reason || packet->fragment == FRAGMENT_LATER)
		return false;
	if (packet->protocol != PROTO_TCP && packet->protocol != PROTO_UDP)
		return false;
	ports = cursor_take(cursor, 2 * sizeof(*ports));
	if (!ports)
		return false;
	used = cursor->pos - start;
	barrier_var(used);
	if (used > size)
		return false;
	packet->src_port = bpf_ntohs(ports[0]);
	packet->dst_port = bpf_ntohs(ports[1]);
	return true;
}

/* Whether `key` is a connection that this host takes part in: at a service, as a flow, at a pinhole. The
 * direction and the interface are the error's. */
static __noinline bool connection_is_ours(const struct flow_key *key, bool is_ipv4, bool is_made,
					  enum direction direction, __u32 ifindex)
{
	enum transport transport = key->protocol == PROTO_TCP ? TRANSPORT_TCP : TRANSPORT_UDP;
	const struct port_rule *rule = port_rule_get(INBOUND, transport, key->local_port);

	if (rule && rule_admits(rule, &key->peer, &key->local, ifindex, is_ipv4))
		return true;
	if (is_admitted(out_flow_judge(key, is_made, direction, ifindex)))
		return true;
	if (key->protocol != PROTO_TCP)
		return false;
	return is_admitted(data_flow_judge(key, is_made, ifindex)) || pinhole_is_open(key, is_ipv4, ifindex);
}

/* An error answers the quoted packet, so it travels against it. A copy of the packet would not fit the stack:
 * of what it was, its addresses are left. */
static __always_inline bool quote_is_ours(struct cursor *cursor, struct packet *packet)
{
	const void *ip = packet->ip;
	struct addr local = packet_local(packet);
	bool is_parsed = quote_parse(cursor, packet);
	struct flow_key key = flow_key_of(packet, packet->given.direction == INBOUND ? OUTBOUND : INBOUND);

	packet->ip = ip;
	return is_parsed && addr_equal(&key.local, &local) &&
	       connection_is_ours(&key, packet->is_ipv4, packet->given.is_made, packet->given.direction,
				  packet->given.ifindex);
}

static __always_inline bool icmp_is_echo(const struct packet *packet)
{
	return packet->src_port == (packet->is_ipv4 ? ICMP4_ECHO : ICMP6_ECHO);
}

static __always_inline bool icmp_is_echo_reply(const struct packet *packet)
{
	return packet->src_port == (packet->is_ipv4 ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY);
}

/* Echo requests of others, and our replies to them. */
static __always_inline verdict echo_of_others(const struct packet *packet)
{
	const struct port_rule *rule = protocol_rule_get(INBOUND, PROTO_ICMP);

	if (!rule)
		return REASON_INTERNAL;
	if (!rule_admits_packet(rule, packet))
		return rule->flags & PORT_OPEN ? REASON_PEER : REASON_ICMP_TYPE;
	return COUNTER_PING;
}

/* So many echo requests are answered. Asked last: what is denied anyway must not use up what others may. */
static __always_inline verdict echo_limit(const struct packet *packet, verdict verdict)
{
	if (verdict != COUNTER_PING || !icmp_is_echo(packet) || packet->given.is_made)
		return verdict;
	return sample_take(SAMPLE_PINGS, PINGS_PER_SECOND) ? verdict : REASON_RATE;
}

/* Our own echo requests are remembered by their identifier, and bring their replies back. */
static __always_inline verdict echo_of_ours(struct __sk_buff *skb, const struct packet *packet)
{
	const struct port_rule *rule = protocol_rule_get(OUTBOUND, PROTO_ICMP);
	struct flow_key key = flow_key_of(packet, packet->given.direction);
	verdict verdict;

	if (!rule)
		return REASON_INTERNAL;
	if (!(rule->flags & PORT_OPEN))
		return REASON_ICMP_TYPE;
	key.local_port = packet->echo_id;
	key.peer_port = 0;
	if (packet->given.direction == INBOUND) {
		verdict = out_flow_judge(&key, packet->given.is_made, INBOUND, packet->given.ifindex);
		return is_admitted(verdict) ? COUNTER_PING : verdict;
	}
	if (!rule_admits(rule, &key.peer, &key.local, packet->given.ifindex, packet->is_ipv4))
		return REASON_PEER;
	if (!skb || is_forwarded(skb))
		return COUNTER_PING;
	verdict = flow_open(skb, &key, 0, 0);
	return is_admitted(verdict) ? COUNTER_PING : verdict;
}

/* `cursor` is behind the ICMP header. `skb` is NULL inward and for a made packet. */
static __always_inline verdict icmp_judge(struct cursor *cursor, struct packet *packet, struct __sk_buff *skb)
{
	bool is_inbound = packet->given.direction == INBOUND;

	if (icmp_is_error(packet))
		return quote_is_ours(cursor, packet) ? COUNTER_ICMP : REASON_ICMP_QUOTE;
	if (icmp_is_discovery(packet))
		return packet->hop_limit == ND_HOP_LIMIT ? COUNTER_ICMP : REASON_HOP_LIMIT;
	if (icmp_is_listener_report(packet))
		return packet->hop_limit == MLD_HOP_LIMIT ? COUNTER_ICMP : REASON_HOP_LIMIT;
	if (is_inbound ? icmp_is_echo(packet) : icmp_is_echo_reply(packet))
		return echo_of_others(packet);
	if (icmp_is_echo(packet) || icmp_is_echo_reply(packet))
		return echo_of_ours(skb, packet);
	return REASON_ICMP_TYPE;
}

#endif
