/* SPDX-License-Identifier: GPL-2.0-only */
/* Policy to map entries. Pure: no I/O, no kernel. */
#ifndef POSTERN_COMPILE_H
#define POSTERN_COMPILE_H

#include <stddef.h>

#include "abi.h"
#include "policy.h"

/* The ranges of one family and their buckets: see struct range4. */
struct range_table {
	struct range_window window;
	struct range4 *ranges4; /* NULL where the family is IPv6 */
	struct range6 *ranges6; /* NULL where it is IPv4 */
	size_t n_ranges;        /* 0: it has no prefix */
	struct range_bucket *buckets;
	size_t n_buckets;
};

struct compiled {
	struct port_rule *ports;     /* N_PORT_RULES */
	uint32_t last_ruled_port;    /* the highest TCP port with a rule inward; 0 where none has */
	struct port_bits open_tcp;   /* the TCP ports that are not closed to everybody inward */
	struct port_rule *protocols; /* N_PROTOCOL_RULES */
	struct zone_set *peers;
	size_t n_peers;
	/* An ifindex here is the interface's policy_interface_number(): only a host has the real ones. */
	struct narrowing *narrowings;
	size_t n_narrowings;        /* entry 0 included */
	struct zone_set *zone_sets; /* values of zones4 and zones6 */
	size_t n_zone_sets;
	struct range_table zones4;
	struct range_table zones6;
	struct range_table block4;
	struct range_table block6;
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
void range_table_free(struct range_table *table);

#endif
