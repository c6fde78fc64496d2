/* SPDX-License-Identifier: GPL-2.0-only */
/* Counting, and the two logs that people read: see struct event. */
#ifndef POSTERN_REPORT_BPF_H
#define POSTERN_REPORT_BPF_H

#include "state_maps.bpf.h"

#define NS_PER_S 1000000000ull

/* This CPU's entry, for denial_may_be_reported(). */
static __always_inline struct counter_value *count(enum direction direction, __u32 counter, __u32 bytes)
{
	__u32 key = counter_index(direction, counter);
	struct counter_value *value = bpf_map_lookup_elem(&counters, &key);

	if (value) {
		value->packets++;
		value->bytes += bytes;
	}
	return value;
}

static __always_inline struct totals *totals_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&totals, &zero);
}

/* The next entry of a log, all zero but for its time, or NULL. event_end() makes it valid. */
static __always_inline struct event *event_begin(void *map, __u32 size, __u64 *head, __u64 *sequence)
{
	struct event *event;
	__u32 key;

	*sequence = __sync_fetch_and_add(head, 1) + 1;
	key = *sequence % size;
	event = bpf_map_lookup_elem(map, &key);
	if (!event)
		return NULL;
	__builtin_memset(event, 0, sizeof(*event));
	event->time_ns = bpf_ktime_get_boot_ns();
	return event;
}

static __always_inline void event_end(struct event *event, __u64 sequence)
{
	barrier();
	event->sequence = sequence;
}

/* Names the process, where it was seen to connect. */
static __always_inline void event_set_process(struct event *event, __u64 cookie)
{
	const struct attempt *attempt = attempt_slot(cookie);

	if (!cookie || !attempt || attempt->cookie != cookie)
		return;
	event->pid = attempt->pid;
	event->uid = attempt->uid;
	__builtin_memcpy(event->comm, attempt->comm, sizeof(event->comm));
}

/* What this host itself did. */
static __always_inline struct event *report_begin(enum event_kind kind, __u64 *sequence)
{
	__u32 zero = 0;
	struct event_heads *heads = bpf_map_lookup_elem(&event_heads, &zero);
	struct event *event;

	if (!heads)
		return NULL;
	event = event_begin(&events, N_EVENTS, &heads->events, sequence);
	if (event)
		event->kind = kind;
	return event;
}

/* Whether one more may be had now: so many at once, and so many more each second. The clock is read once a
 * tick at most, since this is on the path of every packet of a flood. */
static __always_inline bool allowance_take(struct allowance *allowance, __u32 per_second)
{
	__u32 tick, second;

	if (!allowance->left) {
		tick = bpf_jiffies64();
		if (tick == allowance->tick)
			return false;
		allowance->tick = tick;
		second = bpf_ktime_get_boot_ns() / NS_PER_S;
		if (second == allowance->second)
			return false;
		allowance->second = second;
		allowance->left = per_second;
	}
	allowance->left--;
	return true;
}

/* Of what others can cause without end, this CPU's part. */
static __always_inline bool sample_take(__u32 what, __u32 per_second)
{
	struct allowance *allowance = bpf_map_lookup_elem(&samples, &what);

	return allowance && allowance_take(allowance, per_second);
}

/* `counted` is what count() has returned for it. */
static __always_inline bool denial_may_be_reported(struct counter_value *counted)
{
	return counted && allowance_take(&counted->reports, DENIALS_PER_SECOND);
}

/* What the network did; the caller has asked denial_may_be_reported(). */
static __always_inline struct event *denial_begin(__u64 *sequence)
{
	__u32 zero = 0;
	struct event_heads *heads = bpf_map_lookup_elem(&event_heads, &zero);
	struct event *event;

	if (!heads)
		return NULL;
	event = event_begin(&denials, N_DENIALS, &heads->denials, sequence);
	if (event)
		event->kind = EVENT_DENY;
	return event;
}

#endif
