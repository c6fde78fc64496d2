// SPDX-License-Identifier: GPL-2.0-only
/* Stores each set of zones once, however many ports and protocols are open for it. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile_parts.h"

static_assert(MAX_PEER_SETS == 4096, "the limit is spelled out below");
static const char too_many_sets[] = "at most 4096 different sets of zones that ports are open for";

enum { HASH_SLOTS = 4 * MAX_PEER_SETS };

struct peer_sets {
	struct compiled *compiled;
	const char **limit;
	struct zone_set all4;      /* zones that hold 0.0.0.0/0 */
	struct zone_set all6;      /* zones that hold ::/0 */
	uint16_t hash[HASH_SLOTS]; /* index in compiled->peers + 1; 0: free */
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

static uint32_t hash_of(const struct zone_set *set)
{
	uint64_t hash = 0;

	for (int i = 0; i < ZONE_WORDS; i++)
		hash = (hash ^ set->bits[i]) * UINT64_C(0x9e3779b97f4a7c15) ^ (hash >> 29);
	return (uint32_t)(hash >> 32) % HASH_SLOTS;
}

static int intern_set(struct peer_sets *sets, const struct zone_set *set, uint16_t *ret_index)
{
	struct compiled *compiled = sets->compiled;
	uint32_t slot = hash_of(set);

	for (; sets->hash[slot]; slot = (slot + 1) % HASH_SLOTS) {
		uint16_t index = sets->hash[slot] - 1;

		if (memcmp(&compiled->peers[index], set, sizeof(*set)) == 0) {
			*ret_index = index;
			return 0;
		}
	}
	if (compiled->n_peers == MAX_PEER_SETS) {
		*sets->limit = too_many_sets;
		return -E2BIG;
	}
	compiled->peers[compiled->n_peers] = *set;
	*ret_index = (uint16_t)compiled->n_peers++;
	sets->hash[slot] = (uint16_t)compiled->n_peers;
	return 0;
}

struct peer_sets *peer_sets_new(const struct policy *policy, struct compiled *compiled,
				const char **ret_limit)
{
	struct peer_sets *sets = calloc(1, sizeof(*sets));
	struct zone_set nobody = {0};
	uint16_t first;

	if (!sets)
		return NULL;
	sets->compiled = compiled;
	sets->limit = ret_limit;
	find_total_zones(policy, sets);
	/* Index 0 is what a port without a rule has: it admits nobody. */
	intern_set(sets, &nobody, &first);
	return sets;
}

void peer_sets_free(struct peer_sets *sets)
{
	free(sets);
}

int peer_sets_assign(struct peer_sets *sets, const struct zone_set *set, struct port_rule *rule)
{
	int err = intern_set(sets, set, &rule->peers);

	if (!err && zone_set_intersects(set, &sets->all4) && zone_set_intersects(set, &sets->all6))
		rule->flags |= PORT_ANY;
	return err;
}
