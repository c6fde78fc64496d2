// SPDX-License-Identifier: GPL-2.0-only
/* Works out, for every port, whom the rules admit and which FTP servers may open it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile_parts.h"

struct work {
	const struct policy *policy;
	const struct service_indexes *indexes;
	struct compiled *compiled;
	struct peer_sets *sets;
	struct zone_set *admitted; /* N_PORTS: for the direction and transport at work */
};

static const struct port_range any_passive = {.first = 1024, .last = 65535};

static struct port_rule *rule_of(struct work *work, enum direction direction, enum transport transport,
				 unsigned port)
{
	return &work->compiled->ports[port_index(direction, transport, (uint16_t)port)];
}

static void open_port(struct work *work, struct port_rule *rule, unsigned port, uint16_t service,
		      const struct zone_set *peers)
{
	if (!(rule->flags & PORT_OPEN))
		rule->service = service;
	rule->flags |= PORT_OPEN;
	zone_set_union(&work->admitted[port], peers);
}

static void apply_rule(struct work *work, const struct rule *rule, enum direction direction,
		       enum transport transport)
{
	const struct service *service = &work->policy->services[rule->service];
	const struct port_range *ranges = transport == TRANSPORT_TCP ? service->tcp : service->udp;
	size_t n = transport == TRANSPORT_TCP ? service->n_tcp : service->n_udp;
	struct zone_set peers = zone_set_of(rule->peers, rule->n_peers);

	for (size_t i = 0; i < n; i++)
		for (unsigned port = ranges[i].first; port <= ranges[i].last; port++)
			open_port(work, rule_of(work, direction, transport, port), port,
				  work->indexes->services[rule->service], &peers);
}

/* Marks the control ports of server `n` and returns whom they admit. */
static struct zone_set mark_control(struct work *work, size_t n)
{
	const struct ftp_server *server = &work->policy->ftp[n];
	struct zone_set clients = {0};

	for (size_t i = 0; i < server->n_control; i++) {
		const struct service *service = &work->policy->services[server->control[i]];

		for (size_t k = 0; k < service->n_tcp; k++)
			for (unsigned port = service->tcp[k].first; port <= service->tcp[k].last; port++) {
				work->compiled->ftp_ports[port].control |= (uint16_t)(1u << n);
				rule_of(work, INBOUND, TRANSPORT_TCP, port)->flags |= PORT_CONTROL;
				zone_set_union(&clients, &work->admitted[port]);
			}
	}
	return clients;
}

static bool is_ftp_data(const struct work *work, uint16_t service)
{
	for (size_t i = 0; i < work->policy->n_ftp; i++)
		if (work->indexes->ftp[i] == service)
			return true;
	return false;
}

/* A service's port keeps to the rules of that service, whatever range it lies in. */
static void open_static(struct work *work, size_t n, unsigned port, const struct zone_set *clients)
{
	struct port_rule *rule = rule_of(work, INBOUND, TRANSPORT_TCP, port);

	if (!(rule->flags & PORT_OPEN) || is_ftp_data(work, rule->service))
		open_port(work, rule, port, work->indexes->ftp[n], clients);
}

static void mark_passive(struct work *work, size_t n, unsigned port)
{
	struct port_rule *rule = rule_of(work, INBOUND, TRANSPORT_TCP, port);

	if (rule->flags & PORT_OPEN)
		return;
	if (!(rule->flags & PORT_PASSIVE))
		rule->service = work->indexes->ftp[n];
	rule->flags |= PORT_PASSIVE;
	work->compiled->ftp_ports[port].passive |= (uint16_t)(1u << n);
}

/* Static servers come first: a port that one of them opens needs no pinhole of another. */
static void apply_ftp(struct work *work, enum ftp_pinholes pinholes)
{
	for (size_t n = 0; n < work->policy->n_ftp; n++) {
		const struct ftp_server *server = &work->policy->ftp[n];
		const struct port_range *ranges = server->passive_any ? &any_passive : server->passive;
		size_t n_ranges = server->passive_any ? 1 : server->n_passive;
		struct zone_set clients;

		if (server->pinholes != pinholes)
			continue;
		clients = mark_control(work, n);
		for (size_t i = 0; i < n_ranges; i++)
			for (unsigned port = ranges[i].first; port <= ranges[i].last; port++) {
				if (pinholes == FTP_PINHOLES_STATIC)
					open_static(work, n, port, &clients);
				else
					mark_passive(work, n, port);
			}
	}
}

static int finish_ports(struct work *work, enum direction direction, enum transport transport)
{
	for (unsigned port = 0; port < N_PORTS; port++) {
		struct port_rule *rule = rule_of(work, direction, transport, port);
		int err = 0;

		if (rule->flags & PORT_OPEN)
			err = peer_sets_assign(work->sets, &work->admitted[port], rule);
		if (err)
			return err;
	}
	return 0;
}

static int compile_half(struct work *work, enum direction direction, enum transport transport)
{
	const struct policy *policy = work->policy;
	const struct rule *rules = direction == INBOUND ? policy->inbound : policy->outbound;
	size_t n = direction == INBOUND ? policy->n_inbound : policy->n_outbound;

	memset(work->admitted, 0, N_PORTS * sizeof(*work->admitted));
	for (size_t i = 0; i < n; i++)
		apply_rule(work, &rules[i], direction, transport);
	if (direction == INBOUND && transport == TRANSPORT_TCP) {
		apply_ftp(work, FTP_PINHOLES_STATIC);
		apply_ftp(work, FTP_PINHOLES_SESSION);
	}
	return finish_ports(work, direction, transport);
}

int compile_ports(const struct policy *policy, const struct service_indexes *indexes, struct peer_sets *sets,
		  struct compiled *compiled)
{
	struct work work = {.policy = policy, .indexes = indexes, .sets = sets, .compiled = compiled};
	int err = -ENOMEM;

	work.admitted = calloc(N_PORTS, sizeof(*work.admitted));
	if (work.admitted) {
		err = 0;
		for (int d = 0; d < N_DIRECTIONS && !err; d++)
			for (int t = 0; t < N_TRANSPORTS && !err; t++)
				err = compile_half(&work, (enum direction)d, (enum transport)t);
	}
	free(work.admitted);
	return err;
}
