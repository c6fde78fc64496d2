/* SPDX-License-Identifier: GPL-2.0-only */
/* The verdict on a parsed packet. Nothing else decides: the network's packets and made ones alike. */
#ifndef POSTERN_DECIDE_BPF_H
#define POSTERN_DECIDE_BPF_H

#include "flows.bpf.h"
#include "parse.bpf.h"
#include "pinholes.bpf.h"
#include "policy_maps.bpf.h"
#include "ranges.bpf.h"

/* Which policy this is; a flow that another one admitted is judged anew. */
const volatile __u32 generation = 0;

/* enum generation_flag */
const volatile __u32 flags = 0;

/* The highest TCP port with a rule inward. */
const volatile __u32 last_ruled_port = N_PORTS - 1;

/* The counter that the packet belongs to: an enum reason below N_REASONS denies it. */
typedef __u32 verdict;

/* With an admitted packet: it leaves on a control connection whose replies are read. */
#define VERDICT_CONTROL (1u << 31)

static __always_inline bool is_admitted(verdict verdict)
{
	return verdict >= COUNTER_LINK;
}

static __always_inline verdict admit_service(__u16 service)
{
	return COUNTER_SERVICES + service;
}

/* What only some packets need is in functions that are called: the stack of 512 bytes holds the deepest chain
 * of calls, and the path of the others stays short. */

static __always_inline bool sets_meet(__u32 peer_set, __u32 zone_set)
{
	const struct zone_set *set = bpf_map_lookup_elem(&peers, &peer_set), *zones;

	zones = bpf_map_lookup_elem(&zone_sets, &zone_set);
	if (!set || !zones)
		return false;
#pragma unroll
	for (int i = 0; i < MAX_ZONES / 64; i++) {
		if (set->bits[i] & zones->bits[i])
			return true;
	}
	return false;
}

/* Whether any of the zones that contain `addr` is in the set `peers`. This function and is_blocked() are
 * global: verified once, by themselves, however often they are called. For the verifier `addr` may be NULL
 * then. */
__noinline bool peers_contain(__u32 index, const struct addr *addr, bool is_ipv4)
{
	__u32 zones;

	if (!addr)
		return false;
	zones = is_ipv4 ? range4_find(&zone_ranges4, &zone_buckets4, &zone_window4, addr)
			: range6_find(&zone_ranges6, &zone_buckets6, &zone_window6, addr);
	return zones && sets_meet(index, zones);
}

static __always_inline const struct port_rule *port_rule_get(enum direction direction,
							     enum transport transport, __u16 port)
{
	__u32 key = port_index(direction, transport, port);

	return bpf_map_lookup_elem(&ports, &key);
}

static __always_inline const struct port_rule *protocol_rule_get(enum direction direction, __u8 protocol)
{
	__u32 key = protocol_index(direction, protocol);

	return bpf_map_lookup_elem(&protocols, &key);
}

/* A table that cannot be read blocks. */
__noinline bool is_blocked(const struct addr *addr, bool is_ipv4)
{
	if (!addr)
		return true;
	return is_ipv4 ? range4_find(&block_ranges4, &block_buckets4, &block_window4, addr)
		       : range6_find(&block_ranges6, &block_buckets6, &block_window6, addr);
}

/* Whether one of the narrowed rules from `index` on holds here, at `local` and on the interface, and for the
 * peer. A global function, which is verified once for all its callers. */
__noinline bool narrowed_admits(__u16 index, const struct addr *peer, const struct addr *local, __u32 ifindex,
				bool is_ipv4)
{
	if (!peer || !local) /* no caller does, but the verifier looks at none */
		return false;
	for (int i = 0; i < MAX_NARROWED && index; i++) {
		__u32 key = index;
		const struct narrowing *narrowing = bpf_map_lookup_elem(&narrowings, &key);

		if (!narrowing)
			return false;
		if ((!narrowing->ifindex || narrowing->ifindex == ifindex) &&
		    (addr_is_zero(&narrowing->at) || addr_equal(&narrowing->at, local)) &&
		    (narrowing->rule.flags & PORT_ANY || peers_contain(narrowing->rule.peers, peer, is_ipv4)))
			return true;
		index = narrowing->rule.narrowed;
	}
	return false;
}

/* Whether a rule opens the port for the peer, at `local` and on the interface. */
static __always_inline bool rule_admits(const struct port_rule *rule, const struct addr *peer,
					const struct addr *local, __u32 ifindex, bool is_ipv4)
{
	if (!(rule->flags & PORT_OPEN))
		return false;
	if (rule->flags & PORT_ANY || peers_contain(rule->peers, peer, is_ipv4))
		return true;
	return flags & GENERATION_NARROWED && rule->narrowed &&
	       narrowed_admits(rule->narrowed, peer, local, ifindex, is_ipv4);
}

