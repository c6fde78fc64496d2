// SPDX-License-Identifier: GPL-2.0-only
/* Stores each set of zones once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile_parts.h"

enum { FIRST_ROOM = 64 };

struct set_pool {
	struct zone_set *sets;
	uint32_t n;
	uint32_t room;
	uint32_t *slots; /* a hash of 4 * room: index in sets + 1; 0: free */
};

static uint32_t slot_of(const struct set_pool *pool, const struct zone_set *set)
{
	uint32_t n_slots = 4 * pool->room, slot;
	uint64_t hash = 0;

	for (int i = 0; i < ZONE_WORDS; i++)
		hash = (hash ^ set->bits[i]) * UINT64_C(0x9e3779b97f4a7c15) ^ (hash >> 29);
	slot = (uint32_t)(hash >> 32) % n_slots;
	while (pool->slots[slot] && memcmp(&pool->sets[pool->slots[slot] - 1], set, sizeof(*set)) != 0)
		slot = (slot + 1) % n_slots;
	return slot;
}

static int grow(struct set_pool *pool)
{
	uint32_t room = pool->room ? 2 * pool->room : FIRST_ROOM;
	struct zone_set *sets = reallocarray(pool->sets, room, sizeof(*sets));
	uint32_t *slots;

	if (!sets)
		return -ENOMEM;
	pool->sets = sets;
	slots = calloc(4 * (size_t)room, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(pool->slots);
	pool->slots = slots;
	pool->room = room;
	for (uint32_t i = 0; i < pool->n; i++)
		slots[slot_of(pool, &pool->sets[i])] = i + 1;
	return 0;
}

struct set_pool *set_pool_new(void)
{
	struct set_pool *pool = calloc(1, sizeof(*pool));
	struct zone_set none = {0};
	uint32_t first;

	if (pool && set_pool_intern(pool, &none, &first) == 0)
		return pool;
	set_pool_free(pool);
	return NULL;
}

void set_pool_free(struct set_pool *pool)
{
	if (!pool)
		return;
	free(pool->sets);
	free(pool->slots);
	free(pool);
}

int set_pool_intern(struct set_pool *pool, const struct zone_set *set, uint32_t *ret_index)
{
	int err = pool->n == pool->room ? grow(pool) : 0;
	uint32_t slot;

	if (err)
		return err;
	slot = slot_of(pool, set);
	if (!pool->slots[slot]) {
		pool->sets[pool->n++] = *set;
		pool->slots[slot] = pool->n;
	}
	*ret_index = pool->slots[slot] - 1;
	return 0;
}

struct zone_set *set_pool_take(struct set_pool *pool, size_t *ret_n)
{
	struct zone_set *sets = pool->sets;

	*ret_n = pool->n;
	pool->sets = NULL;
	pool->n = 0;
	pool->room = 0;
	return sets;
}
