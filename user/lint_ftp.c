// SPDX-License-Identifier: GPL-2.0-only
// Advice about FTP servers: their control ports, TLS, and passive ranges.
#include "lint_rules.h"

enum {
	PORT_EXPLICIT = 21,
	PORT_IMPLICIT = 990,
	X11_FIRST = 6000,
	X11_LAST = 6063,
	MANY_PORTS = 1000, /* a range that nobody restricted */
};

static bool uses_control_port(const struct policy *policy, const struct ftp_server *server, uint16_t port)
{
	for (size_t i = 0; i < server->n_control; i++) {
		const struct service *service = &policy->services[server->control[i]];

		if (lint_has_port(service->tcp, service->n_tcp, port))
			return true;
	}
	return false;
}

/* Where there is no TLS there is nothing for the other port to do. */
static bool is_cleartext(const struct policy *policy, uint16_t port)
{
	for (size_t i = 0; i < policy->n_ftp; i++)
		if (policy->ftp[i].tls == FTP_TLS_NONE && uses_control_port(policy, &policy->ftp[i], port))
			return true;
	return false;
}

/* A server of the policy that is called at 990 is called elsewhere, too: by clients that begin TLS
 * themselves. */
static bool has_other_control(const struct policy *policy)
{
	for (size_t i = 0; i < policy->n_ftp; i++)
		if (uses_control_port(policy, &policy->ftp[i], PORT_IMPLICIT) && policy->ftp[i].n_control > 1)
			return true;
	return false;
}

static void lint_control_pair(const struct policy *policy, struct diags *diags)
{
	const struct rule *explicit = lint_inbound_tcp(policy, PORT_EXPLICIT);
	const struct rule *implicit = lint_inbound_tcp(policy, PORT_IMPLICIT);

	if (explicit && !implicit && !is_cleartext(policy, PORT_EXPLICIT))
		ADVISE(diags, explicit->place,
		       "explicit FTPS (tcp 21) is open and implicit FTPS (tcp 990) is not: some clients know "
		       "only "
		       "one of them; open both, or make sure that all clients use AUTH TLS");
	if (implicit && !explicit && !has_other_control(policy))
		ADVISE(diags, implicit->place,
		       "implicit FTPS (tcp 990) is open and explicit FTPS (tcp 21) is not: some clients know "
		       "only "
		       "one of them; open both, or make sure that all clients use implicit TLS");
}

static void lint_tls(const struct ftp_server *server, struct diags *diags)
{
	if (server->tls == FTP_TLS_NONE)
		ADVISE(diags, server->place,
		       "ftp %s: FTP without TLS sends passwords and files in the clear; require TLS in the "
		       "server "
		       "and say tls: required",
		       server->name);
	else if (server->tls == FTP_TLS_OPTIONAL)
		ADVISE(diags, server->place,
		       "ftp %s: with optional TLS a client may send its password in the clear; require TLS "
		       "in the "
		       "server and say tls: required",
		       server->name);
}

static void lint_static(const struct ftp_server *server, struct diags *diags)
{
	if (server->pinholes == FTP_PINHOLES_STATIC)
		ADVISE(diags, server->place,
		       "ftp %s: pinholes: static leaves the passive ports open all the time, for any program "
		       "that listens there; use pinholes: session where the server allows it",
		       server->name);
}

static void lint_clients(const struct ftp_server *server, struct diags *diags)
{
	if (server->pinholes != FTP_PINHOLES_CLIENTS)
		return;
	ADVISE(diags, server->place,
	       "ftp %s: pinholes: clients opens a port for every client that is logged in, so that one "
	       "can take another's connection; use pinholes: session where replies or logs can be read",
	       server->name);
	if (!(server->watch & 1u << FTP_WATCH_SOCKET))
		ADVISE(diags, server->place,
		       "ftp %s: pinholes: clients opens nothing, as watch does not list socket",
		       server->name);
}

static size_t n_ports(const struct ftp_server *server)
{
	size_t n = 0;

	for (size_t i = 0; i < server->n_passive; i++)
		n += (size_t)server->passive[i].last - server->passive[i].first + 1;
	return n;
}

static void lint_unrestricted(const struct ftp_server *server, struct diags *diags)
{
	if (!server->passive_any && n_ports(server) < MANY_PORTS)
		return;
	if (server->pinholes == FTP_PINHOLES_STATIC)
		ADVISE(diags, server->passive_place,
		       "ftp %s: %zu passive ports that are always open are not recommended; restrict the "
		       "range in "
		       "the server and here, 3000-3003 for example, or use pinholes: session",
		       server->name, n_ports(server));
	else
		ADVISE(diags, server->passive_place,
		       "ftp %s: %zu passive ports are not recommended where they stay open; they are safe "
		       "here, as "
		       "each opens only for a session's client, but a firewall in front needs a smaller "
		       "range",
		       server->name, n_ports(server));
}

