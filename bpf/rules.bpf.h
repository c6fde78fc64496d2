/* SPDX-License-Identifier: GPL-2.0-only */
/* What the policy in force says of an address or a port, whatever the packet. */
#ifndef POSTERN_RULES_BPF_H
#define POSTERN_RULES_BPF_H

#include "packet.bpf.h"
#include "policy_maps.bpf.h"
#include "ranges.bpf.h"

/* Which policy this is; a flow that another one admitted is judged anew. */
const volatile __u32 generation = 0;

/* enum generation_flag */
const volatile __u32 flags = 0;

/* The highest TCP port with a rule inward. */
const volatile __u32 last_ruled_port = N_PORTS - 1;

/* The TCP ports that port_is_closed() does not hold for. Where nobody has said which, `ports` is asked. */
const volatile struct port_bits open_tcp_ports = {{[0 ... N_PORTS / 8 - 1] = 0xff}};

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

#endif
