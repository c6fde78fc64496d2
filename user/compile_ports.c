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
	struct narrower *narrower;
	struct zone_set *admitted; /* N_PORTS: for the direction and transport at work */
};

static const struct port_range any_passive = {.first = 1024, .last = 65535};

static struct port_rule *rule_of(struct work *work, enum direction direction, enum transport transport,
				 unsigned port)
{
	return &work->compiled->ports[port_index(direction, transport, (uint16_t)port)];
}

/* Whom a rule admits, or the control services of a server: everywhere, and at some places only. */
struct admitted {
	struct zone_set peers;
	uint16_t chain; /* in compiled->narrowings; 0: none */
};

static int open_port(struct work *work, struct port_rule *rule, unsigned port, uint16_t service,
		     const struct admitted *whom)
{
	if (!(rule->flags & PORT_OPEN))
		rule->service = service;
	rule->flags |= PORT_OPEN;
	zone_set_union(&work->admitted[port], &whom->peers);
	return narrower_extend(work->narrower, &rule->narrowed, whom->chain);
}

static int apply_rule(struct work *work, const struct rule *rule, enum direction direction,
		      enum transport transport)
{
	const struct service *service = &work->policy->services[rule->service];
	const struct port_range *ranges = transport == TRANSPORT_TCP ? service->tcp : service->udp;
	size_t n_ranges = transport == TRANSPORT_TCP ? service->n_tcp : service->n_udp;
	uint16_t index = work->indexes->services[rule->service];
	struct admitted whom = {0};
	int err = 0;

	if (!policy_is_narrowed(&rule->scope))
		whom.peers = zone_set_of(rule->peers, rule->n_peers);
	else if (n_ranges)
		err = narrower_begin(work->narrower, rule, index, &whom.chain);
	for (size_t i = 0; i < n_ranges && !err; i++)
		for (unsigned port = ranges[i].first; port <= ranges[i].last && !err; port++)
			err = open_port(work, rule_of(work, direction, transport, port), port, index, &whom);
	return err;
}

/* Adds whom a control port of server `n` admits. */
static int mark_control_port(struct work *work, size_t n, unsigned port, struct admitted *clients)
{
	struct port_rule *rule = rule_of(work, INBOUND, TRANSPORT_TCP, port);

	rule->flags |= PORT_CONTROL;
	if (work->policy->ftp[n].active) {
		rule->flags |= PORT_ACTIVE;
		work->compiled->ftp_ports[ACTIVE_SERVERS].control |= (uint16_t)(1u << n);
	}
	zone_set_union(&clients->peers, &work->admitted[port]);
	return narrower_extend(work->narrower, &clients->chain, rule->narrowed);
}

struct socket_mark {
	struct work *work;
	size_t n;
};

static bool mark_socket(void *context, uint16_t socket_port, uint16_t control_port)
{
	struct socket_mark *mark = context;
	struct ftp_port *port = &mark->work->compiled->ftp_ports[socket_port];
	const struct ftp_peer *peer = &mark->work->policy->ftp[mark->n].peer;

	port->control |= (uint16_t)(1u << mark->n);
	port->control_port = control_port;
	port->host_bits4 = peer->host_bits4;
	port->host_bits6 = peer->host_bits6;
	return true;
}

/* Marks the control ports of server `n` and adds whom they admit. */
static int mark_control(struct work *work, size_t n, struct admitted *clients)
{
	const struct ftp_server *server = &work->policy->ftp[n];
	int err = 0;

	for (size_t i = 0; i < server->n_control; i++) {
		const struct service *service = &work->policy->services[server->control[i]];

		for (size_t k = 0; k < service->n_tcp; k++)
			for (unsigned port = service->tcp[k].first; port <= service->tcp[k].last && !err;
			     port++)
				err = mark_control_port(work, n, port, clients);
	}
	return err;
}

static bool is_ftp_data(const struct work *work, uint16_t service)
{
	for (size_t i = 0; i < work->policy->n_ftp; i++)
		if (work->indexes->ftp[i] == service)
			return true;
	return false;
}

/* A service's port keeps to the rules of that service, whatever range it lies in; a control socket that a
 * redirect leads to is no data port. */
static int open_static(struct work *work, size_t n, unsigned port, const struct admitted *clients)
{
	struct port_rule *rule = rule_of(work, INBOUND, TRANSPORT_TCP, port);

	if (work->compiled->ftp_ports[port].control ||
	    (rule->flags & PORT_OPEN && !is_ftp_data(work, rule->service)))
		return 0;
	return open_port(work, rule, port, work->indexes->ftp[n], clients);
}

