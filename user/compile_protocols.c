// SPDX-License-Identifier: GPL-2.0-only
/* Works out, for every IP protocol without ports and for echo requests, whom the rules admit. */
#include <netinet/in.h>

#include "compile_parts.h"

static int apply_rule(const struct service *service, const struct rule *rule, uint16_t index,
		      struct narrower *narrower, struct port_rule *entries, struct zone_set *admitted)
{
	struct zone_set peers = zone_set_of(rule->peers, rule->n_peers);
	uint16_t chain = 0;
	int err = 0;

	if (service->n_ip && policy_is_narrowed(&rule->scope))
		err = narrower_begin(narrower, rule, index, &chain);
	for (size_t k = 0; k < service->n_ip && !err; k++) {
		struct port_rule *entry = &entries[service->ip[k]];

		if (!(entry->flags & PORT_OPEN))
			entry->service = index;
		entry->flags |= PORT_OPEN;
		if (chain)
			err = narrower_extend(narrower, &entry->narrowed, chain);
		else
			zone_set_union(&admitted[service->ip[k]], &peers);
	}
	return err;
}

static int apply_rules(const struct policy *policy, const struct service_indexes *indexes,
		       enum direction direction, struct narrower *narrower, struct port_rule *entries,
		       struct zone_set *admitted)
{
	const struct rule *rules = direction == INBOUND ? policy->inbound : policy->outbound;
	size_t n = direction == INBOUND ? policy->n_inbound : policy->n_outbound;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = apply_rule(&policy->services[rules[i].service], &rules[i],
				 indexes->services[rules[i].service], narrower, entries, admitted);
	return err;
}

/* No service may name ICMP: its entry is free for echo requests. */
static void apply_ping(const struct ping *ping, struct port_rule *entry, struct zone_set *admitted)
{
	if (!ping->n_peers)
		return;
	*entry = (struct port_rule){.flags = PORT_OPEN};
	*admitted = zone_set_of(ping->peers, ping->n_peers);
}

int compile_protocols(const struct policy *policy, const struct service_indexes *indexes,
		      struct narrower *narrower, struct compiled *compiled)
{
	for (int d = 0; d < N_DIRECTIONS; d++) {
		enum direction direction = (enum direction)d;
		struct port_rule *entries = &compiled->protocols[protocol_index(direction, 0)];
		struct zone_set admitted[N_PROTOCOLS] = {0};

		int err = apply_rules(policy, indexes, direction, narrower, entries, admitted);

		if (err)
			return err;
		apply_ping(&policy->ping[d], &entries[IPPROTO_ICMP], &admitted[IPPROTO_ICMP]);
		for (unsigned protocol = 0; protocol < N_PROTOCOLS; protocol++) {
			if (entries[protocol].flags & PORT_OPEN)
				err = peer_sets_assign(narrower->sets, &admitted[protocol],
						       &entries[protocol]);
			if (err)
				return err;
		}
	}
	return 0;
}
