// SPDX-License-Identifier: GPL-2.0-only
// FTP servers: what must hold of each, and between those that share ports.
#include "policy_ftp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_inbound_service(const struct policy *policy, size_t service)
{
	for (size_t i = 0; i < policy->n_inbound; i++)
		if (policy->inbound[i].service == service)
			return true;
	return false;
}

static void validate_control(const struct policy *policy, const struct ftp_server *server,
			     struct diags *diags)
{
	for (size_t i = 0; i < server->n_control; i++) {
		const struct service *service = &policy->services[server->control[i]];

		if (service->n_tcp == 0 || service->n_udp > 0 || service->n_ip > 0)
			diags_add(diags, DIAG_ERROR, server->control_place,
				  "control service '%s' must have TCP ports and nothing else", service->name);
		else if (!is_inbound_service(policy, server->control[i]))
			diags_add(diags, DIAG_ERROR, server->control_place,
				  "control service '%s' has no rule in 'inbound'", service->name);
	}
}

static void validate_passive(const struct ftp_server *server, const bool *inbound_ports, struct diags *diags)
{
	for (size_t i = 0; i < server->n_passive; i++) {
		const struct port_range *range = &server->passive[i];
		size_t size = (size_t)(range->last - range->first) + 1;

		if (!memchr(&inbound_ports[range->first], false, size))
			diags_add(diags, DIAG_ERROR, server->passive_place,
				  "passive ports %u-%u all belong to inbound services: none is left for a "
				  "pinhole",
				  range->first, range->last);
		if (!server->passive_any && range->first <= PORT_SMB && range->last >= PORT_SMB)
			diags_add(diags, DIAG_ERROR, server->passive_place,
				  "passive ports may not include SMB (445)");
	}
}

void policy_control_sockets(const struct policy *policy, const struct ftp_server *server,
			    bool (*visit)(void *context, uint16_t socket_port, uint16_t control_port),
			    void *context)
{
	const struct service *first = &policy->services[server->control[0]];

	for (size_t r = 0; r < server->n_sockets; r++)
		for (unsigned port = server->sockets[r].first; port <= server->sockets[r].last; port++)
			if (!visit(context, (uint16_t)port, first->tcp[0].first))
				return;
	for (size_t i = 0; !server->n_sockets && i < server->n_control; i++) {
		const struct service *service = &policy->services[server->control[i]];

		for (size_t r = 0; r < service->n_tcp; r++)
			for (unsigned port = service->tcp[r].first; port <= service->tcp[r].last; port++)
				if (!visit(context, (uint16_t)port, (uint16_t)port))
					return;
	}
}

/* The first server that uses each port in some way, so that a second one can be compared with it. */
struct shared {
	const struct policy *policy;
	const struct ftp_server *server; /* at work */
	struct diags *diags;
	struct user {
		const struct ftp_server *server; /* NULL: none yet */
		uint16_t control_port;
	} sockets[N_PORTS], passive[N_PORTS];
};

static bool has_same_peer(const struct ftp_server *a, const struct ftp_server *b)
{
	return a->peer.host_bits4 == b->peer.host_bits4 && a->peer.host_bits6 == b->peer.host_bits6;
}

/* Any user may listen there, and so pose as the server. */
static bool check_privileged(const struct shared *shared, uint16_t port)
{
	const struct ftp_server *server = shared->server;

	if (port < FIRST_UNPRIVILEGED_PORT || server->owner.kind != OWNER_ANY)
		return true;
	diags_add(shared->diags, DIAG_ERROR,
		  server->n_sockets ? server->sockets_place : server->control_place,
		  "ftp %s: any local user may listen on control port %u, which is %d or above: that needs "
		  "'owner'",
		  server->name, port, FIRST_UNPRIVILEGED_PORT);
	return false;
}

/* The socket alone tells whose session it is; so those that share one may not differ in what follows from it.
 * One error for each server is enough. */
static bool check_socket(void *context, uint16_t socket_port, uint16_t control_port)
{
	struct shared *shared = context;
	struct user *first = &shared->sockets[socket_port];
	const struct ftp_server *server = shared->server;
	const char *what;

	if (!check_privileged(shared, socket_port))
		return false;
	if (!first->server) {
		*first = (struct user){server, control_port};
		return true;
	}
	what = !has_same_peer(first->server, server) ? "another 'peer'"
	       : first->control_port != control_port ? "another control port"
						     : NULL;
	if (!what)
		return true;
	diags_add(shared->diags, DIAG_ERROR,
		  server->n_sockets ? server->sockets_place : server->control_place,
		  "ftp %s: its control socket %u is that of ftp %s too, which has %s", server->name,
		  socket_port, first->server->name, what);
	return false;
}

static void check_passive(struct shared *shared)
{
	const struct ftp_server *server = shared->server;

	for (size_t r = 0; r < server->n_passive; r++)
		for (unsigned port = server->passive[r].first; port <= server->passive[r].last; port++) {
			struct user *first = &shared->passive[port];

			if (!first->server)
				first->server = server;
			if (has_same_peer(first->server, server))
				continue;
			diags_add(shared->diags, DIAG_ERROR, server->passive_place,
				  "ftp %s: passive port %u is shared with ftp %s, which has another 'peer'",
				  server->name, port, first->server->name);
			return;
		}
}

static int validate_shared(const struct policy *policy, struct diags *diags)
{
	struct shared *shared = calloc(1, sizeof(*shared));

	if (!shared)
		return -ENOMEM;
	*shared = (struct shared){.policy = policy, .diags = diags};
	for (size_t i = 0; i < policy->n_ftp; i++) {
		shared->server = &policy->ftp[i];
		if (shared->server->n_control)
			policy_control_sockets(policy, shared->server, check_socket, shared);
		check_passive(shared);
	}
	free(shared);
	return 0;
}

int validate_ftp(const struct policy *policy, const bool *inbound_ports, struct diags *diags)
{
	size_t before = diags_count(diags, DIAG_ERROR);

	for (size_t i = 0; i < policy->n_ftp; i++) {
		validate_control(policy, &policy->ftp[i], diags);
		validate_passive(&policy->ftp[i], inbound_ports, diags);
	}
	return diags_count(diags, DIAG_ERROR) == before ? validate_shared(policy, diags) : 0;
}
