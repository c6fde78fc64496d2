// SPDX-License-Identifier: GPL-2.0-only
// Advice about rules that other rules make pointless.
#include <string.h>

#include "lint_rules.h"

static bool same_zone(const struct policy *policy, size_t a, size_t b)
{
	const struct zone *zone_a = &policy->zones[a], *zone_b = &policy->zones[b];

	if (a == b)
		return true;
	/* Addresses written in rules have no name and may have a zone each. */
	if (zone_a->name || zone_b->name || zone_a->n_prefixes != 1 || zone_b->n_prefixes != 1)
		return false;
	return zone_a->prefixes[0].length == zone_b->prefixes[0].length &&
	       zone_a->prefixes[0].is_ipv4 == zone_b->prefixes[0].is_ipv4 &&
	       value_addr_equal(&zone_a->prefixes[0].addr, &zone_b->prefixes[0].addr);
}

static bool names_all_peers(const struct policy *policy, const struct rule *rule, const struct rule *of)
{
	for (size_t i = 0; i < of->n_peers; i++) {
		bool found = false;

		for (size_t j = 0; j < rule->n_peers && !found; j++)
			found = same_zone(policy, rule->peers[j], of->peers[i]);
		if (!found)
			return false;
	}
	return true;
}

/* Whether the rule holds wherever the other does. */
static bool covers_scope(const struct scope *scope, const struct scope *other)
{
	return (!scope->on || (other->on && strcmp(scope->on, other->on) == 0)) &&
	       (!scope->has_at || (other->has_at && value_addr_equal(&scope->at, &other->at)));
}

static bool names_any(const struct rule *rule)
{
	for (size_t i = 0; i < rule->n_peers; i++)
		if (rule->peers[i] == ZONE_ANY)
			return true;
	return false;
}

/* A narrowed rule whose peers may come in more places by another rule, which is often the one to be narrowed.
 */
static void lint_narrowed(const struct policy *policy, const struct rule *rules, size_t n,
			  struct diags *diags)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			if (rules[i].service != rules[j].service || !policy_is_narrowed(&rules[i].scope) ||
			    !covers_scope(&rules[j].scope, &rules[i].scope) ||
			    covers_scope(&rules[i].scope, &rules[j].scope) ||
			    !(names_any(&rules[j]) || names_all_peers(policy, &rules[j], &rules[i])))
				continue;
			ADVISE(diags, rules[i].place,
			       "%s: line %u admits the same peers at more places, so that what narrows this "
			       "rule narrows nothing; remove one of them, or correct what was meant",
			       policy->services[rules[i].service].name, rules[j].place.line);
			break;
		}
	}
}

static void lint_twice(const struct policy *policy, const struct rule *rules, size_t n, struct diags *diags)
{
	for (size_t i = 1; i < n; i++) {
		for (size_t j = 0; j < i; j++) {
			if (rules[i].service != rules[j].service ||
			    !covers_scope(&rules[i].scope, &rules[j].scope) ||
			    !covers_scope(&rules[j].scope, &rules[i].scope) ||
			    !names_all_peers(policy, &rules[i], &rules[j]) ||
			    !names_all_peers(policy, &rules[j], &rules[i]))
				continue;
			ADVISE(diags, rules[i].place,
			       "%s: line %u says the same; remove one of them, or correct what was meant",
			       policy->services[rules[i].service].name, rules[j].place.line);
			break;
		}
	}
}

void lint_overlap(const struct policy *policy, struct diags *diags)
{
	lint_twice(policy, policy->inbound, policy->n_inbound, diags);
	lint_twice(policy, policy->outbound, policy->n_outbound, diags);
	lint_narrowed(policy, policy->inbound, policy->n_inbound, diags);
	lint_narrowed(policy, policy->outbound, policy->n_outbound, diags);
}
