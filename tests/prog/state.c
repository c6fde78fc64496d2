// SPDX-License-Identifier: GPL-2.0-only
/* Access to the maps of flows, pinholes and logs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "state.h"

uint64_t state_now(void)
{
	struct timespec now;

	assert_return_code(clock_gettime(CLOCK_BOOTTIME, &now), errno);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

struct flow_key state_flow_key(uint8_t protocol, const char *local, uint16_t local_port, const char *peer,
			       uint16_t peer_port)
{
	return (struct flow_key){.local = addr_of(local),
				 .peer = addr_of(peer),
				 .local_port = local_port,
				 .peer_port = peer_port,
				 .protocol = protocol};
}

void state_put_connection(const struct prog *prog, uint16_t local_port, const struct connection *connection)
{
	assert_return_code(bpf_map_update_elem(prog_map(prog, "connections"),
					       &(uint32_t){connection_place(local_port)}, connection,
					       BPF_ANY),
			   errno);
}

struct connection state_connection(const struct flow_key *key, const struct flow *flow)
{
	return (struct connection){
		.tag = connection_tag(&key->local, &key->peer, key->local_port, key->peer_port),
		.generation = flow->generation,
		.local = key->local,
		.peer = key->peer,
		.cookie = flow->cookie,
		.since = (uint32_t)(flow->since_ns >> CONNECTION_SINCE_BITS),
		.uid = flow->uid,
		.ifindex = flow->ifindex,
		.peer_port = key->peer_port,
		.service = flow->service};
}

static bool get_connection(const struct prog *prog, const struct flow_key *key, struct flow *ret)
{
	struct connection found, wanted;

	assert_return_code(bpf_map_lookup_elem(prog_map(prog, "connections"),
					       &(uint32_t){connection_place(key->local_port)}, &found),
			   errno);
	*ret = (struct flow){.cookie = found.cookie,
			     .since_ns = (uint64_t)found.since << CONNECTION_SINCE_BITS,
			     .seen_ns = (uint64_t)found.since << CONNECTION_SINCE_BITS,
			     .generation = found.generation,
			     .service = found.service,
			     .uid = found.uid,
			     .ifindex = found.ifindex};
	wanted = state_connection(key, ret);
	return memcmp(&found, &wanted, sizeof(found)) == 0;
}

void state_put_flow(const struct prog *prog, const char *map, const struct flow_key *key,
		    const struct flow *flow)
{
	struct connection connection = state_connection(key, flow);

	if (strcmp(map, "connections") == 0)
		state_put_connection(prog, key->local_port, &connection);
	else
		assert_return_code(bpf_map_update_elem(prog_map(prog, map), key, flow, BPF_ANY), errno);
}

bool state_get_flow(const struct prog *prog, const char *map, const struct flow_key *key, struct flow *ret)
{
	if (strcmp(map, "connections") == 0)
		return get_connection(prog, key, ret);
	return !bpf_map_lookup_elem(prog_map(prog, map), key, ret);
}

struct flow state_live_flow(enum service service)
{
	uint64_t now = state_now();

	return (struct flow){.cookie = 1,
			     .since_ns = now,
			     .seen_ns = now,
			     .generation = GENERATION,
			     .service = (uint16_t)service,
			     .control_port = service == DATA ? 21 : 0};
}

static void put_pinhole(const struct prog *prog, const struct pinhole_key *key, const struct pinhole *pinhole)
{
	assert_return_code(bpf_map_update_elem(prog_map(prog, "pinholes"), key, pinhole, BPF_ANY), errno);
}

static void mark_port(const struct prog *prog, uint16_t port, int change)
{
	uint32_t key = port, marks;
	int fd = prog_map(prog, "open_ports");

	assert_return_code(bpf_map_lookup_elem(fd, &key, &marks), errno);
	marks += (uint32_t)change;
	assert_return_code(bpf_map_update_elem(fd, &key, &marks, BPF_ANY), errno);
}

/* No socket has this cookie. */
static const uint64_t pinhole_session = UINT64_MAX;

static void put_session(const struct prog *prog, const char *client, uint16_t control_port)
{
	struct session session = {
		.client = addr_of(client), .since_ns = state_now(), .control_port = control_port};

	assert_return_code(
		bpf_map_update_elem(prog_map(prog, "sessions"), &pinhole_session, &session, BPF_ANY), errno);
}

struct pinhole_key state_put_pinhole(const struct prog *prog, const char *client, const char *local,
				     uint16_t port, uint16_t control_port)
{
	struct pinhole_key key = {.client = addr_of(client), .port = port};
	struct pinhole pinhole = {.listener = 11,
				  .session = pinhole_session,
				  .opened_ns = state_now(),
				  .expires_ns = state_now() + 10 * SECOND_NS,
				  .control_port = control_port,
				  .service = DATA,
				  .origin = ORIGIN_SOCKET};

	if (local)
		key.local = addr_of(local);
	put_pinhole(prog, &key, &pinhole);
	mark_port(prog, port, 1);
	put_session(prog, client, control_port);
	return key;
}

