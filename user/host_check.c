// SPDX-License-Identifier: GPL-2.0-only
// Warns of what this host's settings would let a local user fake, and of what it does not have.
#include "host_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "local_addr.h"
#include "owner.h"

static const char path[] = "/proc/sys/net/ipv4/ip_unprivileged_port_start";

/* The first port that needs no privilege to bind. Where it cannot be read it is what kernels begin with. */
static unsigned unprivileged_start(void)
{
	FILE *file = fopen(path, "re");
	unsigned start;

	if (!file || fscanf(file, "%u", &start) != 1)
		start = 1024;
	if (file)
		fclose(file);
	return start;
}

static bool take_highest(void *context, uint16_t socket_port, uint16_t control_port)
{
	unsigned *highest = context;

	(void)control_port;
	if (socket_port > *highest)
		*highest = socket_port;
	return true;
}

/* A program may come later, and its owner is told by its path. But it may also be misspelt. And whoever may
 * run it can run code of their own in it: that matters where they can listen on a control port as well. */
static void check_program(const struct ftp_server *server, bool can_listen, struct diags *diags)
{
	struct stat status;

	if (server->owner.kind != OWNER_EXE)
		return;
	if (stat(server->owner.name, &status))
		diags_add(diags, DIAG_WARNING, server->owner.place,
			  "ftp %s: its owner %s is not there (%s): no passive port opens until it is",
			  server->name, server->owner.name, strerror(errno));
	else if (can_listen && status.st_mode & S_IXOTH)
		diags_add(
			diags, DIAG_WARNING, server->owner.place,
			"ftp %s: any local user may run %s, with code of their own in it, and so pose as its "
			"owner: name a user or a control group, or let only the server's user run it",
			server->name, server->owner.name);
}

/* It may be given the address later: a floating one. */
static void check_addresses(const struct policy *policy, const struct rule *rules, size_t n,
			    struct diags *diags)
{
	char text[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < n; i++)
		if (rules[i].scope.has_at && local_addr_is_missing(&rules[i].scope.at))
			diags_add(diags, DIAG_WARNING, rules[i].scope.at_place,
				  "%s: no interface of this host has the address %s: until one has, the rule "
				  "admits nothing",
				  policy->services[rules[i].service].name,
				  value_format_addr(&rules[i].scope.at, text));
}

void host_check(const struct policy *policy, struct diags *diags)
{
	unsigned start = unprivileged_start();

	check_addresses(policy, policy->inbound, policy->n_inbound, diags);
	check_addresses(policy, policy->outbound, policy->n_outbound, diags);
	for (size_t i = 0; i < policy->n_ftp; i++) {
		const struct ftp_server *server = &policy->ftp[i];
		struct ftp_owner_value owner;
		struct failure why = {""};
		unsigned port = 0;

		policy_control_sockets(policy, server, take_highest, &port);
		if (server->owner.kind == OWNER_ANY && port >= start)
			diags_add(diags, DIAG_WARNING, server->control_place,
				  "ftp %s: on this host any local user may listen on control port %u "
				  "(net.ipv4.ip_unprivileged_port_start is %u), and so fake control "
				  "connections that open passive ports; say who the server is: 'owner'",
				  server->name, port, start);
		check_program(server, port >= start, diags);
		if (owner_resolve(&server->owner, &owner, &why))
			diags_add(diags, DIAG_WARNING, server->owner.place,
				  "ftp %s: its owner cannot be told, so no passive port opens: %s",
				  server->name, why.text);
	}
}
