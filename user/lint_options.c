// SPDX-License-Identifier: GPL-2.0-only
// Advice about ping, blocked zones and the mode.
#include <stdlib.h>
#include <string.h>

#include "lint_rules.h"

static void lint_mode(const struct policy *policy, struct diags *diags)
{
	if (policy->mode == MODE_AUDIT)
		ADVISE(diags, policy->mode_place,
		       "mode: audit denies nothing: every packet passes, those that would be denied are only "
		       "counted and reported; say mode: enforce once they are as expected");
}

/* An echo request carries whatever its sender puts into it. */
static void lint_ping(const struct policy *policy, struct diags *diags)
{
	const struct ping *ping = &policy->ping[OUTBOUND];

	if (lint_is_wide(policy, ping->peers, ping->n_peers))
		ADVISE(diags, ping->place,
		       "ping: echo requests to the whole Internet can carry stolen data; name the hosts that "
		       "are watched");
}

static bool covers(const struct prefix *outer, const struct prefix *inner)
{
	return outer->is_ipv4 == inner->is_ipv4 && outer->length <= inner->length &&
	       value_prefix_contains(outer, &inner->addr);
}

struct blocked {
	const struct prefix *prefix;
	const struct zone *zone;
};

/* A prefix that covers others comes right before them. */
static int compare_blocked(const void *a, const void *b)
{
	const struct prefix *x = ((const struct blocked *)a)->prefix,
			    *y = ((const struct blocked *)b)->prefix;
	int order = (int)y->is_ipv4 - (int)x->is_ipv4;

	if (!order)
		order = memcmp(&x->addr, &y->addr, sizeof(x->addr));
	return order ? order : (int)x->length - (int)y->length;
}

/* The blocked prefixes that no other covers, in order: there may be a million. NULL: none, or no memory. */
static struct blocked *collect_blocked(const struct policy *policy, size_t *ret_n)
{
	struct blocked *blocked;
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < policy->n_block; i++)
		n += policy->zones[policy->block[i]].n_prefixes;
	blocked = n ? calloc(n, sizeof(*blocked)) : NULL;
	if (!blocked)
		return NULL;
	n = 0;
	for (size_t i = 0; i < policy->n_block; i++) {
		const struct zone *zone = &policy->zones[policy->block[i]];

		for (size_t k = 0; k < zone->n_prefixes; k++)
			blocked[n++] = (struct blocked){&zone->prefixes[k], zone};
	}
	qsort(blocked, n, sizeof(*blocked), compare_blocked);
	for (size_t i = 0; i < n; i++)
		if (!kept || !covers(blocked[kept - 1].prefix, blocked[i].prefix))
			blocked[kept++] = blocked[i];
	*ret_n = kept;
	return blocked;
}

/* The one that covers the prefix, or NULL. */
static const struct blocked *find_blocked(const struct blocked *blocked, size_t n,
					  const struct prefix *prefix)
{
	struct blocked key = {.prefix = prefix};
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_blocked(&blocked[middle], &key) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && covers(blocked[low - 1].prefix, prefix) ? &blocked[low - 1] : NULL;
}

struct shut {
	const struct blocked *by; /* NULL: no prefix of the zone is blocked as a whole */
	const struct prefix *prefix;
};

static void advise_shut(const struct policy *policy, const struct rule *rules, size_t n,
			const struct shut *shut, struct diags *diags)
{
	char text[ADDR_TEXT_SIZE], by[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < rules[i].n_peers; k++) {
			const struct shut *zone = &shut[rules[i].peers[k]];

			if (!zone->by)
				continue;
			ADVISE(diags, rules[i].place,
			       "%s: %s is blocked (%s%s%s): no rule opens anything for it",
			       policy->services[rules[i].service].name,
			       value_format_prefix(zone->prefix, text),
			       zone->by->zone->name ? zone->by->zone->name : "",
			       zone->by->zone->name ? ": " : "", value_format_prefix(zone->by->prefix, by));
			break;
		}
}

static void lint_block(const struct policy *policy, struct diags *diags)
{
	size_t n = 0;
	struct blocked *blocked = collect_blocked(policy, &n);
	struct shut *shut = blocked ? calloc(policy->n_zones, sizeof(*shut)) : NULL;

	for (size_t i = ZONE_ANY + 1; shut && i < policy->n_zones; i++)
		for (size_t k = 0; k < policy->zones[i].n_prefixes && !shut[i].by; k++) {
			shut[i].prefix = &policy->zones[i].prefixes[k];
			shut[i].by = find_blocked(blocked, n, shut[i].prefix);
		}
	if (shut) {
		advise_shut(policy, policy->inbound, policy->n_inbound, shut, diags);
		advise_shut(policy, policy->outbound, policy->n_outbound, shut, diags);
	}
	free(shut);
	free(blocked);
}

void lint_options(const struct policy *policy, struct diags *diags)
{
	lint_mode(policy, diags);
	lint_ping(policy, diags);
	lint_block(policy, diags);
}
