/* SPDX-License-Identifier: GPL-2.0-only */
/* Counting, and the two logs that people read: see struct event. */
#ifndef POSTERN_REPORT_BPF_H
#define POSTERN_REPORT_BPF_H

#include "state_maps.bpf.h"

#define NS_PER_S 1000000000ull

static __always_inline void count(enum direction direction, __u32 counter, __u32 bytes)
{
	__u32 key = direction * N_COUNTERS + counter;
	struct counter_value *value = bpf_map_lookup_elem(&counters, &key);

	if (value) {
		value->packets++;
		value->bytes += bytes;
	}
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

/* Whether this CPU may report another one: so many at once, and so many more each second. The clock is
 * read once a tick at most, since this is on the path of every packet of a flood. */
static __always_inline bool sample_take(__u32 what, __u64 per_second)
{
	struct sample *sample = bpf_map_lookup_elem(&samples, &what);
	__u64 tick, second;

	if (!sample)
		return false;
	if (!sample->left) {
		tick = bpf_jiffies64();
		if (tick == sample->tick)
			return false;
		sample->tick = tick;
		second = bpf_ktime_get_boot_ns() / NS_PER_S;
		if (second == sample->second)
			return false;
		sample->second = second;
		sample->left = per_second;
	}
	sample->left--;
	return true;
}

/* What the network did; the caller has asked sample_take(). */
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