struct pinhole_key state_put_manual(const struct prog *prog, const char *client, const char *local,
				    uint16_t port)
{
	struct pinhole_key key = {.client = addr_of(client), .port = port};
	struct pinhole pinhole = {.listener = 11,
				  .opened_ns = state_now(),
				  .expires_ns = state_now() + 10 * SECOND_NS,
				  .service = DATA,
				  .origin = ORIGIN_MANUAL};

	if (local)
		key.local = addr_of(local);
	put_pinhole(prog, &key, &pinhole);
	mark_port(prog, port, 1);
	return key;
}

void state_expire_pinhole(const struct prog *prog, const struct pinhole_key *key)
{
	struct pinhole pinhole;

	assert_return_code(bpf_map_lookup_elem(prog_map(prog, "pinholes"), key, &pinhole), errno);
	pinhole.expires_ns = state_now() - 1;
	put_pinhole(prog, key, &pinhole);
}

void state_end_session(const struct prog *prog)
{
	assert_return_code(bpf_map_delete_elem(prog_map(prog, "sessions"), &pinhole_session), errno);
}

void state_drop_pinhole(const struct prog *prog, const struct pinhole_key *key)
{
	assert_return_code(bpf_map_delete_elem(prog_map(prog, "pinholes"), key), errno);
	mark_port(prog, key->port, -1);
}

void state_put_fragment_peer(const struct prog *prog, const char *peer, uint64_t ago_ns)
{
	struct addr key = addr_of(peer);
	struct fragment_peer value = {.seen_ns = state_now() - ago_ns};

	assert_return_code(bpf_map_update_elem(prog_map(prog, "fragment_peers"), &key, &value, BPF_ANY),
			   errno);
}

uint64_t state_fragment_peer_seen(const struct prog *prog, const char *peer)
{
	struct addr key = addr_of(peer);
	struct fragment_peer value;

	if (bpf_map_lookup_elem(prog_map(prog, "fragment_peers"), &key, &value))
		return 0;
	return value.seen_ns;
}

static void put_flow(const struct prog *prog, const char *map, struct flow_key key, enum service service)
{
	struct flow flow = state_live_flow(service);

	flow.cookie = key.local_port + (key.local.word[0] ? 1u : 0u); /* each its own socket */
	flow.seen_ns -= SECOND_NS;                                    /* so that a change of it shows */
	state_put_flow(prog, map, &key, &flow);
	if (key.protocol == IPPROTO_TCP)
		assert_return_code(
			bpf_map_update_elem(prog_map(prog, "flow_sockets"), &flow.cookie, &key, BPF_ANY),
			errno);
}

void state_fill(const struct prog *prog)
{
	for (enum family family = V4; family <= V6; family++) {
		const char *us = host[family], *peer = stranger[family];

		put_flow(prog, "flows", state_flow_key(IPPROTO_TCP, us, OUT_PORT, peer, 8443), WEB);
		put_flow(prog, "flows", state_flow_key(IPPROTO_UDP, us, OUT_PORT, peer, 1812), RADIUS);
		put_flow(prog, "connections",
			 state_flow_key(IPPROTO_TCP, us, CONNECTION_PORT + family, peer, 8443), WEB);
		put_flow(prog, "data_flows", state_flow_key(IPPROTO_TCP, us, DATA_PORT, peer, CLIENT_PORT),
			 DATA);
		state_put_fragment_peer(prog, peer, SECOND_NS);
		state_put_pinhole(prog, peer, us, PINHOLE_PORT, 21);
	}
}

size_t state_n_entries(const struct prog *prog, const char *map)
{
	uint8_t keys[2][sizeof(struct flow_key)];
	int fd = prog_map(prog, map);
	size_t n = 0;

	while (!bpf_map_get_next_key(fd, n ? keys[(n + 1) % 2] : NULL, keys[n % 2]))
		n++;
	assert_int_equal(errno, ENOENT);
	return n;
}

struct event_heads state_heads(const struct prog *prog)
{
	struct event_heads heads;

	assert_return_code(bpf_map_lookup_elem(prog_map(prog, "event_heads"), &(uint32_t){0}, &heads), errno);
	return heads;
}

void state_reset_reports(const struct prog *prog)
{
	int n_cpus = libbpf_num_possible_cpus(), fd = prog_map(prog, "counters");
	struct counter_value *values = calloc((size_t)n_cpus, sizeof(*values));

	assert_non_null(values);
	for (uint32_t i = 0; i < N_DIRECTIONS * N_REASONS; i++) {
		uint32_t key = counter_index(i / N_REASONS, i % N_REASONS);

		assert_return_code(bpf_map_lookup_elem(fd, &key, values), errno);
		for (int cpu = 0; cpu < n_cpus; cpu++)
			values[cpu].reports = (struct allowance){0};
		assert_return_code(bpf_map_update_elem(fd, &key, values, BPF_ANY), errno);
	}
	free(values);
}
