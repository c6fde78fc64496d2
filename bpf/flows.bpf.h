/* SPDX-License-Identifier: GPL-2.0-only */
/* Flows: when one is over, and whose fragments may follow. */
#ifndef POSTERN_FLOWS_BPF_H
#define POSTERN_FLOWS_BPF_H

#include "connections.bpf.h"
#include "report.bpf.h"
#include "traces.bpf.h"

/* A TCP flow ends with its socket and a linger, a UDP flow by time. `now` is CLOCK_BOOTTIME. */
static __always_inline bool flow_is_over(const struct flow_key *key, const struct flow *flow, __u64 now)
{
	if (key->protocol == FLOW_TCP)
		return flow->closing_ns && now > flow->closing_ns + TCP_LINGER_S * NS_PER_S;
	return now > flow->seen_ns + UDP_TIMEOUT_S * NS_PER_S;
}

/* Whether its socket has been closed. Before, closing_ns can be a bound, which lies ahead. */
static __always_inline bool flow_is_closed(const struct flow *flow)
{
	return flow->closing_ns && flow->closing_ns <= bpf_ktime_get_boot_ns();
}

/* One more flow of the user; false where that is too many. Two CPUs that end the same flow at once could take
 * the count below 0, which must not shut the user out. */
static __always_inline bool user_take(const __u32 *uid)
{
	__s64 *count = bpf_map_lookup_elem(&users, uid), zero = 0;

	if (!count) {
		bpf_map_update_elem(&users, uid, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&users, uid);
	}
	if (!count || *count >= MAX_FLOWS_PER_USER)
		return false;
	__sync_fetch_and_add(count, 1);
	return true;
}

static __always_inline void user_release(const __u32 *uid)
{
	__s64 *count = bpf_map_lookup_elem(&users, uid);

	if (count && *count > 0)
		__sync_fetch_and_add(count, -1);
}

/* (uid_t)-1, which no user has. */
static const __u32 nobody = ~0u;

enum { FLOW_TRIES = 2, IS_THERE = -17 /* -EEXIST */ };

/* See flow_take(). Not a plain store: what the taker has written comes before it on every CPU, and another
 * entry's user is left alone. */
static __always_inline void flow_give(struct flow *flow, __u32 uid)
{
	__sync_val_compare_and_swap(&flow->uid, nobody, uid);
}

/* Only who has taken the user out of an entry may replace it, remove it or give it to another user, and ends
 * or goes on with that user's charge: several CPUs may be about to. nobody: another one has it, or it is not
 * this key's entry any more. */
static __always_inline __u32 flow_take(const struct flow_key *key, struct flow *flow)
{
	__u32 uid = __sync_lock_test_and_set(&flow->uid, nobody);

	if (uid == nobody || bpf_map_lookup_elem(&flows, key) == flow)
		return uid;
	flow_give(flow, uid);
	return nobody;
}

/* Another CPU was quicker to remember it. Without branches, which the verifier would follow. */
static __always_inline bool flow_is_same(const struct flow *a, const struct flow *b)
{
	return !((a->cookie ^ b->cookie) | a->closing_ns | b->closing_ns | (a->uid ^ b->uid) |
		 (a->generation ^ b->generation) | (a->service ^ b->service) |
		 (a->control_port ^ b->control_port) | (a->ifindex ^ b->ifindex));
}

/* In the place of an older flow of the same addresses and ports, where `is_counted` says whether its user had
 * room for one more. 0, or the enum reason. A copy of a SYN, without its socket, ends nothing that lives.
 * While another CPU is about to change the entry the packet passes and nothing is remembered of it: that CPU
 * does. */
static __noinline __u32 flow_replace(const struct flow_key *key, const struct flow *flow, bool is_counted)
{
	__u32 reason = REASON_NONE, charged;
	bool is_spare = is_counted; /* nothing is there yet that the user is charged for */

	for (int i = 0; i < FLOW_TRIES; i++) {
		struct flow *old = bpf_map_lookup_elem(&flows, key);

		if (!old && !is_counted)
			return REASON_USER_FLOWS;
		if (!old) {
			int err = bpf_map_update_elem(&flows, key, flow, BPF_NOEXIST);

			if (err == IS_THERE)
				continue;
			is_spare = err;
			reason = err ? REASON_FLOWS_FULL : REASON_NONE;
			break;
		}
		if (flow_is_same(old, flow) && !flow_is_over(key, old, flow->seen_ns)) {
			old->seen_ns = flow->seen_ns;
			break;
		}
		charged = flow_take(key, old);
		if (charged == nobody)
			continue;
		if (flow->closing_ns && !old->closing_ns) {
			flow_give(old, charged);
			break;
		}
		if (!is_counted && charged != flow->uid) {
			flow_give(old, charged);
			return REASON_USER_FLOWS;
		}
		if (bpf_map_update_elem(&flows, key, flow, BPF_EXIST)) {
			flow_give(old, charged);
			reason = REASON_FLOWS_FULL;
			break;
		}
		if (is_counted)
			user_release(&charged);
		return REASON_NONE;
	}
	if (is_spare)
		user_release(&flow->uid);
	return reason;
}

