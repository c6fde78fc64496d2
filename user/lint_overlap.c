// SPDX-License-Identifier: GPL-2.0-only
// Advice about rules that other rules make pointless, or wider than they look.
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

static bool same_reach(const struct policy *policy, const struct rule *a, const struct rule *b)
{
	return covers_scope(&a->scope, &b->scope) && covers_scope(&b->scope, &a->scope) &&
	       names_all_peers(policy, a, b) && names_all_peers(policy, b, a);
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
			if (rules[i].service != rules[j].service || !same_reach(policy, &rules[i], &rules[j]))
				continue;
			ADVISE(diags, rules[i].place,
			       "%s: line %u says the same; remove one of them, or correct what was meant",
			       policy->services[rules[i].service].name, rules[j].place.line);
			break;
		}
	}
}

static bool shared_port(const struct port_range *a, size_t n_a, const struct port_range *b, size_t n_b,
			uint16_t *ret_port)
{
	for (size_t i = 0; i < n_a; i++) {
		for (size_t j = 0; j < n_b; j++) {
			if (a[i].first > b[j].last || b[j].first > a[i].last)
				continue;
			*ret_port = a[i].first > b[j].first ? a[i].first : b[j].first;
			return true;
		}
	}
	return false;
}

/* A port that is written in two services, most often by mistake: who reads the narrower rule does not see the
 * wider one. */
static void lint_shared_port(const struct policy *policy, const struct rule *rules, size_t n,
			     struct diags *diags)
{
	for (size_t i = 1; i < n; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct service *service = &policy->services[rules[i].service];
			const struct service *other = &policy->services[rules[j].service];
			bool is_tcp;
			uint16_t port;

			if (service == other || same_reach(policy, &rules[i], &rules[j]))
				continue;
			is_tcp = shared_port(service->tcp, service->n_tcp, other->tcp, other->n_tcp, &port);
			if (!is_tcp &&
			    !shared_port(service->udp, service->n_udp, other->udp, other->n_udp, &port))
				continue;
			ADVISE(diags, rules[i].place,
			       "%s: %s port %u belongs to %s, too, which line %u admits for other peers "
			       "or at other places: both rules hold there; leave the port in one of them, "
			       "or correct what was meant",
			       service->name, is_tcp ? "tcp" : "udp", port, other->name, rules[j].place.line);
			break;
		}
	}
}

void lint_overlap(const struct policy *policy, struct diags *diags)
{
	lint_twice(policy, policy->inbound, policy->n_inbound, diags);
	lint_twice(policy, policy->outbound, policy->n_outbound, diags);
	lint_shared_port(policy, policy->inbound, policy->n_inbound, diags);
	lint_shared_port(policy, policy->outbound, policy->n_outbound, diags);
	lint_narrowed(policy, policy->inbound, policy->n_inbound, diags);
	lint_narrowed(policy, policy->outbound, policy->n_outbound, diags);
}