/* The same for a packet, whose addresses are read only where the rule asks for them. */
static __always_inline bool rule_admits_packet(const struct port_rule *rule, const struct packet *packet)
{
	struct addr peer, local;

	if (!(rule->flags & PORT_OPEN) || rule->flags & PORT_ANY)
		return rule->flags & PORT_OPEN;
	peer = packet_peer(packet);
	if (peers_contain(rule->peers, &peer, packet->is_ipv4))
		return true;
	if (!(flags & GENERATION_NARROWED) || !rule->narrowed)
		return false;
	local = packet_local(packet);
	return narrowed_admits(rule->narrowed, &peer, &local, packet->given.ifindex, packet->is_ipv4);
}

/* What was opened by hand, under no control service, is admitted while an FTP server may open its port. */
static __always_inline bool port_is_passive(__u16 port)
{
	const struct port_rule *rule = port_rule_get(INBOUND, TRANSPORT_TCP, port);

	return rule && rule->flags & PORT_PASSIVE;
}

/* Whether the policy in force admits a flow that an older one did. `control_port`: the flow's. A global
 * function, as what follows: verified once, where the verifier would follow a static one from each caller. */
__noinline bool flow_is_admitted(const struct flow_key *key, __u16 control_port, bool is_data, __u32 ifindex)
{
	const struct port_rule *rule;

	if (!key)
		return false;
	if (is_data && !control_port)
		return port_is_passive(key->local_port);
	if (is_data || control_port) {
		rule = port_rule_get(INBOUND, TRANSPORT_TCP, control_port);
		if (!is_data && rule && !(rule->flags & PORT_ACTIVE))
			return false;
	} else if (key->protocol != PROTO_TCP && key->protocol != PROTO_UDP)
		rule = protocol_rule_get(OUTBOUND, PROTO_ICMP);
	else
		rule = port_rule_get(OUTBOUND, key->protocol == PROTO_TCP ? TRANSPORT_TCP : TRANSPORT_UDP,
				     key->peer_port);
	return rule && rule_admits(rule, &key->peer, &key->local, ifindex, addr_is_mapped(&key->peer));
}

/* The verdict of a flow that was found: most often one comparison. What this host opened is judged by where
 * it leaves, so that replies may come in elsewhere; a data connection, as its control connection, by where
 * each packet is seen. `ifindex` is the packet's. */
static __always_inline verdict flow_judge(const struct flow_key *key, struct flow *flow, bool is_data,
					  bool is_made, enum direction direction, __u32 ifindex)
{
	bool places = is_data || direction == OUTBOUND;
	bool moved = flags & GENERATION_NARROWED && places && flow->ifindex != ifindex;

	if ((flow->closing_ns || key->protocol != PROTO_TCP) &&
	    flow_is_over(key, flow, bpf_ktime_get_boot_ns()))
		return REASON_NO_FLOW;
	if (flow->generation != generation || moved) {
		if (!flow_is_admitted(key, flow->control_port, is_data,
				      places || !flow->ifindex ? ifindex : flow->ifindex))
			return REASON_CUT;
		if (!is_made)
			flow->generation = generation;
		if (!is_made && moved)
			flow->ifindex = ifindex;
	}
	return admit_service(flow->service);
}

/* A segment of a data connection. */
static __noinline verdict data_flow_judge(const struct flow_key *key, bool is_made, __u32 ifindex)
{
	struct flow *flow = bpf_map_lookup_elem(&data_flows, key);

	return flow ? flow_judge(key, flow, true, is_made, INBOUND, ifindex) : REASON_NO_FLOW;
}

static __noinline bool is_own_address(const struct addr *addr)
{
	return bpf_map_lookup_elem(&own_addresses, addr);
}

/* False of most that it is not; a mark that cannot be read says nothing. */
static __always_inline bool may_be_own_address(const struct addr *addr)
{
	__u32 mark = own_mark(addr);
	const __u8 *marked = bpf_map_lookup_elem(&own_marks, &mark);

	return !marked || *marked;
}

/* Whether what comes from `peer`, which lies on the stack, may go on without a look at its source. */
static __always_inline bool peer_may_send(const struct addr *peer)
{
	if (addr_is_mapped(peer) ? source4_is_denied(peer->word[3]) : source6_is_denied(peer))
		return false;
	return !may_be_own_address(peer) || !is_own_address(peer);
}

/* Whether the policy in force, as long as it is, has nothing to say against the peer of a connection: only
 * then its segments go on without a look at their source. */
static __noinline bool connection_is_settled(const struct flow_key *key)
{
	struct addr peer = key->peer; /* older kernels take a map's key from the stack alone */

	return peer_may_send(&peer) &&
	       !(flags & GENERATION_BLOCK && is_blocked(&peer, addr_is_mapped(&peer)));
}

