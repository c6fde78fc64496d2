// SPDX-License-Identifier: GPL-2.0-only
/* Collects the prefixes of the zones, each with every zone that contains it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile_parts.h"

enum { MAX_NESTING = 129 /* lengths 0 to 128 */ };

int prefix_compare_nested(const struct prefix *a, const struct prefix *b)
{
	int order = (int)b->is_ipv4 - (int)a->is_ipv4;

	if (!order)
		order = memcmp(&a->addr, &b->addr, sizeof(a->addr));
	return order ? order : (int)a->length - (int)b->length;
}

static int compare_nested(const void *a, const void *b)
{
	return prefix_compare_nested(&((const struct compiled_prefix *)a)->prefix,
				     &((const struct compiled_prefix *)b)->prefix);
}

static int compare_length(const void *a, const void *b)
{
	const struct prefix *x = &((const struct compiled_prefix *)a)->prefix;
	const struct prefix *y = &((const struct compiled_prefix *)b)->prefix;
	int order = (int)y->is_ipv4 - (int)x->is_ipv4;

	if (!order)
		order = (int)x->length - (int)y->length;
	return order ? order : memcmp(&x->addr, &y->addr, sizeof(x->addr));
}

bool prefix_covers(const struct prefix *outer, const struct prefix *inner)
{
	const uint8_t *x = (const uint8_t *)&outer->addr;
	const uint8_t *y = (const uint8_t *)&inner->addr;
	unsigned bits = outer->length + (outer->is_ipv4 ? 96u : 0u);
	unsigned rest = bits % 8;

	if (outer->is_ipv4 != inner->is_ipv4 || outer->length > inner->length || memcmp(x, y, bits / 8) != 0)
		return false;
	return !rest || ((x[bits / 8] ^ y[bits / 8]) >> (8 - rest)) == 0;
}

/* Joins equal neighbours; returns how many are left. */
static size_t merge_equal(struct compiled_prefix *prefixes, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (kept && compare_nested(&prefixes[kept - 1], &prefixes[i]) == 0)
			zone_set_union(&prefixes[kept - 1].zones, &prefixes[i].zones);
		else
			prefixes[kept++] = prefixes[i];
	}
	return kept;
}

/* In this order the prefixes that cover the present one are always a stack. */
static void inherit_zones(struct compiled_prefix *prefixes, size_t n)
{
	const struct compiled_prefix *stack[MAX_NESTING];
	size_t depth = 0;

	for (size_t i = 0; i < n; i++) {
		while (depth && !prefix_covers(&stack[depth - 1]->prefix, &prefixes[i].prefix))
			depth--;
		if (depth)
			zone_set_union(&prefixes[i].zones, &stack[depth - 1]->zones);
		zone_set_add(&prefixes[i].zones, ZONE_ANY);
		stack[depth++] = &prefixes[i];
	}
}

static size_t count_prefixes(const struct policy *policy, const struct zone_set *used)
{
	size_t n = 0;

	for (size_t i = 0; i < policy->n_zones; i++)
		if (i != ZONE_ANY && zone_set_has(used, i))
			n += policy->zones[i].n_prefixes;
	return n;
}

static void collect_prefixes(const struct policy *policy, const struct zone_set *used,
			     struct compiled_prefix *prefixes)
{
	for (size_t i = 0; i < policy->n_zones; i++) {
		if (i == ZONE_ANY || !zone_set_has(used, i))
			continue;
		for (size_t k = 0; k < policy->zones[i].n_prefixes; k++, prefixes++) {
			prefixes->prefix = policy->zones[i].prefixes[k];
			zone_set_add(&prefixes->zones, i);
		}
	}
}

int compile_prefixes(const struct policy *policy, const struct zone_set *used, struct compiled *compiled)
{
	size_t n = count_prefixes(policy, used);
	struct compiled_prefix *prefixes;

	if (!n)
		return 0;
	prefixes = calloc(n, sizeof(*prefixes));
	if (!prefixes)
		return -ENOMEM;
	collect_prefixes(policy, used, prefixes);
	qsort(prefixes, n, sizeof(*prefixes), compare_nested);
	n = merge_equal(prefixes, n);
	inherit_zones(prefixes, n);
	qsort(prefixes, n, sizeof(*prefixes), compare_length);
	compiled->prefixes = prefixes;
	compiled->n_prefixes = n;
	while (compiled->n_prefixes4 < n && prefixes[compiled->n_prefixes4].prefix.is_ipv4)
		compiled->n_prefixes4++;
	return 0;
}
