// SPDX-License-Identifier: GPL-2.0-only
/* Works out, for every IP protocol without ports and for echo requests, whom the rules admit. */
#include <netinet/in.h>

#include "compile_parts.h"

static void apply_rules(const struct policy *policy, const struct service_indexes *indexes,
			enum direction direction, struct port_rule *entries, struct zone_set *admitted)
{
	const struct rule *rules = direction == INBOUND ? policy->inbound : policy->outbound;
	size_t n = direction == INBOUND ? policy->n_inbound : policy->n_outbound;

	for (size_t i = 0; i < n; i++) {
		const struct service *service = &policy->services[rules[i].service];
		struct zone_set peers = zone_set_of(rules[i].peers, rules[i].n_peers);

		for (size_t k = 0; k < service->n_ip; k++) {
			struct port_rule *entry = &entries[service->ip[k]];

			if (!(entry->flags & PORT_OPEN))
				entry->service = indexes->services[rules[i].service];
			entry->flags |= PORT_OPEN;
			zone_set_union(&admitted[service->ip[k]], &peers);
		}
	}
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
		      struct peer_sets *sets, struct compiled *compiled)
{
	for (int d = 0; d < N_DIRECTIONS; d++) {
		enum direction direction = (enum direction)d;
		struct port_rule *entries = &compiled->protocols[protocol_index(direction, 0)];
		struct zone_set admitted[N_PROTOCOLS] = {0};

		apply_rules(policy, indexes, direction, entries, admitted);
		apply_ping(&policy->ping[d], &entries[IPPROTO_ICMP], &admitted[IPPROTO_ICMP]);
		for (unsigned protocol = 0; protocol < N_PROTOCOLS; protocol++) {
			int err = 0;

			if (entries[protocol].flags & PORT_OPEN)
				err = peer_sets_assign(sets, &admitted[protocol], &entries[protocol]);
			if (err)
				return err;
		}
	}
	return 0;
}
