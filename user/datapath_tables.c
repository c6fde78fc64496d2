// SPDX-License-Identifier: GPL-2.0-only
// Lists what is happening in an instance: sessions, pinholes, flows.
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "datapath_read.h"

int datapath_sessions(const struct datapath *datapath, struct session_entry **ret, size_t *ret_n)
{
	void *keys CLEANUP_FREE = NULL, *values CLEANUP_FREE = NULL;
	struct session_entry *entries;
	uint32_t n;
	int r = datapath_read_hash(datapath, "sessions", sizeof(uint64_t), sizeof(struct session), &keys,
				   &values, &n);

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
	int r = datapath_read_hash(datapath, "pinholes", sizeof(struct pinhole_key), sizeof(struct pinhole),
				   &keys, &values, &n);

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

int datapath_waiting(const struct datapath *datapath, size_t *ret)
{
	void *keys CLEANUP_FREE = NULL, *values CLEANUP_FREE = NULL;
	uint32_t n = 0;
	int r = datapath_read_hash(datapath, "waiting_listeners", sizeof(struct waiting_key),
				   sizeof(struct waiting), &keys, &values, &n);

	*ret = n;
	return r;
}

/* Appends the flows of one map to a list that has room for them. */
static int read_flows(const struct datapath *datapath, const char *name, enum flow_map map,
		      struct flow_entry *entries, size_t *n)
{
	void *keys CLEANUP_FREE = NULL, *values CLEANUP_FREE = NULL;
	uint32_t found;
	int r = datapath_read_hash(datapath, name, sizeof(struct flow_key), sizeof(struct flow), &keys,
				   &values, &found);

	if (r)
		return r;
	for (uint32_t i = 0; i < found; i++)
		entries[(*n)++] = (struct flow_entry){
			.key = ((struct flow_key *)keys)[i], .flow = ((struct flow *)values)[i], .map = map};
	return 0;
}

static struct flow_entry connection_entry(uint32_t place, const struct connection *connection,
					  uint64_t boot_ns, uint64_t monotonic_ns)
{
	uint64_t since_ns = boot_ns - connection_age_ns(connection, monotonic_ns);

	return (struct flow_entry){
		.key = {.local = connection->local,
			.peer = connection->peer,
			.local_port = connection_local_port(place, connection->tag),
			.peer_port = connection->peer_port,
			.protocol = IPPROTO_TCP},
		.flow = {.cookie = connection->cookie,
			 .since_ns = since_ns,
			 .seen_ns = since_ns,
			 .generation = connection->generation,
			 .uid = connection->uid,
			 .ifindex = connection->ifindex,
			 .service = connection->service},
		.map = FLOW_MAP_CONNECTIONS,
	};
}

/* The same for `connections`. What is read while it changes is left out. */
static int read_connections(const struct datapath *datapath, struct flow_entry *entries, size_t *n)
{
	struct connection *connections CLEANUP_FREE = calloc(MAX_CONNECTIONS, sizeof(*connections));
	int r = connections ? datapath_read_array(datapath, "connections", connections, MAX_CONNECTIONS)
			    : -ENOMEM;
	uint64_t boot_ns = clock_ns(CLOCK_BOOTTIME), monotonic_ns = clock_ns(CLOCK_MONOTONIC);

	for (uint32_t place = 0; place < MAX_CONNECTIONS && r == 0; place++) {
		const struct connection *at = &connections[place];

		if (at->tag == connection_tag(&at->local, &at->peer, connection_local_port(place, at->tag),
					      at->peer_port))
			entries[(*n)++] = connection_entry(place, at, boot_ns, monotonic_ns);
	}
	return r;
}

int datapath_flows(const struct datapath *datapath, struct flow_entry **ret, size_t *ret_n)
{
	struct flow_entry *entries = calloc(MAX_FLOWS + MAX_CONNECTIONS + MAX_DATA_FLOWS, sizeof(*entries));
	size_t n = 0;
	int r;

	if (!entries)
		return -ENOMEM;
	r = read_flows(datapath, "flows", FLOW_MAP_FLOWS, entries, &n);
	if (r == 0)
		r = read_connections(datapath, entries, &n);
	if (r == 0)
		r = read_flows(datapath, "data_flows", FLOW_MAP_DATA_FLOWS, entries, &n);
	if (r) {
		free(entries);
		return r;
	}
	*ret = entries;
	*ret_n = n;
	return 0;
}
