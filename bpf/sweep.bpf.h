/* SPDX-License-Identifier: GPL-2.0-only */
/* A timer in the kernel that removes and reports what is over. Nothing depends on it but room and
 * reports: every lookup checks times itself. */
#ifndef POSTERN_SWEEP_BPF_H
#define POSTERN_SWEEP_BPF_H

#include "active.bpf.h"
#include "flows.bpf.h"
#include "listen.bpf.h"

enum {
	CLOCK_BOOT = 7,      /* CLOCK_BOOTTIME */
	SWEEPS_PER_FLOWS = 8 /* flows end less urgently, and there may be many */
};

struct sweep {
	struct bpf_timer timer;
	__u64 runs;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sweep);
} sweeper SEC(".maps");

static long pinhole_sweep(void *map, const struct pinhole_key *key, const struct pinhole *pinhole, __u64 *now)
{
	struct pinhole_key copy = *key;

	/* Without its session it is over, too: that session's own close may have gone unseen. */
	if (*now > pinhole->expires_ns)
		pinhole_close(&copy, pinhole, EVENT_PINHOLE_EXPIRED);
	else if (!pinhole_has_session(pinhole))
		pinhole_close(&copy, pinhole, EVENT_PINHOLE_CLOSED);
	return 0;
}

static long waiting_sweep(void *map, const struct waiting_key *key, const struct waiting *waiting, __u64 *now)
{
	struct waiting_key copy = *key;
	struct waiting over = *waiting;

	if (*now <= over.expires_ns || !waiting_remove(&copy))
		return 0;
	bpf_map_delete_elem(&listeners, &over.listener);
	report_waiting(&copy, &over, EVENT_PINHOLE_REFUSED, over.refusal, ORIGIN_SOCKET, NULL);
	return 0;
}

static long flow_sweep(void *map, const struct flow_key *key, struct flow *flow, __u64 *now)
{
	struct flow_key copy = *key;

	if (flow_is_over(&copy, flow, *now))
		flow_remove_over(&copy, flow, *now);
	return 0;
}

static long data_flow_sweep(void *map, const struct flow_key *key, const struct flow *flow, __u64 *now)
{
	struct flow_key copy = *key;

	if (flow_is_over(&copy, flow, *now))
		bpf_map_delete_elem(map, &copy);
	return 0;
}

static long fragment_peer_sweep(void *map, const struct addr *key, const struct fragment_peer *peer,
				__u64 *now)
{
	struct addr copy = *key;

	if (!fragment_peer_is_live(peer, *now))
		bpf_map_delete_elem(map, &copy);
	return 0;
}

static int sweep_run(void *map, __u32 *key, struct sweep *sweep)
{
	__u64 now = bpf_ktime_get_boot_ns();

	bpf_for_each_map_elem(&pinholes, pinhole_sweep, &now, 0);
	bpf_for_each_map_elem(&waiting_listeners, waiting_sweep, &now, 0);
	if (sweep->runs++ % SWEEPS_PER_FLOWS == 0) {
		bpf_for_each_map_elem(&flows, flow_sweep, &now, 0);
		bpf_for_each_map_elem(&data_flows, data_flow_sweep, &now, 0);
		bpf_for_each_map_elem(&fragment_peers, fragment_peer_sweep, &now, 0);
		bpf_for_each_map_elem(&actives, active_sweep, &now, 0);
	}
	bpf_timer_start(&sweep->timer, SWEEP_PERIOD_S * NS_PER_S, 0);
	return 0;
}

/* 0 or -errno. A sweep that runs already goes on with this program's code. */
static __always_inline int sweep_start(void)
{
	__u32 zero = 0;
	struct sweep *sweep = bpf_map_lookup_elem(&sweeper, &zero);

	if (!sweep)
		return -1;
	bpf_timer_init(&sweep->timer, &sweeper, CLOCK_BOOT);
	if (bpf_timer_set_callback(&sweep->timer, sweep_run))
		return -1;
	return bpf_timer_start(&sweep->timer, SWEEP_PERIOD_S * NS_PER_S, 0);
}

#endif