static void lint_x11(const struct ftp_server *server, struct diags *diags)
{
	for (size_t i = 0; i < server->n_passive; i++) {
		if (server->passive[i].first > X11_LAST || server->passive[i].last < X11_FIRST)
			continue;
		ADVISE(diags, server->passive_place,
		       "ftp %s: the passive range covers 6000-6063, where X Window listens; choose a range "
		       "that "
		       "holds nothing else",
		       server->name);
		return;
	}
}

static bool overlaps(const struct port_range *range, const struct port_range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ranges[i].first <= range->last && range->first <= ranges[i].last)
			return true;
	return false;
}

static bool overlaps_any(const struct port_range *a, size_t n_a, const struct port_range *b, size_t n_b)
{
	for (size_t i = 0; i < n_a; i++)
		if (overlaps(&a[i], b, n_b))
			return true;
	return false;
}

/* The service's port never becomes a pinhole, so the server that chooses it fails. */
static void lint_service_inside(const struct policy *policy, const struct ftp_server *server,
				struct diags *diags)
{
	for (size_t i = 0; i < policy->n_services; i++) {
		const struct service *service = &policy->services[i];
		bool is_inbound = false;

		for (size_t j = 0; j < policy->n_inbound; j++)
			is_inbound |= policy->inbound[j].service == i;
		for (size_t j = 0; is_inbound && j < service->n_tcp; j++) {
			if (!overlaps(&service->tcp[j], server->passive, server->n_passive))
				continue;
			ADVISE(diags, server->passive_place,
			       "ftp %s: the passive range covers a port of %s, which is never opened for "
			       "data; "
			       "choose a range that holds nothing else",
			       server->name, service->name);
			break;
		}
	}
	if (overlaps_any(server->sockets, server->n_sockets, server->passive, server->n_passive))
		ADVISE(diags, server->passive_place,
		       "ftp %s: the passive range covers its own control sockets, which are never opened for "
		       "data; choose a range that holds nothing else",
		       server->name);
}

/* What another server leaves open needs no pinhole. */
static void lint_open_inside(const struct policy *policy, const struct ftp_server *server,
			     struct diags *diags)
{
	for (size_t i = 0; i < policy->n_ftp && server->pinholes != FTP_PINHOLES_STATIC; i++) {
		const struct ftp_server *other = &policy->ftp[i];

		if (other->pinholes == FTP_PINHOLES_STATIC &&
		    overlaps_any(server->passive, server->n_passive, other->passive, other->n_passive))
			ADVISE(diags, server->passive_place,
			       "ftp %s: the passive range covers ports that ftp %s leaves open all the time "
			       "(pinholes: static); choose a range that holds nothing else",
			       server->name, other->name);
	}
}

static bool is_control(const struct ftp_server *server, size_t service)
{
	for (size_t i = 0; i < server->n_control; i++)
		if (server->control[i] == service)
			return true;
	return false;
}

/* Its connections would count as control connections. */
static void lint_sockets(const struct policy *policy, const struct ftp_server *server, struct diags *diags)
{
	for (size_t i = 0; i < policy->n_inbound; i++) {
		const struct service *service = &policy->services[policy->inbound[i].service];

		if (is_control(server, policy->inbound[i].service) ||
		    !overlaps_any(server->sockets, server->n_sockets, service->tcp, service->n_tcp))
			continue;
		ADVISE(diags, server->sockets_place,
		       "ftp %s: sockets covers a port of %s, whose clients would have control connections; "
		       "list only ports that the redirect leads to",
		       server->name, service->name);
		return;
	}
}

static void lint_log(const struct ftp_server *server, struct diags *diags)
{
	if ((server->log.file || server->log.journal) && !(server->watch & 1u << FTP_WATCH_LOG))
		ADVISE(diags, server->log.place,
		       "ftp %s: the log is not read, as watch does not list log; write watch: [socket, log] "
		       "if it is needed",
		       server->name);
}

void lint_ftp(const struct policy *policy, struct diags *diags)
{
	lint_control_pair(policy, diags);
	for (size_t i = 0; i < policy->n_ftp; i++) {
		const struct ftp_server *server = &policy->ftp[i];

		lint_tls(server, diags);
		lint_static(server, diags);
		lint_clients(server, diags);
		lint_unrestricted(server, diags);
		lint_x11(server, diags);
		lint_service_inside(policy, server, diags);
		lint_open_inside(policy, server, diags);
		lint_sockets(policy, server, diags);
		lint_log(server, diags);
	}
}
