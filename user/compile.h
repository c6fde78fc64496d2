/* SPDX-License-Identifier: GPL-2.0-only */
/* Policy to map entries. Pure: no I/O, no kernel. */
#ifndef POSTERN_COMPILE_H
#define POSTERN_COMPILE_H

#include <stddef.h>

#include "abi.h"
#include "policy.h"

struct compiled_prefix {
	struct prefix prefix;
	struct zone_set zones; /* every zone that contains the prefix */
};

struct compiled {
	struct port_rule *ports;     /* N_PORT_RULES */
	struct port_rule *protocols; /* N_PROTOCOL_RULES */
	struct zone_set *peers;
	size_t n_peers;
	struct compiled_prefix *prefixes; /* distinct, IPv4 before IPv6, each family by length */
	size_t n_prefixes;
	size_t n_prefixes4;
	struct prefix *block; /* distinct, none within another, IPv4 before IPv6 */
	size_t n_block;
	size_t n_block4;
	uint32_t flags;                /* enum generation_flag */
	struct service_name *services; /* MAX_SERVICES */
	struct ftp_port *ftp_ports;    /* N_PORTS */
	struct ftp_server_value ftp_servers[MAX_FTP_SERVERS];
};

/* `previous` (MAX_SERVICES names, or NULL) are those of the generation in force: a name keeps its
 * index, so that its counters carry over. Returns 0, -ENOMEM, or -E2BIG with *ret_limit (static text)
 * naming the limit that the policy exceeds. */
int compile(const struct policy *policy, const struct service_name *previous, struct compiled **ret,
	    const char **ret_limit);
void compiled_free(struct compiled *compiled);

#endif
