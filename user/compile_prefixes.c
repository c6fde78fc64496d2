// SPDX-License-Identifier: GPL-2.0-only
/* Collects the prefixes of zones, sorted, and makes a table of each family. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile_ranges.h"

static_assert(MAX_RANGES == 4194304, "the limit is spelled out below");
static const char too_many_ranges[] =
	"at most 4194304 ranges of addresses in zones, and as many blocked: about 2 million prefixes";

/* Which table is being made. */
struct purpose {
	const struct zone_set *zones;
	struct set_pool *sets; /* NULL: it does not matter which zones */
	const char **limit;
};

int prefix_compare_nested(const struct prefix *a, const struct prefix *b)
{
	int order = (int)b->is_ipv4 - (int)a->is_ipv4;

	if (!order)
		order = memcmp(&a->addr, &b->addr, sizeof(a->addr));
	return order ? order : (int)a->length - (int)b->length;
}

static int compare_members(const void *a, const void *b)
{
	return prefix_compare_nested(&((const struct member *)a)->prefix,
				     &((const struct member *)b)->prefix);
}

/* The zone `any` has no ranges: ports that are open for it do not ask. */
static bool counts(const struct purpose *purpose, size_t zone)
{
	return zone_set_has(purpose->zones, zone) && !(purpose->sets && zone == ZONE_ANY);
}

static size_t count_members(const struct policy *policy, const struct purpose *purpose)
{
	size_t n = 0;

	for (size_t i = 0; i < policy->n_zones; i++)
		if (counts(purpose, i))
			n += policy->zones[i].n_prefixes;
	return n;
}

static void collect_members(const struct policy *policy, const struct purpose *purpose,
			    struct member *members)
{
	for (size_t i = 0; i < policy->n_zones; i++)
		for (size_t k = 0; counts(purpose, i) && k < policy->zones[i].n_prefixes; k++)
			*members++ = (struct member){policy->zones[i].prefixes[k], (uint16_t)i};
}

static int make_table(const struct member *members, size_t n, const struct purpose *purpose,
		      struct range_table *ret)
{
	struct range_list list;
	int err;

	if (!n)
		return 0;
	err = ranges_sweep(members, n, purpose->sets, &list);
	if (err)
		return err;
	if (list.n > MAX_RANGES) {
		*purpose->limit = too_many_ranges;
		err = -E2BIG;
	} else {
		err = ranges_index(members, n, &list, ret);
	}
	free(list.ranges);
	return err;
}

static int make_tables(const struct policy *policy, const struct purpose *purpose, struct range_table *ret4,
		       struct range_table *ret6)
{
	size_t n = count_members(policy, purpose), n4 = 0;
	struct member *members = calloc(n + 1, sizeof(*members));
	int err;

	if (!members)
		return -ENOMEM;
	collect_members(policy, purpose, members);
	qsort(members, n, sizeof(*members), compare_members);
	while (n4 < n && members[n4].prefix.is_ipv4)
		n4++;
	err = make_table(members, n4, purpose, ret4);
	if (!err)
		err = make_table(members + n4, n - n4, purpose, ret6);
	free(members);
	return err;
}

int compile_prefixes(const struct policy *policy, const struct zone_set *used, struct compiled *compiled,
		     const char **ret_limit)
{
	struct purpose purpose = {.zones = used, .sets = set_pool_new(), .limit = ret_limit};
	int err = -ENOMEM;

	if (purpose.sets)
		err = make_tables(policy, &purpose, &compiled->zones4, &compiled->zones6);
	if (!err)
		compiled->zone_sets = set_pool_take(purpose.sets, &compiled->n_zone_sets);
	set_pool_free(purpose.sets);
	return err;
}

int compile_block(const struct policy *policy, struct compiled *compiled, const char **ret_limit)
{
	struct zone_set blocked = zone_set_of(policy->block, policy->n_block);
	struct purpose purpose = {.zones = &blocked, .limit = ret_limit};

	return make_tables(policy, &purpose, &compiled->block4, &compiled->block6);
}
