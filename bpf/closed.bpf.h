/* SPDX-License-Identifier: GPL-2.0-only */
/* A connection whose establishment no program saw, of a server that closes its listener as soon as it has
 * accepted it: the pinhole is closed and seems unused. listener_close() remembers it for some seconds, in
 * which the traffic of a socket of this host that is established there makes a flow of it. No SYN passes any
 * more. */
#ifndef POSTERN_CLOSED_BPF_H
#define POSTERN_CLOSED_BPF_H

#include "data_open.bpf.h"

/* As pinhole_find(). Most ports have none, which costs no hash lookup. */
static __always_inline struct pinhole *closed_find(const struct flow_key *flow, struct pinhole_key *key)
{
	__u32 port = flow->local_port, zero = 0;
	const __u32 *until = bpf_map_lookup_elem(&closed_ports, &port);
	const struct settings *in_force;
	struct pinhole *closed;

	if (!until || !*until || bpf_ktime_get_boot_ns() / NS_PER_S > *until)
		return NULL;
	in_force = bpf_map_lookup_elem(&settings, &zero);
	if (!in_force)
		return NULL;
	pinhole_key_make(key, in_force, &flow->peer, &flow->local, flow->local_port);
	closed = bpf_map_lookup_elem(&closed_pinholes, key);
	if (!closed) {
		__builtin_memset(&key->local, 0, sizeof(key->local));
		closed = bpf_map_lookup_elem(&closed_pinholes, key);
	}
	return closed && !pinhole_is_over(closed) ? closed : NULL;
}

/* As pinhole_use(): a socket of this host is established there. */
static __noinline bool closed_use(const struct pinhole_key *key, const struct pinhole *closed,
				  const struct flow_key *flow_key, __u64 cookie)
{
	struct totals *totals = totals_get();
	struct pinhole copy = *closed;
	struct flow flow = {
		.cookie = cookie,
		.since_ns = bpf_ktime_get_boot_ns(),
		.service = copy.service,
		.control_port = copy.control_port,
	};

	if (bpf_map_delete_elem(&closed_pinholes, key) || !totals ||
	    data_flow_insert(flow_key, &flow, BPF_ANY))
		return false;
	__sync_fetch_and_add(&totals->closed, -1);
	__sync_fetch_and_add(&totals->used, 1);
	report_pinhole(EVENT_PINHOLE_USED, key, &copy, &flow_key->peer, flow_key->peer_port);
	return true;
}

#endif
