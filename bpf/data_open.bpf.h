/* SPDX-License-Identifier: GPL-2.0-only */
/* A pinhole is used up: what came through it goes on as a flow. */
#ifndef POSTERN_DATA_OPEN_BPF_H
#define POSTERN_DATA_OPEN_BPF_H

#include "flows.bpf.h"
#include "pinholes_shared.bpf.h"

/* The flow comes first, so that no packet in between finds neither. A function of its own, for its room on
 * the stack. */
static __noinline bool pinhole_to_flow(const struct pinhole_key *key, const struct pinhole *pinhole,
				       const struct flow_key *flow_key, __u64 cookie)
{
	struct totals *totals = totals_get();
	struct flow flow = {
		.cookie = cookie,
		.since_ns = bpf_ktime_get_boot_ns(),
		.service = pinhole->service,
		.control_port = pinhole->control_port,
	};
	struct pinhole copy = *pinhole; /* a removed entry can be given to another pinhole at once */
	long error = data_flow_insert(flow_key, &flow, BPF_ANY);

	if (error && totals)
		__sync_fetch_and_add(&totals->untracked, 1);
	if (!pinhole_remove(key)) {
		bpf_map_delete_elem(&data_flows, flow_key);
		return false;
	}
	if (totals)
		__sync_fetch_and_add(&totals->used, 1);
	report_pinhole(EVENT_PINHOLE_USED, key, &copy, &flow_key->peer, flow_key->peer_port);
	return !error;
}

/* A data connection through `pinhole` is established: it goes on as a flow, and the pinhole is used up, with
 * all that its listener has. Safe to call again for the same connection: the pinhole is gone then. False
 * where there is no room for the flow or where another connection has used the pinhole: this one is not
 * admitted. */
static __always_inline bool pinhole_use(const struct pinhole_key *key, const struct pinhole *pinhole,
					const struct flow_key *flow_key, __u64 cookie)
{
	__u64 shared = pinhole->is_shared ? pinhole->listener : 0;

	if (!pinhole_to_flow(key, pinhole, flow_key, cookie))
		return false;
	if (shared)
		listener_close_pinholes(shared);
	return true;
}

#endif
