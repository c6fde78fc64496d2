// SPDX-License-Identifier: GPL-2.0-only
// Looks up the names of services and FTP servers of the instance in force.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "instance_names.h"

static const char ftp_prefix[] = "ftp:";

struct service_name *instance_services(const struct datapath *datapath)
{
	struct service_name *names = calloc(MAX_SERVICES, sizeof(*names));
	int r = names ? datapath_services(datapath, names) : -ENOMEM;

	if (r == 0)
		return names;
	free(names);
	instance_failed("services", r);
	return NULL;
}

const char *service_in_force(const struct service_name *services, unsigned index)
{
	return index < MAX_SERVICES && services[index].name[0] ? services[index].name : NULL;
}

const char *server_of_service(const struct service_name *services, unsigned index)
{
	const char *name = service_in_force(services, index);

	if (!name || strncmp(name, ftp_prefix, strlen(ftp_prefix)) != 0)
		return NULL;
	return name + strlen(ftp_prefix);
}

struct server_ports *instance_servers(const struct datapath *datapath)
{
	struct server_ports *servers = calloc(1, sizeof(*servers));
	int r = servers ? datapath_ftp_servers(datapath, servers->servers) : -ENOMEM;

	if (r == 0)
		r = datapath_ftp_ports(datapath, servers->ports);
	if (r == 0)
		return servers;
	free(servers);
	instance_failed("FTP servers", r);
	return NULL;
}

const char *server_of_port(const struct server_ports *servers, uint16_t socket_port)
{
	for (unsigned i = 0; i < MAX_FTP_SERVERS; i++)
		if (servers->ports[socket_port].control & 1u << i)
			return servers->servers[i].name;
	return NULL;
}
