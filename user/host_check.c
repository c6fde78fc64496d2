// SPDX-License-Identifier: GPL-2.0-only
// Warns of what this host's settings would let a local user fake.
#include "host_check.h"

#include <stdio.h>

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

static unsigned highest_control_port(const struct policy *policy, const struct ftp_server *server)
{
	unsigned highest = 0;

	for (size_t i = 0; i < server->n_control; i++) {
		const struct service *service = &policy->services[server->control[i]];

		for (size_t j = 0; j < service->n_tcp; j++)
			if (service->tcp[j].last > highest)
				highest = service->tcp[j].last;
	}
	return highest;
}

void host_check(const struct policy *policy, struct diags *diags)
{
	unsigned start = unprivileged_start();

	for (size_t i = 0; i < policy->n_ftp; i++) {
		unsigned port = highest_control_port(policy, &policy->ftp[i]);

		if (port >= start)
			diags_add(diags, DIAG_WARNING, policy->ftp[i].control_place,
				  "ftp %s: on this host any local user may listen on control port %u "
				  "(net.ipv4.ip_unprivileged_port_start is %u), and so fake control "
				  "connections that open passive ports",
				  policy->ftp[i].name, port, start);
	}
}
