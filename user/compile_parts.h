/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the policy compiler share: sets of zones, service indexes, prefixes. */
#ifndef POSTERN_COMPILE_PARTS_H
#define POSTERN_COMPILE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compile.h"

enum { ZONE_WORDS = sizeof(struct zone_set) / sizeof(uint64_t) };

static inline void zone_set_add(struct zone_set *set, size_t zone)
{
	set->bits[zone / 64] |= UINT64_C(1) << zone % 64;
}

static inline bool zone_set_has(const struct zone_set *set, size_t zone)
{
	return set->bits[zone / 64] >> zone % 64 & 1;
}

static inline void zone_set_union(struct zone_set *set, const struct zone_set *other)
{
	for (int i = 0; i < ZONE_WORDS; i++)
		set->bits[i] |= other->bits[i];
}

static inline bool zone_set_intersects(const struct zone_set *a, const struct zone_set *b)
{
	for (int i = 0; i < ZONE_WORDS; i++)
		if (a->bits[i] & b->bits[i])
			return true;
	return false;
}

static inline struct zone_set zone_set_of(const size_t *zones, size_t n)
{
	struct zone_set set = {0};

	for (size_t i = 0; i < n; i++)
		zone_set_add(&set, zones[i]);
	return set;
}

/* IPv4 first; then by address, a covering prefix before those it covers. */
int prefix_compare_nested(const struct prefix *a, const struct prefix *b);

struct set_pool; /* opaque: sets of zones, each once; index 0 is the set without zones */

/* NULL: out of memory. */
struct set_pool *set_pool_new(void);
void set_pool_free(struct set_pool *pool);
/* The index of that set. 0 or -ENOMEM. */
int set_pool_intern(struct set_pool *pool, const struct zone_set *set, uint32_t *ret_index);
/* The sets by index; the caller frees them. Nothing but set_pool_free() may follow. */
struct zone_set *set_pool_take(struct set_pool *pool, size_t *ret_n);

struct peer_sets; /* opaque: the sets that will be compiled->peers */

/* `ret_limit` must outlive it. NULL: out of memory. */
struct peer_sets *peer_sets_new(const struct policy *policy, const char **ret_limit);
void peer_sets_free(struct peer_sets *sets);
/* Fills compiled->peers. Nothing but peer_sets_free() may follow. */
void peer_sets_take(struct peer_sets *sets, struct compiled *compiled);
/* Gives the rule the index of `set`, and PORT_ANY where it admits every peer. 0, -ENOMEM, or -E2BIG with
 * *ret_limit.
 */
int peer_sets_assign(struct peer_sets *sets, const struct zone_set *set, struct port_rule *rule);

/* What makes the chains of narrowed rules in compiled->narrowings. Ports with the same rules share one. */
struct narrower {
	const struct policy *policy;
	struct compiled *compiled;
	struct peer_sets *sets;
	const char **limit;
	/* The last chain that was extended by another, and the result: ports of a range ask the same. */
	uint16_t head, addition, extended;
};

/* A chain of this one rule. 0, or -E2BIG with *limit. */
int narrower_begin(struct narrower *narrower, const struct rule *rule, uint16_t service, uint16_t *ret_head);
/* The chain from *head on, with what `addition` has beyond it. 0, or -E2BIG with *limit. */
int narrower_extend(struct narrower *narrower, uint16_t *head, uint16_t addition);

/* Index of each service of the policy, and of each of its FTP servers' data, in `services`. */
struct service_indexes {
	uint16_t *services; /* n_services; meaningless where no rule names the service */
	uint16_t ftp[MAX_FTP_SERVERS];
};

/* Fills compiled->services and `ret`, whose array has policy->n_services entries. */
int compile_services(const struct policy *policy, const struct service_name *previous,
		     struct compiled *compiled, struct service_indexes *ret, const char **ret_limit);

/* Fills compiled->zones4, zones6 and zone_sets with the zones in `used`. The zone `any` is in none of these
 * sets: ports that are open for it do not ask. 0, -ENOMEM, or -E2BIG with *ret_limit. */
int compile_prefixes(const struct policy *policy, const struct zone_set *used, struct compiled *compiled,
		     const char **ret_limit);

/* Fills compiled->block4 and block6. 0, -ENOMEM, or -E2BIG with *ret_limit. */
int compile_block(const struct policy *policy, struct compiled *compiled, const char **ret_limit);

/* Fills compiled->ports and ftp_ports. */
int compile_ports(const struct policy *policy, const struct service_indexes *indexes,
		  struct narrower *narrower, struct compiled *compiled);

/* Fills compiled->protocols. */
int compile_protocols(const struct policy *policy, const struct service_indexes *indexes,
		      struct narrower *narrower, struct compiled *compiled);

#endif
