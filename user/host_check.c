// SPDX-License-Identifier: GPL-2.0-only
// Warns of what this host's settings would let a local user fake.
#include "host_check.h"

#include <stdio.h>

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

void host_check(const struct policy *policy, struct diags *diags)
{
	unsigned start = unprivileged_start();

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
		if (owner_resolve(&server->owner, &owner, &why))
			diags_add(diags, DIAG_WARNING, server->owner.place,
				  "ftp %s: its owner cannot be told, so no passive port opens: %s",
				  server->name, why.text);
	}
}
