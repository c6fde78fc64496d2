/* SPDX-License-Identifier: GPL-2.0-only */
/* What a compiled table says of an address: the range in which a plain search of all finds it. */
#ifndef POSTERN_TESTS_RANGES_H
#define POSTERN_TESTS_RANGES_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "compile.h"

/* The first or second half in host byte order; IPv4 in the upper half of the first. */
static inline uint64_t half_of(const struct addr *addr, bool is_ipv4, int half)
{
	if (is_ipv4)
		return half ? 0 : (uint64_t)ntohl(addr->word[3]) << 32;
	return (uint64_t)ntohl(addr->word[2 * half]) << 32 | ntohl(addr->word[2 * half + 1]);
}

static inline bool range_is_behind(const struct range_table *table, size_t i, const struct addr *addr)
{
	bool is_ipv4 = table->ranges4;
	uint64_t high = half_of(addr, is_ipv4, 0), low = half_of(addr, is_ipv4, 1);

	if (table->ranges4)
		return table->ranges4[i].from > high >> 32;
	return table->ranges6[i].from_high > high ||
	       (table->ranges6[i].from_high == high && table->ranges6[i].from_low > low);
}

static inline size_t range_index(const struct range_table *table, const struct addr *addr)
{
	size_t i = 0;

	while (i + 1 < table->n_ranges && !range_is_behind(table, i + 1, addr))
		i++;
	return i;
}

static inline uint32_t range_value(const struct range_table *table, size_t i)
{
	return table->ranges4 ? table->ranges4[i].value : table->ranges6[i].value;
}

static inline uint32_t table_find(const struct range_table *table, const struct addr *addr)
{
	return table->n_ranges ? range_value(table, range_index(table, addr)) : 0;
}

static inline const struct zone_set *zones_of(const struct compiled *c, const struct addr *addr)
{
	return &c->zone_sets[table_find(value_addr_is_ipv4(addr) ? &c->zones4 : &c->zones6, addr)];
}

static inline bool is_blocked(const struct compiled *c, const struct addr *addr)
{
	return table_find(value_addr_is_ipv4(addr) ? &c->block4 : &c->block6, addr);
}

#endif