static void mark_passive(struct work *work, size_t n, unsigned port)
{
	struct port_rule *rule = rule_of(work, INBOUND, TRANSPORT_TCP, port);
	struct ftp_port *passive = &work->compiled->ftp_ports[port];

	if (rule->flags & PORT_OPEN || passive->control)
		return;
	if (!(rule->flags & PORT_PASSIVE))
		rule->service = work->indexes->ftp[n];
	rule->flags |= PORT_PASSIVE;
	passive->passive |= (uint16_t)(1u << n);
	passive->host_bits4 = work->policy->ftp[n].peer.host_bits4;
	passive->host_bits6 = work->policy->ftp[n].peer.host_bits6;
}

static void mark_sockets(struct work *work)
{
	for (size_t n = 0; n < work->policy->n_ftp; n++) {
		struct socket_mark mark = {.work = work, .n = n};

		policy_control_sockets(work->policy, &work->policy->ftp[n], mark_socket, &mark);
	}
}

/* Static servers come first: a port that one of them opens needs no pinhole of another. */
static int apply_ftp(struct work *work, bool is_static)
{
	int err = 0;

	for (size_t n = 0; n < work->policy->n_ftp && !err; n++) {
		const struct ftp_server *server = &work->policy->ftp[n];
		const struct port_range *ranges = server->passive_any ? &any_passive : server->passive;
		size_t n_ranges = server->passive_any ? 1 : server->n_passive;
		struct admitted clients = {0};

		if ((server->pinholes == FTP_PINHOLES_STATIC) != is_static)
			continue;
		err = mark_control(work, n, &clients);
		for (size_t i = 0; i < n_ranges; i++)
			for (unsigned port = ranges[i].first; port <= ranges[i].last && !err; port++) {
				if (is_static)
					err = open_static(work, n, port, &clients);
				else
					mark_passive(work, n, port);
			}
	}
	return err;
}

static int finish_ports(struct work *work, enum direction direction, enum transport transport)
{
	for (unsigned port = 0; port < N_PORTS; port++) {
		struct port_rule *rule = rule_of(work, direction, transport, port);
		int err = 0;

		if (rule->flags & PORT_OPEN)
			err = peer_sets_assign(work->narrower->sets, &work->admitted[port], rule);
		if (err)
			return err;
		if (rule->flags & PORT_ANY)
			rule->narrowed = 0;
	}
	return 0;
}

static int compile_half(struct work *work, enum direction direction, enum transport transport)
{
	const struct policy *policy = work->policy;
	const struct rule *rules = direction == INBOUND ? policy->inbound : policy->outbound;
	size_t n = direction == INBOUND ? policy->n_inbound : policy->n_outbound;

	bool has_ftp = direction == INBOUND && transport == TRANSPORT_TCP;
	int err = 0;

	memset(work->admitted, 0, N_PORTS * sizeof(*work->admitted));
	for (size_t i = 0; i < n && !err; i++)
		err = apply_rule(work, &rules[i], direction, transport);
	if (has_ftp)
		mark_sockets(work);
	if (!err && has_ftp)
		err = apply_ftp(work, true);
	if (!err && has_ftp)
		err = apply_ftp(work, false);
	return err ? err : finish_ports(work, direction, transport);
}

static uint32_t last_ruled_port(const struct port_rule *ports)
{
	uint32_t port = N_PORTS - 1;

	while (port && !ports[port_index(INBOUND, TRANSPORT_TCP, (uint16_t)port)].flags)
		port--;
	return port;
}

static struct port_bits open_tcp_ports(const struct port_rule *ports)
{
	struct port_bits bits = {0};

	for (uint32_t port = 0; port < N_PORTS; port++) {
		if (ports[port_index(INBOUND, TRANSPORT_TCP, (uint16_t)port)].flags & PORT_ADMITS)
			bits.bytes[port / 8] |= (uint8_t)(1 << port % 8);
	}
	return bits;
}

int compile_ports(const struct policy *policy, const struct service_indexes *indexes,
		  struct narrower *narrower, struct compiled *compiled)
{
	struct work work = {.policy = policy, .indexes = indexes, .narrower = narrower, .compiled = compiled};
	int err = -ENOMEM;

	work.admitted = calloc(N_PORTS, sizeof(*work.admitted));
	if (work.admitted) {
		err = 0;
		for (int d = 0; d < N_DIRECTIONS && !err; d++)
			for (int t = 0; t < N_TRANSPORTS && !err; t++)
				err = compile_half(&work, (enum direction)d, (enum transport)t);
		compiled->last_ruled_port = last_ruled_port(compiled->ports);
		compiled->open_tcp = open_tcp_ports(compiled->ports);
	}
	free(work.admitted);
	return err;
}
