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

/* Fills compiled->ports, peers and ftp_ports. */
int compile_ports(const struct policy *policy, const struct service_indexes *indexes,
		  struct compiled *compiled, const char **ret_limit);

#endif