/* Remembers a flow that this host opens. 0, or the enum reason. Most have no older one, and of two CPUs that
 * open the same flow at once only one counts it. */
static __always_inline __u32 flow_insert(const struct flow_key *key, const struct flow *flow)
{
	bool is_counted = user_take(&flow->uid);

	if (key->protocol == FLOW_TCP)
		trace_leave(key->local_port, TRACE_FLOW);
	if (is_counted && !bpf_map_update_elem(&flows, key, flow, BPF_NOEXIST))
		return REASON_NONE;
	return flow_replace(key, flow, is_counted);
}

/* One through a pinhole. 0 or -errno. */
static __always_inline long data_flow_insert(const struct flow_key *key, const struct flow *flow,
					     __u64 update_flags)
{
	trace_leave(key->local_port, TRACE_DATA_FLOW);
	return bpf_map_update_elem(&data_flows, key, flow, update_flags);
}

/* Looked at again, as it may have been renewed. An entry that the kernel cannot remove now (-EBUSY) is left
 * for the next time. */
static __always_inline void flow_remove_over(const struct flow_key *key, struct flow *flow, __u64 now)
{
	__u32 charged = flow_take(key, flow);

	if (charged == nobody)
		return;
	if (!flow_is_over(key, flow, now) || bpf_map_delete_elem(&flows, key))
		flow_give(flow, charged);
	else
		user_release(&charged);
}

/* One that lingers already goes on with `flow`, if that one's user has room for it. Whether that user is
 * charged for it now, in the old one's place. */
static __always_inline bool linger_renew(const struct flow_key *key, struct flow *old,
					 const struct flow *flow, bool is_counted)
{
	__u32 charged = flow_take(key, old);
	bool is_same = charged == flow->uid;

	if (charged == nobody)
		return false;
	if (!old->closing_ns || (!is_same && !is_counted)) {
		flow_give(old, charged);
		return false;
	}
	old->service = flow->service;
	old->generation = flow->generation;
	old->closing_ns = flow->closing_ns;
	flow_give(old, flow->uid);
	if (!is_same)
		user_release(&charged);
	return !is_same;
}

/* What lingers is charged to its user, and is over at once where there is no room for it. A flow of the same
 * addresses and ports that lives is another socket's. */
static __always_inline void flow_linger(const struct flow_key *key, const struct flow *flow)
{
	bool is_counted = user_take(&flow->uid), is_charged;
	struct flow *old;

	if (is_counted && !bpf_map_update_elem(&flows, key, flow, BPF_NOEXIST))
		return;
	old = bpf_map_lookup_elem(&flows, key);
	is_charged = old && old->closing_ns && linger_renew(key, old, flow, is_counted);
	if (is_counted && !is_charged)
		user_release(&flow->uid);
}

/* It goes on as a flow for what the peer sends yet. Nothing happens where its place does not hold what `tag`
 * says, or no longer. */
static __noinline void connection_linger(const struct connection *connection, __u32 place, __u32 tag)
{
	struct flow_key key = connection_key(connection, connection_local_port(place, tag));
	struct flow flow = connection_flow(connection, bpf_ktime_get_boot_ns());

	if (tag == connection_tag(&key.local, &key.peer, key.local_port, key.peer_port))
		flow_linger(&key, &flow);
}

/* The socket of that local port is closed. `is_whole`: both ends have sent their FIN and had it acknowledged,
 * and no TIME_WAIT follows, so that nothing more is to come. Of most sockets nothing is there, or no longer:
 * a close is told more than once, also when its port has been given to another socket, whose entry can be
 * half written: its cookie counts only with a tag that was there before. */
static __always_inline void connection_socket_closed(__u16 local_port, __u64 cookie, bool is_whole)
{
	struct connection *connection = connection_at(local_port);
	__u32 tag;

	if (!connection)
		return;
	tag = connection->tag;
	barrier();
	if (tag == CONNECTION_NONE || tag == CONNECTION_CLAIMED || connection->cookie != cookie)
		return;
	if (!is_whole)
		connection_linger(connection, connection_place(local_port), tag);
	__sync_val_compare_and_swap(&connection->tag, tag, CONNECTION_NONE);
}

static __always_inline void flow_begin_linger(void *map, const struct flow_key *key, __u64 cookie)
{
	struct flow *flow = bpf_map_lookup_elem(map, key);

	if (flow && flow->cookie == cookie)
		flow->closing_ns = bpf_ktime_get_boot_ns();
}

/* Its socket is closed: its flow in a hash lingers. Only that of this very socket does: another may have
 * taken its place. `traces` says which maps it can be in. */
static __always_inline void flow_socket_closed(const struct flow_key *key, __u64 cookie, __u32 traces)
{
	if (traces & TRACE_FLOW)
		flow_begin_linger(&flows, key, cookie);
	if (traces & TRACE_DATA_FLOW)
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
