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
bool prefix_covers(const struct prefix *outer, const struct prefix *inner);

struct peer_sets; /* opaque: the sets in compiled->peers, to be found again */

/* `policy`, `compiled` and `ret_limit` must outlive it. NULL: out of memory. */
struct peer_sets *peer_sets_new(const struct policy *policy, struct compiled *compiled,
				const char **ret_limit);
void peer_sets_free(struct peer_sets *sets);
/* Gives the rule the index of `set`, and PORT_ANY where it admits every peer. 0, or -E2BIG with *ret_limit.
 */
int peer_sets_assign(struct peer_sets *sets, const struct zone_set *set, struct port_rule *rule);

/* Index of each service of the policy, and of each of its FTP servers' data, in `services`. */
struct service_indexes {
	uint16_t *services; /* n_services; meaningless where no rule names the service */
	uint16_t ftp[MAX_FTP_SERVERS];
};

/* Fills compiled->services and `ret`, whose array has policy->n_services entries. */
int compile_services(const struct policy *policy, const struct service_name *previous,
		     struct compiled *compiled, struct service_indexes *ret, const char **ret_limit);

/* Fills compiled->prefixes with those of the zones in `used`. The zone `any` has none of its own: it
 * is in the set of every prefix, and ports that are open for it do not ask. */
int compile_prefixes(const struct policy *policy, const struct zone_set *used, struct compiled *compiled);

/* Fills compiled->block. */
int compile_block(const struct policy *policy, struct compiled *compiled);

/* Fills compiled->ports and ftp_ports. */
int compile_ports(const struct policy *policy, const struct service_indexes *indexes, struct peer_sets *sets,
		  struct compiled *compiled);

/* Fills compiled->protocols. */
int compile_protocols(const struct policy *policy, const struct service_indexes *indexes,
		      struct peer_sets *sets, struct compiled *compiled);

#endif
