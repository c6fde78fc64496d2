/* SPDX-License-Identifier: GPL-2.0-only */
/* The data connections of active FTP leave: what connect() was seen to be allowed, and nothing else. */
#ifndef POSTERN_ACTIVE_OPEN_BPF_H
#define POSTERN_ACTIVE_OPEN_BPF_H

#include "flow_open.bpf.h"

static __always_inline bool session_is_live(__u64 cookie)
{
	return bpf_map_lookup_elem(&sessions, &cookie);
}

/* Once for each connection, not for each SYN. */
static __always_inline void active_report(struct active *active, const struct flow_key *key, __u64 cookie)
{
	struct totals *totals = totals_get();
	struct event *event;
	__u64 sequence;

	if (active->is_reported)
		return;
	active->is_reported = 1;
	if (totals)
		__sync_fetch_and_add(&totals->refused, 1);
	event = report_begin(EVENT_PINHOLE_REFUSED, &sequence);
	if (!event)
		return;
	event->peer = active->client;
	event->local = key->peer;
	event->local_port = key->peer_port;
	event->cookie = cookie;
	event->protocol = PROTO_TCP;
	event->reason = active->refusal;
	event_set_process(event, cookie);
	event_end(event, sequence);
}

/* A connection that no rule admits: one of active FTP, to the client whose session is live? REASON_NONE where
 * it is none. */
static __noinline verdict active_open(struct __sk_buff *skb, const struct flow_key *key, bool is_ipv4,
				      __u32 ifindex)
{
	__u64 cookie = bpf_get_socket_cookie(skb);
	struct active *active = bpf_map_lookup_elem(&actives, &cookie);
	const struct port_rule *control;

	if (!active || active->port != key->peer_port)
		return REASON_NONE;
	if (active->refusal) {
		active_report(active, key, cookie);
		return REASON_NONE;
	}
	if (!addr_equal(&active->client, &key->peer) || !session_is_live(active->session))
		return REASON_NONE;
	control = port_rule_get(INBOUND, TRANSPORT_TCP, active->control_port);
	if (!control || !(control->flags & PORT_ACTIVE) ||
	    !rule_admits(control, &key->peer, &key->local, ifindex, is_ipv4))
		return REASON_NONE;
	return flow_open(skb, key, active->service, active->control_port);
}

#endif
