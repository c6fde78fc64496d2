// SPDX-License-Identifier: GPL-2.0-only
// Advice about what the main policy file defines and never uses.
#include <string.h>

#include "lint_rules.h"

/* Only the main file has rules: what an included catalogue defines beyond them is no mistake. */
static const char *main_file(const struct policy *policy)
{
	if (policy->n_inbound > 0)
		return policy->inbound[0].place.file;
	if (policy->n_outbound > 0)
		return policy->outbound[0].place.file;
	if (policy->n_ftp > 0)
		return policy->ftp[0].place.file;
	return NULL;
}

static bool is_in(const struct place *place, const char *file)
{
	return place->line > 0 && place->file && file && strcmp(place->file, file) == 0;
}

static bool rules_use_zone(const struct rule *rules, size_t n, size_t zone)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < rules[i].n_peers; j++)
			if (rules[i].peers[j] == zone)
				return true;
	return false;
}

static bool options_use_zone(const struct policy *policy, size_t zone)
{
	for (size_t i = 0; i < policy->n_block; i++)
		if (policy->block[i] == zone)
			return true;
	for (size_t d = 0; d < N_DIRECTIONS; d++)
		for (size_t i = 0; i < policy->ping[d].n_peers; i++)
			if (policy->ping[d].peers[i] == zone)
				return true;
	return false;
}

static bool rules_use_service(const struct rule *rules, size_t n, size_t service)
{
	for (size_t i = 0; i < n; i++)
		if (rules[i].service == service)
			return true;
	return false;
}

static bool ftp_uses_service(const struct policy *policy, size_t service)
{
	for (size_t i = 0; i < policy->n_ftp; i++)
		for (size_t j = 0; j < policy->ftp[i].n_control; j++)
			if (policy->ftp[i].control[j] == service)
				return true;
	return false;
}

void lint_unused(const struct policy *policy, struct diags *diags)
{
	const char *file = main_file(policy);

	for (size_t i = 0; i < policy->n_zones; i++) {
		const struct zone *zone = &policy->zones[i];

		if (i != ZONE_ANY && zone->name && is_in(&zone->place, file) &&
		    !rules_use_zone(policy->inbound, policy->n_inbound, i) &&
		    !rules_use_zone(policy->outbound, policy->n_outbound, i) && !options_use_zone(policy, i))
			ADVISE(diags, zone->place,
			       "zone %s is not used by any rule: remove it, or write the rule that was meant",
			       zone->name);
	}
	for (size_t i = 0; i < policy->n_services; i++) {
		const struct service *service = &policy->services[i];

		if (is_in(&service->place, file) &&
		    !rules_use_service(policy->inbound, policy->n_inbound, i) &&
		    !rules_use_service(policy->outbound, policy->n_outbound, i) &&
		    !ftp_uses_service(policy, i))
			ADVISE(diags, service->place,
			       "service %s is not used by any rule: remove it, or write the rule that was "
			       "meant",
			       service->name);
	}
}
