// SPDX-License-Identifier: GPL-2.0-only
/* Chooses which bits of an address number the buckets of a table, and what each bucket holds. */
#include <errno.h>
#include <stdlib.h>

#include "compile_ranges.h"

/* How many bits at the front two addresses share, 128 at most. */
static unsigned shared_bits(const struct position *a, const struct position *b)
{
	if (a->high != b->high)
		return (unsigned)__builtin_clzll(a->high ^ b->high);
	return a->low == b->low ? 128 : 64u + (unsigned)__builtin_clzll(a->low ^ b->low);
}

/* All that is between two addresses in order shares what they share. */
static unsigned common_length(const struct member *members, size_t n)
{
	struct position first = position_of(&members[0].prefix), last = position_of(&members[n - 1].prefix);
	unsigned length = shared_bits(&first, &last);

	for (size_t i = 0; i < n; i++)
		if (members[i].prefix.length < length)
			length = members[i].prefix.length;
	return length;
}

static struct range_window window_of(const struct member *members, size_t n, size_t n_ranges)
{
	unsigned all = members->prefix.is_ipv4 ? 32 : 128, skip = common_length(members, n);
	struct position first = position_of(&members->prefix);
	struct range_window window = {.bits = 1};

	while (window.bits < MAX_WINDOW_BITS && (size_t)1 << window.bits < n_ranges)
		window.bits++;
	window.skip = skip < all - window.bits ? skip : all - window.bits;
	if (window.skip >= 64)
		window.common_high = first.high;
	else if (window.skip)
		window.common_high = first.high & ~(UINT64_MAX >> window.skip);
	if (window.skip > 64)
		window.common_low = first.low & ~(UINT64_MAX >> (window.skip - 64));
	return window;
}

static bool begins_before(const struct range6 *range, const struct position *at)
{
	struct position from = {.high = range->from_high, .low = range->from_low};

	return position_compare(&from, at) < 0;
}

static void fill_buckets(const struct range_window *window, const struct range_list *list,
			 struct range_bucket *buckets)
{
	struct position at = {.high = window->common_high, .low = window->common_low};
	size_t next = 1; /* the first range that begins behind `at` */

	for (size_t i = 0; i < (size_t)1 << window->bits; i++) {
		struct position end = position_behind(at, window->skip + window->bits);

		while (next < list->n && begins_before(&list->ranges[next], &at))
			next++;
		if (next < list->n && list->ranges[next].from_high == at.high &&
		    list->ranges[next].from_low == at.low)
			next++;
		buckets[i].first = (uint32_t)next - 1;
		while (next < list->n && begins_before(&list->ranges[next], &end))
			next++;
		buckets[i].last = (uint32_t)next - 1;
		at = end;
	}
}

/* As the family's own maps have them. */
static int copy_ranges(const struct range_list *list, bool is_ipv4, struct range_table *table)
{
	if (is_ipv4)
		table->ranges4 = calloc(list->n, sizeof(*table->ranges4));
	else
		table->ranges6 = calloc(list->n, sizeof(*table->ranges6));
	if (is_ipv4 ? !table->ranges4 : !table->ranges6)
		return -ENOMEM;
	for (size_t i = 0; i < list->n; i++) {
		if (is_ipv4)
			table->ranges4[i] =
				(struct range4){.from = (uint32_t)(list->ranges[i].from_high >> 32),
						.value = list->ranges[i].value};
		else
			table->ranges6[i] = list->ranges[i];
	}
	table->n_ranges = list->n;
	return 0;
}

int ranges_index(const struct member *members, size_t n, const struct range_list *list,
		 struct range_table *ret)
{
	struct range_table table = {.window = window_of(members, n, list->n)};

	table.n_buckets = (size_t)1 << table.window.bits;
	table.buckets = calloc(table.n_buckets, sizeof(*table.buckets));
	if (!table.buckets || copy_ranges(list, members->prefix.is_ipv4, &table)) {
		range_table_free(&table);
		return -ENOMEM;
	}
	fill_buckets(&table.window, list, table.buckets);
	*ret = table;
	return 0;
}

void range_table_free(struct range_table *table)
{
	free(table->ranges4);
	free(table->ranges6);
	free(table->buckets);
}
