// SPDX-License-Identifier: GPL-2.0-only
/* Sweeps over sorted prefixes: ranges of addresses that are in the same zones. */
#include "compile_ranges.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

enum { MAX_NESTING = 129 /* lengths 0 to 128 */ };

/* A prefix that holds the present position. */
struct level {
	struct position end;
	struct zone_set zones; /* those of the levels below too */
	uint32_t value;
};

struct sweep {
	struct range_list list;
	struct set_pool *sets;
	struct level stack[MAX_NESTING + 1]; /* the first: outside of every prefix */
	size_t depth;
};

static uint64_t half_of(const struct addr *addr, int half)
{
	return (uint64_t)ntohl(addr->word[2 * half]) << 32 | ntohl(addr->word[2 * half + 1]);
}

struct position position_of(const struct prefix *prefix)
{
	if (prefix->is_ipv4)
		return (struct position){.high = (uint64_t)ntohl(prefix->addr.word[3]) << 32};
	return (struct position){.high = half_of(&prefix->addr, 0), .low = half_of(&prefix->addr, 1)};
}

struct position position_behind(struct position from, unsigned length)
{
	/* Prefixes are aligned: what overflows is zero. */
	if (length > 64) {
		from.low += UINT64_C(1) << (128 - length);
		from.high += from.low == 0;
	} else {
		from.high += length ? UINT64_C(1) << (64 - length) : 0;
	}
	from.is_over = length == 0 || (from.high == 0 && from.low == 0);
	return from;
}

int position_compare(const struct position *a, const struct position *b)
{
	if (a->is_over != b->is_over)
		return a->is_over ? 1 : -1;
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	return a->low == b->low ? 0 : a->low < b->low ? -1 : 1;
}

/* From there on the answer is `value`: what was said of that position before no longer counts. */
static void begin_range(struct range_list *list, const struct position *at, uint32_t value)
{
	struct range6 *last = &list->ranges[list->n - 1];

	if (at->is_over)
		return;
	if (list->n && last->from_high == at->high && last->from_low == at->low)
		list->n--;
	if (list->n && list->ranges[list->n - 1].value == value)
		return;
	list->ranges[list->n++] = (struct range6){.from_high = at->high, .from_low = at->low, .value = value};
}

/* Leaves the prefixes that end there or before. */
static void leave_levels(struct sweep *sweep, const struct position *at)
{
	while (sweep->depth > 1 && position_compare(&sweep->stack[sweep->depth - 1].end, at) <= 0) {
		sweep->depth--;
		begin_range(&sweep->list, &sweep->stack[sweep->depth].end,
			    sweep->stack[sweep->depth - 1].value);
	}
}

/* `members` are the zones of one prefix. */
static int enter_level(struct sweep *sweep, const struct member *members, size_t n)
{
	struct position at = position_of(&members->prefix);
	struct level *level = &sweep->stack[sweep->depth];
	int err = 0;

	leave_levels(sweep, &at);
	level = &sweep->stack[sweep->depth];
	*level = (struct level){.end = position_behind(at, members->prefix.length),
				.zones = sweep->stack[sweep->depth - 1].zones,
				.value = 1};
	for (size_t i = 0; i < n; i++)
		zone_set_add(&level->zones, members[i].zone);
	if (sweep->sets)
		err = set_pool_intern(sweep->sets, &level->zones, &level->value);
	sweep->depth++;
	begin_range(&sweep->list, &at, level->value);
	return err;
}

static size_t count_equal(const struct member *members, size_t n)
{
	size_t equal = 1;

	while (equal < n && prefix_compare_nested(&members[0].prefix, &members[equal].prefix) == 0)
		equal++;
	return equal;
}

int ranges_sweep(const struct member *members, size_t n, struct set_pool *sets, struct range_list *ret)
{
	const struct position begin = {0}, end = {.is_over = true};
	struct sweep sweep = {.sets = sets, .depth = 1};
	int err = 0;

	/* A range begins with each prefix and behind it, and one before all of them. */
	sweep.list.ranges = calloc(2 * n + 1, sizeof(*sweep.list.ranges));
	if (!sweep.list.ranges)
		return -ENOMEM;
	sweep.stack[0].end.is_over = true;
	begin_range(&sweep.list, &begin, 0);
	for (size_t i = 0, equal; i < n && !err; i += equal) {
		equal = count_equal(members + i, n - i);
		err = enter_level(&sweep, members + i, equal);
	}
	leave_levels(&sweep, &end);
	if (err) {
		free(sweep.list.ranges);
		return err;
	}
	*ret = sweep.list;
	return 0;
}
