// SPDX-License-Identifier: GPL-2.0-only
/* Random policies: services that touch, FTP servers that share their ranges. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "differential.h"
#include "differential_append.h"

enum { MOST_SERVICES = 10, MOST_RULES = 7, MOST_SERVERS = 3, SMB = 445 };

static char *name_of(char kind, size_t n)
{
	char *name = NULL;

	if (asprintf(&name, "%c%zu", kind, n) < 0)
		abort();
	return name;
}

static struct port_range random_range(struct random *random)
{
	static const uint16_t usual[] = {21, 22, 25, 53, 80, 123, 443, 990, 3000, 9000, 9100, 1, 65535};
	uint16_t first = usual[random_below(random, LENGTH(usual))], size = 0;

	if (random_chance(random, 15))
		first = (uint16_t)(1 + random_below(random, 65535));
	if (random_chance(random, 25))
		size = (uint16_t)random_below(random, random_chance(random, 5) ? 65535 : 12);
	return (struct port_range){first, size > 65535 - first ? 65535 : (uint16_t)(first + size)};
}

static void add_ip(struct service *service, struct random *random)
{
	static const uint8_t protocols[] = {112, 50, 47, 89, 4, 41, 132, 2, 255, 33};

	*APPEND(service->ip, service->n_ip) = protocols[random_below(random, LENGTH(protocols))];
}

static void add_services(struct policy *policy, struct random *random)
{
	size_t n = 2 + random_below(random, MOST_SERVICES);

	for (size_t i = 0; i < n; i++) {
		struct service *service = APPEND(policy->services, policy->n_services);
		unsigned kind = random_below(random, 10);

		service->name = name_of('s', i);
		for (unsigned k = kind < 6 ? 1 + random_below(random, 3) : 0; k; k--)
			*APPEND(service->tcp, service->n_tcp) = random_range(random);
		for (unsigned k = kind > 4 && kind < 9 ? 1 + random_below(random, 3) : 0; k; k--)
			*APPEND(service->udp, service->n_udp) = random_range(random);
		if (kind == 9)
			add_ip(service, random);
	}
}

static void random_peers(const struct policy *policy, struct random *random, size_t **ret, size_t *ret_n)
{
	if (random_chance(random, 25)) {
		*APPEND(*ret, *ret_n) = ZONE_ANY;
		return;
	}
	for (unsigned k = 1 + random_below(random, 3); k; k--)
		*APPEND(*ret, *ret_n) = 1 + random_below(random, (uint32_t)policy->n_zones - 1);
}

/* Often an address that the hosts of the scene have, of the family of the first peer. */
static struct addr random_at(struct random *random, bool is_ipv4)
{
	static const char *const at[2][4] = {
		{"2001:db8:1::10", "2001:db8:1::11", "fe80::1", "2001:db8:20::1"},
		{"192.0.2.10", "192.0.2.11", "10.20.0.1", "192.0.2.138"}};
	const char *text = at[is_ipv4][random_chance(random, 60) ? 0 : random_below(random, 4)];
	struct addr addr = {.word[2] = is_ipv4 ? htonl(0xffff) : 0};

	inet_pton(is_ipv4 ? AF_INET : AF_INET6, text, is_ipv4 ? (void *)&addr.word[3] : &addr);
	return addr;
}

static void narrow(struct policy *policy, struct random *random, struct rule *rule)
{
	const struct zone *first = &policy->zones[rule->peers[0]];

	if (!rule->scope.on && random_chance(random, 65))
		rule->scope.on = strdup(policy->interfaces[random_below(random, N_SCENE_INTERFACES)]);
	if (random_chance(random, 60)) {
		bool is_ipv4 =
			rule->peers[0] == ZONE_ANY ? random_chance(random, 50) : first->prefixes[0].is_ipv4;

		rule->scope.at = random_at(random, is_ipv4);
		rule->scope.has_at = true;
	}
}

static struct rule *add_rule(struct policy *policy, struct random *random, enum direction direction,
			     size_t service)
{
	struct rule *rule = direction == INBOUND ? APPEND(policy->inbound, policy->n_inbound)
						 : APPEND(policy->outbound, policy->n_outbound);

	rule->service = service;
	random_peers(policy, random, &rule->peers, &rule->n_peers);
	if (policy->n_interfaces && random_chance(random, 50))
		narrow(policy, random, rule);
	return rule;
}

