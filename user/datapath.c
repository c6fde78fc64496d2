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
#include "datapath_sockets.h"

struct datapath {
	char instance[NAME_SIZE];
	uint32_t generation;
	struct settings settings;
};

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

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

static int map_size(int fd, uint32_t *ret_n)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	*ret_n = info.max_entries;
	return 0;
}

/* Everything in a map, in one go: walking it key by key begins anew whenever a key has gone. The arrays have
 * room for `room` entries; *n is how many there are. */
static int read_map(int fd, void *keys, void *values, uint32_t room, uint32_t *n)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	uint64_t position[8]; /* at least as large as any key */

	*n = room;
	if (bpf_map_lookup_batch(fd, NULL, position, keys, values, n, &options) && errno != ENOENT)
		return -errno;
	return 0;
}

static int read_array(const struct datapath *datapath, const char *name, void *values, uint32_t n)
{
	CLEANUP(close_fd) int fd = pin_open(datapath->instance, "%s", name);
	uint32_t *keys CLEANUP_FREE = NULL, read = 0;
	int r;

	if (fd < 0)
		return fd;
	keys = calloc(n, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	r = read_map(fd, keys, values, n, &read);
	return r ?: (read == n ? 0 : -EIO);
}

/* The entries of a hash map: keys and values as two malloc()ed arrays. */
static int read_hash(const struct datapath *datapath, const char *name, size_t key_size, size_t value_size,
		     void **ret_keys, void **ret_values, uint32_t *ret_n)
{
	CLEANUP(close_fd) int fd = pin_open(datapath->instance, "%s", name);
	void *keys CLEANUP_FREE = NULL, *values CLEANUP_FREE = NULL;
	uint32_t room = 0;
	int r;

	if (fd < 0)
		return fd;
	r = map_size(fd, &room);
	if (r)
		return r;
	keys = calloc(room, key_size);
	values = calloc(room, value_size);
	if (!keys || !values)
		return -ENOMEM;
	r = read_map(fd, keys, values, room, ret_n);
	if (r)
		return r;
	*ret_keys = keys;
	*ret_values = values;
	keys = values = NULL;
	return 0;
}

int datapath_policy(const struct datapath *datapath, char **ret_text, size_t *ret_size)
{
	CLEANUP(close_fd) int fd = pin_open(datapath->instance, "current/policy");
	struct policy_chunk *chunks;
	uint32_t n = 0;
	int r;

	if (fd < 0)
		return fd;
	r = map_size(fd, &n);
	if (r)
		return r;
	chunks = calloc(n, sizeof(*chunks));
	r = chunks ? read_array(datapath, "current/policy", chunks, n) : -ENOMEM;
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

static int read_program(const char *instance, const char *name, struct program_state *ret)
{
	CLEANUP(close_fd) int link = pin_open(instance, "sockets/%s", name);
	CLEANUP(close_fd) int program = -1;
	struct bpf_link_info link_info = {0};
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(link_info);

	if (link < 0)
		return link;
	if (bpf_obj_get_info_by_fd(link, &link_info, &size))
		return -errno;
	program = bpf_prog_get_fd_by_id(link_info.prog_id);
	if (program < 0)
		return -errno;
	size = sizeof(info);
	if (bpf_obj_get_info_by_fd(program, &info, &size))
		return -errno;
	strncpy(ret->name, name, sizeof(ret->name) - 1);
	ret->recursion_misses = info.recursion_misses;
	return 0;
}

int datapath_programs(const struct datapath *datapath, struct program_state **ret, size_t *ret_n)
{
	struct pin_path folder = pin_path(datapath->instance, "sockets");
	struct program_state *states;
	char **names;
	size_t n;
	int r = pins_list(folder.text, &names, &n);

	if (r)
		return r;
	states = calloc(n ? n : 1, sizeof(*states));
	r = states ? 0 : -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = read_program(datapath->instance, names[i], &states[i]);
	pins_free_names(names, n);
	if (r) {
		free(states);
		return r;
	}
	*ret = states;
	*ret_n = n;
	return 0;
}

int datapath_sessions(const struct datapath *datapath, struct session_entry **ret, size_t *ret_n)
{
	void *keys CLEANUP_FREE = NULL, *values CLEANUP_FREE = NULL;
	struct session_entry *entries;
	uint32_t n;
	int r = read_hash(datapath, "sessions", sizeof(uint64_t), sizeof(struct session), &keys, &values, &n);

	if (r)
		return r;
	entries = calloc(n ? n : 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		entries[i].cookie = ((uint64_t *)keys)[i];
		entries[i].session = ((struct session *)values)[i];
	}
	*ret = entries;
	*ret_n = n;
	return 0;
}

int datapath_pinholes(const struct datapath *datapath, struct pinhole_entry **ret, size_t *ret_n)
{
	void *keys CLEANUP_FREE = NULL, *values CLEANUP_FREE = NULL;
	struct pinhole_entry *entries;
	uint32_t n;
	int r = read_hash(datapath, "pinholes", sizeof(struct pinhole_key), sizeof(struct pinhole), &keys,
			  &values, &n);

	if (r)
		return r;
	entries = calloc(n ? n : 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		entries[i].key = ((struct pinhole_key *)keys)[i];
		entries[i].pinhole = ((struct pinhole *)values)[i];
	}
	*ret = entries;
	*ret_n = n;
	return 0;
}

/* Appends the flows of one map to a list that has room for them. */
static int read_flows(const struct datapath *datapath, const char *name, bool is_data,
		      struct flow_entry *entries, size_t *n)
{
	void *keys CLEANUP_FREE = NULL, *values CLEANUP_FREE = NULL;
	uint32_t found;
	int r = read_hash(datapath, name, sizeof(struct flow_key), sizeof(struct flow), &keys, &values,
			  &found);

	if (r)
		return r;
	for (uint32_t i = 0; i < found; i++) {
		entries[*n].key = ((struct flow_key *)keys)[i];
		entries[*n].flow = ((struct flow *)values)[i];
		entries[*n].is_data = is_data;
		(*n)++;
	}
	return 0;
}

int datapath_flows(const struct datapath *datapath, struct flow_entry **ret, size_t *ret_n)
{
	struct flow_entry *entries = calloc(MAX_FLOWS + MAX_DATA_FLOWS, sizeof(*entries));
	size_t n = 0;
	int r;

	if (!entries)
		return -ENOMEM;
	r = read_flows(datapath, "flows", false, entries, &n);
	if (r == 0)
		r = read_flows(datapath, "data_flows", true, entries, &n);
	if (r) {
		free(entries);
		return r;
	}
	*ret = entries;
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
	r = read_array(datapath, "counters", values, N);
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
	return read_array(datapath, "current/services", ret_names, MAX_SERVICES);
}

int datapath_totals(const struct datapath *datapath, struct totals *ret)
{
	return read_array(datapath, "totals", ret, 1);
}

int datapath_settings(const struct datapath *datapath, struct settings *ret)
{
	*ret = datapath->settings;
	return 0;
}

int datapath_flags(const struct datapath *datapath, uint32_t *ret)
{
	struct generation_value value;
	int r = read_array(datapath, "current/generations", &value, 1);

	if (r == 0)
		*ret = value.flags;
	return r;
}

int datapath_ftp_servers(const struct datapath *datapath, struct ftp_server_value *ret)
{
	struct ftp_server_value both[2 * MAX_FTP_SERVERS];
	int r = read_array(datapath, "ftp_servers", both, 2 * MAX_FTP_SERVERS);

	if (r == 0)
		memcpy(ret, both + (datapath->settings.half & 1) * MAX_FTP_SERVERS,
		       MAX_FTP_SERVERS * sizeof(*ret));
	return r;
}

int datapath_ftp_ports(const struct datapath *datapath, struct ftp_port *ret)
{
	struct ftp_port *both CLEANUP_FREE = calloc(2 * N_PORTS, sizeof(*both));
	int r = both ? read_array(datapath, "ftp_ports", both, 2 * N_PORTS) : -ENOMEM;

	if (r == 0)
		memcpy(ret, both + (datapath->settings.half & 1) * N_PORTS, N_PORTS * sizeof(*ret));
	return r;
}

int datapath_read_events(const struct datapath *datapath, struct event *ret)
{
	return read_array(datapath, "events", ret, N_EVENTS);
}

int datapath_read_denials(const struct datapath *datapath, struct event *ret)
{
	return read_array(datapath, "denials", ret, N_DENIALS);
}

int datapath_event_heads(const struct datapath *datapath, struct event_heads *ret)
{
	return read_array(datapath, "event_heads", ret, 1);
}

int datapath_log_event(const struct datapath *datapath, const struct event *event)
{
	CLEANUP(close_fd) int fd = pin_open(datapath->instance, "append_event");
	uint32_t value = 0;

	return fd < 0 ? fd : program_run(fd, event, sizeof(*event), &value);
}
