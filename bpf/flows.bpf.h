/* SPDX-License-Identifier: GPL-2.0-only */
/* Flows: when one is over, and whose fragments may follow. */
#ifndef POSTERN_FLOWS_BPF_H
#define POSTERN_FLOWS_BPF_H

#include "report.bpf.h"

enum { FLOW_TCP = 6 };

/* A TCP flow ends with its socket and a linger, a UDP flow by time. `now` is CLOCK_BOOTTIME. */
static __always_inline bool flow_is_over(const struct flow_key *key, const struct flow *flow, __u64 now)
{
	if (key->protocol == FLOW_TCP)
		return flow->closing_ns && now > flow->closing_ns + TCP_LINGER_S * NS_PER_S;
	return now > flow->seen_ns + UDP_TIMEOUT_S * NS_PER_S;
}

/* One more flow of the user; false where that is too many. */
static __always_inline bool user_take(__u32 uid)
{
	__u64 *count = bpf_map_lookup_elem(&users, &uid), zero = 0;

	if (!count) {
		bpf_map_update_elem(&users, &uid, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&users, &uid);
	}
	if (!count || *count >= MAX_FLOWS_PER_USER)
		return false;
	__sync_fetch_and_add(count, 1);
	return true;
}

static __always_inline void user_release(__u32 uid)
{
	__u64 *count = bpf_map_lookup_elem(&users, &uid);

	if (count)
		__sync_fetch_and_add(count, -1);
}

/* Remembers a flow that this host opens, in the place of an older one of the same addresses and ports. 0, or
 * the enum reason. */
static __always_inline __u32 flow_insert(const struct flow_key *key, const struct flow *flow)
{
	struct flow *old = bpf_map_lookup_elem(&flows, key);
	bool is_new = !old || old->uid != flow->uid;
	__u32 old_uid = old ? old->uid : 0;

	if (is_new && !user_take(flow->uid))
		return REASON_USER_FLOWS;
	/* Told apart, so that two CPUs that open the same flow at once do not count it twice. */
	if (bpf_map_update_elem(&flows, key, flow, old ? BPF_EXIST : BPF_NOEXIST)) {
		if (is_new)
			user_release(flow->uid);
		return REASON_FLOWS_FULL;
	}
	if (is_new && old)
		user_release(old_uid);
	return REASON_NONE;
}

static __always_inline void flow_remove(const struct flow_key *key, __u32 uid)
{
	if (!bpf_map_delete_elem(&flows, key))
		user_release(uid);
}

static __always_inline bool flow_begin_linger(void *map, const struct flow_key *key, __u64 cookie)
{
	struct flow *flow = bpf_map_lookup_elem(map, key);

	if (!flow || flow->cookie != cookie)
		return false;
	flow->closing_ns = bpf_ktime_get_boot_ns();
	return true;
}

/* Its socket is closed. Only the flow of that very socket ends: another may have taken its place. */
static __always_inline void flow_socket_closed(const struct flow_key *key, __u64 cookie)
{
	if (!flow_begin_linger(&flows, key, cookie))
		flow_begin_linger(&data_flows, key, cookie);
}

static __always_inline bool fragment_peer_is_live(const struct fragment_peer *peer, __u64 now)
{
	return now <= peer->seen_ns + UDP_TIMEOUT_S * NS_PER_S;
}

/* This host sends UDP to `peer`. Where there is no room, its fragments are denied: nobody else's entry goes.
 */
static __always_inline void fragment_peer_touch(const struct addr *peer, __u64 now)
{
	struct fragment_peer *found = bpf_map_lookup_elem(&fragment_peers, peer);
	struct fragment_peer fresh = {.seen_ns = now};

	if (found)
		found->seen_ns = now;
	else
		bpf_map_update_elem(&fragment_peers, peer, &fresh, BPF_NOEXIST);
}

#endif