/* Without interfaces nothing is narrowed. */
static void add_interfaces(struct policy *policy, struct random *random)
{
	if (random_chance(random, 40))
		return;
	for (size_t i = 0; i < N_SCENE_INTERFACES; i++)
		*APPEND(policy->interfaces, policy->n_interfaces) = name_of('i', i);
}

static void add_rules(struct policy *policy, struct random *random)
{
	for (int direction = 0; direction < N_DIRECTIONS; direction++)
		for (unsigned k = random_below(random, MOST_RULES); k; k--)
			add_rule(policy, random, (enum direction)direction,
				 random_below(random, (uint32_t)policy->n_services));
	/* Many for one service: chains that are as long as they can be. */
	if (policy->n_interfaces && random_chance(random, 15))
		for (unsigned k = MAX_NARROWED - 2 * MOST_RULES; k; k--)
			narrow(policy, random, add_rule(policy, random, INBOUND, 0));
}

/* A control service of its own, below 1024: those of others may have UDP. */
static size_t add_control(struct policy *policy, struct random *random)
{
	static const uint16_t ports[] = {21, 990, 2, 600, 700};
	struct service *service = APPEND(policy->services, policy->n_services);
	uint16_t port = ports[random_below(random, LENGTH(ports))];

	service->name = name_of('c', policy->n_services);
	*APPEND(service->tcp, service->n_tcp) =
		(struct port_range){port, (uint16_t)(port + random_below(random, 2))};
	add_rule(policy, random, INBOUND, policy->n_services - 1);
	return policy->n_services - 1;
}

static void add_servers(struct policy *policy, struct random *random)
{
	for (size_t i = random_below(random, MOST_SERVERS + 1); i; i--) {
		struct ftp_server *server = APPEND(policy->ftp, policy->n_ftp);

		server->name = name_of('f', i);
		server->ttl_ns = 30000000000;
		server->pinholes = random_chance(random, 25) ? FTP_PINHOLES_STATIC : FTP_PINHOLES_SESSION;
		server->passive_any = random_chance(random, 10);
		server->active = random_chance(random, 50);
		for (unsigned k = 1 + random_below(random, 2); k; k--)
			*APPEND(server->control, server->n_control) = add_control(policy, random);
		server = &policy->ftp[policy->n_ftp - 1];
		for (unsigned k = 1 + random_below(random, 2); k && !server->passive_any; k--) {
			uint16_t first = (uint16_t)(2990 + random_below(random, 20));

			*APPEND(server->passive, server->n_passive) =
				(struct port_range){first, (uint16_t)(first + random_below(random, 6))};
		}
		if (server->passive_any)
			*APPEND(server->passive, server->n_passive) = (struct port_range){1024, 65535};
	}
}

static void add_options(struct policy *policy, struct random *random)
{
	for (int direction = 0; direction < N_DIRECTIONS; direction++) {
		struct ping *ping = &policy->ping[direction];

		if (random_chance(random, 60))
			random_peers(policy, random, &ping->peers, &ping->n_peers);
		policy->deny[direction] = random_chance(random, 20) ? DENY_REJECT : DENY_DROP;
	}
	if (random_chance(random, 40))
		for (unsigned k = 1 + random_below(random, 2); k; k--)
			*APPEND(policy->block, policy->n_block) =
				1 + random_below(random, (uint32_t)policy->n_zones - 1);
	policy->mode = random_chance(random, 10) ? MODE_AUDIT : MODE_ENFORCE;
}

struct policy *random_policy(struct random *random)
{
	for (;;) {
		struct policy *policy = calloc(1, sizeof(*policy));
		struct diags *diags = diags_new();
		int error;

		if (!policy || !diags)
			abort();
		random_zones(policy, random);
		add_services(policy, random);
		add_interfaces(policy, random);
		add_rules(policy, random);
		add_servers(policy, random);
		add_options(policy, random);
		error = policy_validate(policy, diags);
		diags_free(diags);
		if (!error)
			return policy;
		policy_free(policy);
	}
}
