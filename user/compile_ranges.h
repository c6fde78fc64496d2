/* SPDX-License-Identifier: GPL-2.0-only */
/* Prefixes of one family to ranges and their buckets. Addresses are numbers here, of two halves in host byte
 * order, IPv4 in the upper half of the first: so a prefix has the same length in both families. */
#ifndef POSTERN_COMPILE_RANGES_H
#define POSTERN_COMPILE_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compile_parts.h"

/* A prefix of a zone. */
struct member {
	struct prefix prefix;
	uint16_t zone;
};

/* Where a range begins, or behind the last address of all. */
struct position {
	uint64_t high;
	uint64_t low;
	bool is_over;
};

struct position position_of(const struct prefix *prefix);
/* Behind the prefix of that length that begins at `from`. */
struct position position_behind(struct position from, unsigned length);
/* As memcmp(). */
int position_compare(const struct position *a, const struct position *b);

/* Ranges with the families' own bounds, as struct range6 in both. */
struct range_list {
	struct range6 *ranges;
	size_t n;
};

/* The ranges of `n` > 0 members of one family, sorted by prefix_compare_nested(). Their values are indexes in
 * `sets`, or 1 in any zone where it is NULL. The caller frees ret->ranges. 0 or -ENOMEM. */
int ranges_sweep(const struct member *members, size_t n, struct set_pool *sets, struct range_list *ret);

/* Makes a table of them, with the window and the buckets that fit the members. 0 or -ENOMEM. */
int ranges_index(const struct member *members, size_t n, const struct range_list *list,
		 struct range_table *ret);

#endif
