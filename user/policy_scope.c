// SPDX-License-Identifier: GPL-2.0-only
// Where rules hold: `on` and `at`, checked against the rest of the policy.
#include "policy_scope.h"

#include <string.h>

#include "near.h"

bool policy_is_narrowed(const struct scope *scope)
{
	return scope->on || scope->has_at;
}

static const struct rule *rule_at(const struct policy *policy, size_t i)
{
	if (i < policy->n_inbound)
		return &policy->inbound[i];
	i -= policy->n_inbound;
	return i < policy->n_outbound ? &policy->outbound[i] : NULL;
}

uint32_t policy_interface_number(const struct policy *policy, const char *name)
{
	const struct rule *rule;

	for (size_t i = 0; i < policy->n_interfaces; i++)
		if (strcmp(policy->interfaces[i], name) == 0)
			return (uint32_t)i + 1;
	for (size_t i = 0; !policy->n_interfaces && (rule = rule_at(policy, i)); i++)
		if (rule->scope.on && strcmp(rule->scope.on, name) == 0)
			return (uint32_t)i + 1;
	return NO_INTERFACE;
}

static const char *next_interface(const void *from, size_t i)
{
	const struct policy *policy = from;

	return i < policy->n_interfaces ? policy->interfaces[i] : NULL;
}

/* On an interface that is not filtered a rule would be without effect. */
static void validate_on(const struct policy *policy, const struct scope *scope, struct diags *diags)
{
	const char *near;

	if (!scope->on || !policy->n_interfaces || policy_interface_number(policy, scope->on) != NO_INTERFACE)
		return;
	near = near_find(scope->on, next_interface, policy);
	diags_add(diags, DIAG_ERROR, scope->on_place, "'%s' is not one of the interfaces%s%s%s", scope->on,
		  near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

/* IPv4 does not talk to IPv6. */
static void validate_at(const struct policy *policy, const struct rule *rule, struct diags *diags)
{
	bool is_ipv4 = value_addr_is_ipv4(&rule->scope.at), has_prefixes = false;
	char text[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < rule->n_peers; i++) {
		const struct zone *zone = &policy->zones[rule->peers[i]];

		for (size_t k = 0; k < zone->n_prefixes; k++) {
			if (zone->prefixes[k].is_ipv4 == is_ipv4)
				return;
			has_prefixes = true;
		}
	}
	if (has_prefixes)
		diags_add(diags, DIAG_ERROR, rule->scope.at_place,
			  "no peer of this rule can reach %s: they are all %s",
			  value_format_addr(&rule->scope.at, text), is_ipv4 ? "IPv6" : "IPv4");
}

static void validate_rules(const struct policy *policy, const struct rule *rules, size_t n,
			   struct diags *diags)
{
	for (size_t i = 0; i < n; i++) {
		validate_on(policy, &rules[i].scope, diags);
		if (rules[i].scope.has_at)
			validate_at(policy, &rules[i], diags);
	}
}

void validate_scopes(const struct policy *policy, struct diags *diags)
{
	validate_rules(policy, policy->inbound, policy->n_inbound, diags);
	validate_rules(policy, policy->outbound, policy->n_outbound, diags);
	for (size_t i = 0; i < policy->n_tests; i++)
		validate_on(policy, &policy->tests[i].scope, diags);
}
