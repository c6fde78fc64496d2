/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of services and FTP servers for what the state of an instance holds as numbers. */
#ifndef POSTERN_INSTANCE_NAMES_H
#define POSTERN_INSTANCE_NAMES_H

#include <stdint.h>

#include "datapath.h"

/* The names in force, MAX_SERVICES of them; NULL where they cannot be read (said on stderr). */
struct service_name *instance_services(const struct datapath *datapath);

/* NULL where the index has no name. */
const char *service_in_force(const struct service_name *services, unsigned index);
/* The FTP server whose data a service "ftp:NAME" counts; NULL for another service. */
const char *server_of_service(const struct service_name *services, unsigned index);

/* What tells the FTP server of a control socket. */
struct server_ports {
	struct ftp_server_value servers[MAX_FTP_SERVERS];
	struct ftp_port ports[N_PORTS];
};

/* malloc()ed; NULL where it cannot be read (said on stderr). */
struct server_ports *instance_servers(const struct datapath *datapath);
/* NULL where no server of the policy in force has control sockets at that local port. */
const char *server_of_port(const struct server_ports *servers, uint16_t socket_port);

#endif
