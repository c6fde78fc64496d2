// SPDX-License-Identifier: GPL-2.0-only
// Reads an instance in force through its pins.
#include "datapath.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "datapath_attach.h"
#include "datapath_internal.h"
#include "datapath_read.h"
#include "datapath_sockets.h"

void datapath_init(bool verbose)
{
	if (!verbose)
		libbpf_set_print(NULL);
}

int datapath_open(const char *instance, struct datapath **ret, struct failure *failure)
{
	struct datapath *datapath CLEANUP_FREE = calloc(1, sizeof(*datapath));
	int r;

	if (!datapath)
		return -ENOMEM;
	strncpy(datapath->instance, instance, sizeof(datapath->instance) - 1);
	r = pins_get_generation(instance, "current", &datapath->generation);
	if (r)
		return r == -EACCES ? -EPERM : r;
	r = sockets_get_settings(instance, &datapath->settings);
	if (r)
		return failure_set(failure, r, "cannot read the settings of instance '%s': %s", instance,
				   strerror(-r));
	if (datapath->settings.abi != POSTERN_ABI)
		return failure_set(
			failure, -EPROTO,
			"instance '%s' was put in force by another version of postern (its data has "
			"format %u, this one's is %u): 'postern down', then apply again",
			instance, datapath->settings.abi, POSTERN_ABI);
	*ret = datapath;
	datapath = NULL;
	return 0;
}

void datapath_close(struct datapath *datapath)
{
	free(datapath);
}

int datapath_policy(const struct datapath *datapath, char **ret_text, size_t *ret_size)
{
	CLEANUP_FD int fd = pin_open(datapath->instance, "current/policy");
	struct policy_chunk *chunks;
	uint32_t n = 0;
	int r;

	if (fd < 0)
		return fd;
	r = map_size(fd, &n);
	if (r)
		return r;
	chunks = calloc(n, sizeof(*chunks));
	r = chunks ? datapath_read_array(datapath, "current/policy", chunks, n) : -ENOMEM;
	if (r) {
		free(chunks);
		return r;
	}
	*ret_text = (char *)chunks;
	*ret_size = strnlen((char *)chunks, n * sizeof(*chunks));
	return 0;
}

int datapath_interfaces(const struct datapath *datapath, struct interface_state **ret, size_t *ret_n)
{
	struct interface_value interfaces[MAX_INTERFACES];
	int r = attach_get_interfaces(datapath->instance, datapath->generation, interfaces);
	struct interface_state *states;
	size_t n = 0;

	if (r)
		return r;
	states = calloc(MAX_INTERFACES, sizeof(*states));
	if (!states)
		return -ENOMEM;
	for (size_t i = 0; i < MAX_INTERFACES; i++) {
		if (!interfaces[i].ifindex)
			continue;
		memcpy(states[n].name, interfaces[i].name, sizeof(states[n].name));
		states[n].ifindex = interfaces[i].ifindex;
		states[n].xdp = interfaces[i].xdp_generic ? XDP_MODE_GENERIC : XDP_MODE_NATIVE;
		states[n].egress = interfaces[i].clsact ? EGRESS_CLSACT : EGRESS_TCX;
		states[n].attached = attach_is_alive(datapath->instance, &interfaces[i]);
		n++;
	}
	*ret = states;
	*ret_n = n;
	return 0;
}

int datapath_counters(const struct datapath *datapath, struct counter_value *ret)
{
	enum { N = N_DIRECTIONS * N_COUNTERS };
	int n_cpus = libbpf_num_possible_cpus();
	struct counter_value *values CLEANUP_FREE = NULL;
	int r;

	if (n_cpus < 0)
		return n_cpus;
	values = calloc((size_t)N * n_cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	r = datapath_read_array(datapath, "counters", values, N);
	if (r)
		return r;
	memset(ret, 0, N * sizeof(*ret));
	for (size_t i = 0; i < N; i++) {
		for (int cpu = 0; cpu < n_cpus; cpu++) {
			ret[i].packets += values[i * n_cpus + cpu].packets;
			ret[i].bytes += values[i * n_cpus + cpu].bytes;
		}
	}
	return 0;
}

int datapath_services(const struct datapath *datapath, struct service_name *ret_names)
{
	return datapath_read_array(datapath, "current/services", ret_names, MAX_SERVICES);
}

int datapath_totals(const struct datapath *datapath, struct totals *ret)
{
	return datapath_read_array(datapath, "totals", ret, 1);
}

int datapath_settings(const struct datapath *datapath, struct settings *ret)
{
	*ret = datapath->settings;
	return 0;
}

int datapath_flags(const struct datapath *datapath, uint32_t *ret)
{
	struct generation_value value;
	int r = datapath_read_array(datapath, "current/generations", &value, 1);

	if (r == 0)
		*ret = value.flags;
	return r;
}

int datapath_ftp_servers(const struct datapath *datapath, struct ftp_server_value *ret)
{
	struct ftp_server_value both[2 * MAX_FTP_SERVERS];
	int r = datapath_read_array(datapath, "ftp_servers", both, 2 * MAX_FTP_SERVERS);

	if (r == 0)
		memcpy(ret, both + (datapath->settings.half & 1) * MAX_FTP_SERVERS,
		       MAX_FTP_SERVERS * sizeof(*ret));
	return r;
}

int datapath_ftp_ownerless(const struct datapath *datapath, bool *ret)
{
	struct ftp_owner_value *both CLEANUP_FREE = calloc(2 * MAX_FTP_SERVERS, sizeof(*both));
	const struct ftp_owner_value *owners = both + (datapath->settings.half & 1) * MAX_FTP_SERVERS;
	int r = both ? datapath_read_array(datapath, "ftp_owners", both, 2 * MAX_FTP_SERVERS) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < MAX_FTP_SERVERS; i++)
		ret[i] = owners[i].kind == OWNER_NOBODY;
	return r;
}

int datapath_ftp_ports(const struct datapath *datapath, struct ftp_port *ret)
{
	struct ftp_port *both CLEANUP_FREE = calloc(2 * N_PORTS, sizeof(*both));
	int r = both ? datapath_read_array(datapath, "ftp_ports", both, 2 * N_PORTS) : -ENOMEM;

	if (r == 0)
		memcpy(ret, both + (datapath->settings.half & 1) * N_PORTS, N_PORTS * sizeof(*ret));
	return r;
}

int datapath_read_events(const struct datapath *datapath, struct event *ret)
{
	return datapath_read_array(datapath, "events", ret, N_EVENTS);
}

int datapath_read_denials(const struct datapath *datapath, struct event *ret)
{
	return datapath_read_array(datapath, "denials", ret, N_DENIALS);
}

int datapath_event_heads(const struct datapath *datapath, struct event_heads *ret)
{
	return datapath_read_array(datapath, "event_heads", ret, 1);
}

int datapath_claim(const struct datapath *datapath, const struct claim_request *request,
		   uint32_t *ret_refusal)
{
	CLEANUP_FD int fd = pin_open(datapath->instance, "claim_pinhole");

	return fd < 0 ? fd : program_run(fd, request, sizeof(*request), ret_refusal);
}

int datapath_log_event(const struct datapath *datapath, const struct event *event)
{
	CLEANUP_FD int fd = pin_open(datapath->instance, "append_event");
	uint32_t value = 0;

	return fd < 0 ? fd : program_run(fd, event, sizeof(*event), &value);
}
