/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds the range that holds an address: see struct range4. */
#ifndef POSTERN_RANGES_BPF_H
#define POSTERN_RANGES_BPF_H

#include "addr.bpf.h"

/* What a table that cannot be read answers: no index of a set of zones, so no zone; but not 0, so blocked. */
#define RANGE_UNREADABLE (~0u)

/* Constants of a generation: the verifier computes with them and leaves out what they rule out. */
const volatile struct range_window zone_window4 = {};
const volatile struct range_window zone_window6 = {};
const volatile struct range_window block_window4 = {};
const volatile struct range_window block_window6 = {};

/* False: the address does not begin as the prefixes of the table all do. */
static __always_inline bool window_bucket(const volatile struct range_window *window, __u64 high, __u64 low,
					  __u32 *ret)
{
	__u32 skip = window->skip;
	__u64 behind = high;

	if (skip >= 64) {
		if (high != window->common_high)
			return false;
		if (skip > 64 && (low ^ window->common_low) >> (128 - skip))
			return false;
		behind = low << (skip - 64);
	} else if (skip) {
		if ((high ^ window->common_high) >> (64 - skip))
			return false;
		behind = high << skip | low >> (64 - skip);
	}
	*ret = behind >> (64 - window->bits);
	return true;
}

static __always_inline bool range_begins_behind(const void *range, __u64 high, __u64 low, bool is_ipv4)
{
	const struct range4 *range4 = range;
	const struct range6 *range6 = range;

	if (is_ipv4)
		return range4->from > high >> 32;
	return range6->from_high > high || (range6->from_high == high && range6->from_low > low);
}

/* The value of the range that holds the address, or RANGE_UNREADABLE. Its number is only ever a key on the
 * stack, so that the verifier need not know it: one state for each step is all that it sees. */
static __always_inline __u32 range_find(void *ranges, void *buckets,
					const volatile struct range_window *window, __u64 high, __u64 low,
					bool is_ipv4)
{
	const struct range_bucket *bucket;
	__u32 key, first, last, middle;
	const void *range;

	if (!window->bits || !window_bucket(window, high, low, &key))
		return 0;
	bucket = bpf_map_lookup_elem(buckets, &key);
	if (!bucket)
		return RANGE_UNREADABLE;
	first = bucket->first;
	last = bucket->last;
	for (int i = 0; i < RANGE_STEPS && first < last; i++) {
		middle = (first + last + 1) / 2;
		key = middle;
		range = bpf_map_lookup_elem(ranges, &key);
		if (!range)
			return RANGE_UNREADABLE;
		if (range_begins_behind(range, high, low, is_ipv4))
			last = middle - 1;
		else
			first = middle;
	}
	key = first;
	range = bpf_map_lookup_elem(ranges, &key);
	if (!range || first < last)
		return RANGE_UNREADABLE;
	return is_ipv4 ? ((const struct range4 *)range)->value : ((const struct range6 *)range)->value;
}

static __always_inline __u32 range4_find(void *ranges, void *buckets,
					 const volatile struct range_window *window, const struct addr *addr)
{
	return range_find(ranges, buckets, window, (__u64)bpf_ntohl(addr->word[3]) << 32, 0, true);
}

static __always_inline __u32 range6_find(void *ranges, void *buckets,
					 const volatile struct range_window *window, const struct addr *addr)
{
	return range_find(ranges, buckets, window, addr_half(addr, 0), addr_half(addr, 1), false);
}

#endif
