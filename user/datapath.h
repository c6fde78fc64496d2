/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel side of an instance: load, attach, pin, switch generations, read. With events.c the only
 * part that knows libbpf; none of its types is shown here. */
#ifndef POSTERN_DATAPATH_H
#define POSTERN_DATAPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "compile.h"
#include "failure.h"

enum xdp_mode { XDP_MODE_AUTO, XDP_MODE_NATIVE, XDP_MODE_GENERIC };
enum egress_hook { EGRESS_TCX, EGRESS_CLSACT };

struct datapath; /* opaque: an instance in force, opened through its pins */

/* Called once, before anything else here: whether libbpf's own messages, the verifier's among them, go to
 * stderr. */
void datapath_init(bool verbose);

/* Opens the instance NAME that is in force. Returns 0, -ENOENT (nothing in force), -EPERM, -EPROTO (made
 * by another version of the program: see POSTERN_ABI) or another -errno. */
int datapath_open(const char *instance, struct datapath **ret, struct failure *failure);
void datapath_close(struct datapath *datapath);

/* The sources of the policy in force (source_set_format()); the caller frees. */
int datapath_policy(const struct datapath *datapath, char **ret_text, size_t *ret_size);

struct interface_state {
	char name[16]; /* "" where the interface is gone */
	uint32_t ifindex;
	enum xdp_mode xdp; /* never XDP_MODE_AUTO */
	enum egress_hook egress;
	bool attached; /* false: somebody detached it, or the interface is gone */
};

struct program_state {
	char name[32];
	uint64_t recursion_misses; /* events lost because the program was already active on the CPU */
};

/* Each fills a malloc()ed array that the caller frees. */
int datapath_interfaces(const struct datapath *datapath, struct interface_state **ret, size_t *ret_n);
int datapath_programs(const struct datapath *datapath, struct program_state **ret, size_t *ret_n);

struct session_entry {
	uint64_t cookie;
	struct session session;
};
struct pinhole_entry {
	struct pinhole_key key;
	struct pinhole pinhole;
};
/* The map that a flow is in. */
enum flow_map { FLOW_MAP_FLOWS, FLOW_MAP_CONNECTIONS, FLOW_MAP_DATA_FLOWS, N_FLOW_MAPS };
struct flow_entry {
	struct flow_key key;
	struct flow flow;
	enum flow_map map;
};

int datapath_sessions(const struct datapath *datapath, struct session_entry **ret, size_t *ret_n);
/* How many listeners wait for a reply, or a line of a log, that names them. */
int datapath_waiting(const struct datapath *datapath, size_t *ret);
int datapath_pinholes(const struct datapath *datapath, struct pinhole_entry **ret, size_t *ret_n);
int datapath_flows(const struct datapath *datapath, struct flow_entry **ret, size_t *ret_n);

/* Sums over the CPUs; `ret` has N_DIRECTIONS * N_COUNTERS entries, by counter_index(), `ret_names`
 * MAX_SERVICES. */
int datapath_counters(const struct datapath *datapath, struct counter_value *ret);
int datapath_services(const struct datapath *datapath, struct service_name *ret_names);
int datapath_totals(const struct datapath *datapath, struct totals *ret);
int datapath_settings(const struct datapath *datapath, struct settings *ret);
/* enum generation_flag of the policy in force. */
int datapath_flags(const struct datapath *datapath, uint32_t *ret);
/* The FTP servers in force, MAX_FTP_SERVERS entries, "" where there is none. */
int datapath_ftp_servers(const struct datapath *datapath, struct ftp_server_value *ret);
/* Of the same servers: true where an owner is asked for that could not be told. */
int datapath_ftp_ownerless(const struct datapath *datapath, bool *ret);
/* The control and passive bits of every port, N_PORTS entries. */
int datapath_ftp_ports(const struct datapath *datapath, struct ftp_port *ret);

/* The logs, for events.c: `ret` has N_EVENTS or N_DENIALS entries, as the kernel has them. */
int datapath_read_events(const struct datapath *datapath, struct event *ret);
int datapath_read_denials(const struct datapath *datapath, struct event *ret);
int datapath_event_heads(const struct datapath *datapath, struct event_heads *ret);
/* Asks for a pinhole; *ret_refusal is 0 or the enum refusal. */
int datapath_claim(const struct datapath *datapath, const struct claim_request *request,
		   uint32_t *ret_refusal);
/* Appends an event of user space's own (EVENT_APPLIED, EVENT_TLS_STALE): sequence and time are filled in. */
int datapath_log_event(const struct datapath *datapath, const struct event *event);

#endif
