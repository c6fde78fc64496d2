/* SPDX-License-Identifier: GPL-2.0-only */
/* The verdict of a flow, a connection or a pinhole that was found. One that an older policy admitted is
 * judged anew. */
#ifndef POSTERN_FLOW_JUDGE_BPF_H
#define POSTERN_FLOW_JUDGE_BPF_H

#include "connection_find.bpf.h"
#include "flows.bpf.h"
#include "pinholes.bpf.h"
#include "rules.bpf.h"

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

/* A data connection, also where it lingers. */
static __noinline verdict data_flow_judge(const struct flow_key *key, bool is_made, __u32 ifindex)
{
	struct flow *flow = bpf_map_lookup_elem(&data_flows, key);

	return flow ? flow_judge(key, flow, true, is_made, INBOUND, ifindex) : REASON_NO_FLOW;
}

/* A segment that comes in on a data connection whose socket lives. What its peer sends yet when it is closed
 * could reach another socket there: unseen_judge() looks. Nothing of this host takes a made one. */
static __noinline verdict data_segment_judge(const struct flow_key *key, bool is_made, __u32 ifindex)
{
	struct flow *flow = bpf_map_lookup_elem(&data_flows, key);

	if (!flow || (flow_is_closed(flow) && !is_made))
		return REASON_NO_FLOW;
	return flow_judge(key, flow, true, is_made, INBOUND, ifindex);
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

#endif