/* The same as flow_judge() for one in `connections`, without a struct flow on the stack. */
__noinline verdict connection_judge(struct connection *connection, const struct flow_key *key, bool is_made,
				    enum direction direction, __u32 ifindex)
{
	bool moved;
	__u32 leaves_by = ifindex;

	if (!connection || !key)
		return REASON_INTERNAL;
	moved = flags & GENERATION_NARROWED && direction == OUTBOUND && connection->ifindex != ifindex;
	if (connection->generation == generation && !moved)
		return admit_service(connection->service);
	if (direction == INBOUND && connection->ifindex)
		leaves_by = connection->ifindex;
	if (!flow_is_admitted(key, 0, false, leaves_by))
		return REASON_CUT;
	if (!is_made && connection_is_settled(key)) {
		connection->generation = generation;
		if (moved)
			connection->ifindex = ifindex;
	}
	return admit_service(connection->service);
}

/* A segment or datagram of a connection that this host opened. */
static __noinline verdict out_flow_judge(const struct flow_key *key, bool is_made, enum direction direction,
					 __u32 ifindex)
{
	struct connection *connection = connection_find(key);
	struct flow *flow;

	if (connection)
		return connection_judge(connection, key, is_made, direction, ifindex);
	flow = bpf_map_lookup_elem(&flows, key);
	return flow ? flow_judge(key, flow, false, is_made, direction, ifindex) : REASON_NO_FLOW;
}

/* Whether the control service that a pinhole was opened under admits its client still. */
static __always_inline bool pinhole_is_admitted(const struct pinhole *pinhole, const struct flow_key *key,
						bool is_ipv4, __u32 ifindex)
{
	const struct port_rule *rule;

	if (!pinhole->control_port)
		return port_is_passive(key->local_port);
	rule = port_rule_get(INBOUND, TRANSPORT_TCP, pinhole->control_port);
	return rule && rule_admits(rule, &key->peer, &key->local, ifindex, is_ipv4);
}

static __always_inline struct pinhole *pinhole_judge(const struct flow_key *key, bool is_ipv4, __u32 ifindex,
						     struct pinhole_key *pinhole_key)
{
	struct pinhole *pinhole = pinhole_find(&key->peer, &key->local, key->local_port, pinhole_key);

	return pinhole && pinhole_is_admitted(pinhole, key, is_ipv4, ifindex) ? pinhole : NULL;
}

/* With a frame of its own for the pinhole's key: together the frames of nested calls, each rounded up to 32
 * bytes by older kernels, may not exceed 512. */
static __noinline bool pinhole_is_open(const struct flow_key *key, bool is_ipv4, __u32 ifindex)
{
	struct pinhole_key pinhole_key;

	return pinhole_judge(key, is_ipv4, ifindex, &pinhole_key);
}

static __always_inline struct flow_key flow_key_of(const struct packet *packet, enum direction direction)
{
	struct flow_key key = {.protocol = packet->protocol};

	key.local = packet_addr(packet, direction != INBOUND);
	key.peer = packet_addr(packet, direction == INBOUND);
	key.local_port = direction == INBOUND ? packet->dst_port : packet->src_port;
	key.peer_port = direction == INBOUND ? packet->src_port : packet->dst_port;
	return key;
}

static __always_inline bool tcp_is_opening(const struct packet *packet)
{
	return (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* A port of ours that FTP servers may open: an established data connection, or a pinhole. The flow is
 * looked for again at the end because establishment moves a connection from the pinhole to the flow. */
static __always_inline verdict passive_judge(const struct packet *packet, const struct flow_key *key,
					     __u16 service)
{
	const struct given *given = &packet->given;
	verdict verdict;

	if (!tcp_is_opening(packet)) {
		verdict = data_flow_judge(key, given->is_made, given->ifindex);
		if (verdict != REASON_NO_FLOW)
			return verdict;
		verdict = out_flow_judge(key, given->is_made, INBOUND, given->ifindex);
		if (verdict != REASON_NO_FLOW)
			return verdict;
	}
	if (pinhole_is_open(key, packet->is_ipv4, given->ifindex))
		return admit_service(service);
	if (!tcp_is_opening(packet))
		return data_flow_judge(key, given->is_made, given->ifindex);
	return REASON_NO_PINHOLE;
}

/* A segment that opens nothing, at a port that neither a service nor a pinhole admits it to. */
static __always_inline verdict segment_judge(const struct packet *packet, const struct flow_key *key)
{
	const struct given *given = &packet->given;
	verdict verdict = out_flow_judge(key, given->is_made, given->direction, given->ifindex);

	if (verdict != REASON_NO_FLOW)
		return verdict;
	return data_flow_judge(key, given->is_made, given->ifindex);
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
	return !(rule->flags & (PORT_OPEN | PORT_PASSIVE));
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
