// SPDX-License-Identifier: GPL-2.0-only
/* Gives ports and protocols the sets of zones that they are open for. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "compile_parts.h"

static_assert(MAX_PEER_SETS == 4096, "the limit is spelled out below");
static const char too_many_sets[] = "at most 4096 different sets of zones that ports are open for";

struct peer_sets {
	struct set_pool *pool;
	const char **limit;
	struct zone_set all4; /* zones that hold 0.0.0.0/0 */
	struct zone_set all6; /* zones that hold ::/0 */
};

static void find_total_zones(const struct policy *policy, struct peer_sets *sets)
{
	zone_set_add(&sets->all4, ZONE_ANY);
	zone_set_add(&sets->all6, ZONE_ANY);
	for (size_t i = 0; i < policy->n_zones; i++)
		for (size_t k = 0; k < policy->zones[i].n_prefixes; k++)
			if (policy->zones[i].prefixes[k].length == 0)
				zone_set_add(policy->zones[i].prefixes[k].is_ipv4 ? &sets->all4 : &sets->all6,
					     i);
}

struct peer_sets *peer_sets_new(const struct policy *policy, const char **ret_limit)
{
	struct peer_sets *sets = calloc(1, sizeof(*sets));

	if (!sets)
		return NULL;
	/* Index 0 is what a port without a rule has: it admits nobody. */
	sets->pool = set_pool_new();
	if (!sets->pool) {
		free(sets);
		return NULL;
	}
	sets->limit = ret_limit;
	find_total_zones(policy, sets);
	return sets;
}

void peer_sets_free(struct peer_sets *sets)
{
	if (!sets)
		return;
	set_pool_free(sets->pool);
	free(sets);
}

int peer_sets_assign(struct peer_sets *sets, const struct zone_set *set, struct port_rule *rule)
{
	uint32_t index;
	int err = set_pool_intern(sets->pool, set, &index);

	if (err)
		return err;
	if (index >= MAX_PEER_SETS) {
		*sets->limit = too_many_sets;
		return -E2BIG;
	}
	rule->peers = (uint16_t)index;
	if (zone_set_intersects(set, &sets->all4) && zone_set_intersects(set, &sets->all6))
		rule->flags |= PORT_ANY;
	return 0;
}

void peer_sets_take(struct peer_sets *sets, struct compiled *compiled)
{
	compiled->peers = set_pool_take(sets->pool, &compiled->n_peers);
}
