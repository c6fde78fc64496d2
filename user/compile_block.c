// SPDX-License-Identifier: GPL-2.0-only
/* Collects the prefixes of the blocked zones, without those that another one covers. */
#include <errno.h>
#include <stdlib.h>

#include "compile_parts.h"

static int compare_prefixes(const void *a, const void *b)
{
	return prefix_compare_nested(a, b);
}

int compile_block(const struct policy *policy, struct compiled *compiled)
{
	struct prefix *block;
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < policy->n_block; i++)
		n += policy->zones[policy->block[i]].n_prefixes;
	if (!n)
		return 0;
	block = calloc(n, sizeof(*block));
	if (!block)
		return -ENOMEM;
	for (size_t i = 0, at = 0; i < policy->n_block; i++) {
		const struct zone *zone = &policy->zones[policy->block[i]];

		for (size_t k = 0; k < zone->n_prefixes; k++)
			block[at++] = zone->prefixes[k];
	}
	qsort(block, n, sizeof(*block), compare_prefixes);
	/* What the last one kept does not cover, none before it does. */
	for (size_t i = 0; i < n; i++)
		if (!kept || !prefix_covers(&block[kept - 1], &block[i]))
			block[kept++] = block[i];
	compiled->block = block;
	compiled->n_block = kept;
	while (compiled->n_block4 < kept && block[compiled->n_block4].is_ipv4)
		compiled->n_block4++;
	return 0;
}
