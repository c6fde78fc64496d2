// SPDX-License-Identifier: GPL-2.0-only
/* The small policy that the frames of the tests are judged by, written straight into the maps. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "prog.h"

const char *const host[N_FAMILIES] = {"192.0.2.10", "2001:db8:1::10"};
const char *const host_too[N_FAMILIES] = {"192.0.2.11", "2001:db8:1::11"};
const char *const stranger[N_FAMILIES] = {"198.51.100.7", "2001:db8:99::7"};
const char *const stranger_too[N_FAMILIES] = {"198.51.100.6", "2001:db8:99::6"};
const char *const office[N_FAMILIES] = {"10.20.3.4", "2001:db8:20::4"};
const char *const relay[N_FAMILIES] = {"10.20.0.25", "2001:db8:20::25"};

static struct prog *load(uint32_t generation, uint32_t flags, const struct prog *state_of)
{
	const struct prog_prefix prefixes[] = {
		zones_prefix("10.20.0.0/16", ZONE_OFFICE),
		zones_prefix("2001:db8:20::/48", ZONE_OFFICE),
		zones_prefix(relay[V4], ZONE_RELAY),
		zones_prefix(relay[V6], ZONE_RELAY),
	};

	return prog_load_as(generation, flags, state_of, prefixes, COUNT(prefixes));
}

struct prog *prog_load(uint32_t generation, const struct prog *state_of)
{
	return load(generation, 0, state_of);
}

struct prog *prog_load_narrowed(uint32_t generation, const struct prog *state_of)
{
	return load(generation, GENERATION_NARROWED, state_of);
}

static struct zone_set set_of(unsigned zone)
{
	struct zone_set set = {0};

	set.bits[zone / 64] = 1ull << zone % 64;
	return set;
}

static void put(const struct prog *prog, const char *map, const void *key, const void *value)
{
	assert_return_code(bpf_map_update_elem(prog_map(prog, map), key, value, BPF_ANY), errno);
}

static void fill_peers(const struct prog *prog)
{
	struct zone_set in_office = set_of(ZONE_OFFICE), in_relay = set_of(ZONE_RELAY);
	uint32_t key = PEERS_OFFICE;

	put(prog, "peers", &key, &in_office);
	key = PEERS_RELAY;
	put(prog, "peers", &key, &in_relay);
}

static void put_rule(const struct prog *prog, enum direction direction, enum transport transport,
		     uint16_t port, struct port_rule rule)
{
	uint32_t key = port_index(direction, transport, port);

	put(prog, "ports", &key, &rule);
}

void prog_open_port(const struct prog *prog, enum direction direction, enum transport transport,
		    uint16_t port, enum service service, enum peer_set peers)
{
	struct port_rule rule = {.service = (uint16_t)service, .peers = (uint16_t)peers, .flags = PORT_OPEN};

	if (peers == PEERS_ANY)
		rule.flags |= PORT_ANY;
	if (service == CONTROL || service == INTERNAL)
		rule.flags |= PORT_CONTROL;
	put_rule(prog, direction, transport, port, rule);
}

static uint16_t last_narrowing(const struct prog *prog)
{
	struct narrowing narrowing;
	uint32_t key = 1;

	while (!bpf_map_lookup_elem(prog_map(prog, "narrowings"), &key, &narrowing) && narrowing.rule.flags)
		key++;
	return (uint16_t)(key - 1);
}

void prog_narrow(const struct prog *prog, enum direction direction, enum transport transport, uint16_t port,
		 enum service service, enum peer_set peers, uint32_t ifindex, const char *at)
{
	uint32_t key = port_index(direction, transport, port), index = last_narrowing(prog) + 1u;
	struct narrowing narrowing = {.ifindex = ifindex};
	struct port_rule rule;

	assert_return_code(bpf_map_lookup_elem(prog_map(prog, "ports"), &key, &rule), errno);
	if (at)
		narrowing.at = addr_of(at);
	narrowing.rule = (struct port_rule){.service = (uint16_t)service,
					    .peers = (uint16_t)peers,
					    .narrowed = rule.narrowed,
					    .flags = PORT_OPEN};
	if (peers == PEERS_ANY)
		narrowing.rule.flags |= PORT_ANY;
	put(prog, "narrowings", &index, &narrowing);
	if (!(rule.flags & PORT_OPEN))
		rule = (struct port_rule){
			.service = (uint16_t)service, .peers = PEERS_NONE, .flags = PORT_OPEN};
	rule.narrowed = (uint16_t)index;
	put_rule(prog, direction, transport, port, rule);
}

void prog_make_interfaces(void)
{
	assert_return_code(unshare(CLONE_NEWNET), errno);
	assert_int_equal(system("ip link add pst-two type veth peer name pst-one"), 0);
	assert_int_equal(if_nametoindex("pst-one"), IFINDEX_ONE);
	assert_int_equal(if_nametoindex("pst-two"), IFINDEX_TWO);
}

void prog_close_port(const struct prog *prog, enum direction direction, enum transport transport,
		     uint16_t port)
{
	put_rule(prog, direction, transport, port, (struct port_rule){0});
}

void prog_make_passive(const struct prog *prog, uint16_t port)
{
	put_rule(prog, INBOUND, TRANSPORT_TCP, port,
		 (struct port_rule){.service = DATA, .flags = PORT_PASSIVE});
}

void prog_fill_policy(const struct prog *prog)
{
	static const struct {
		enum direction direction;
		enum transport transport;
		uint16_t port;
		enum service service;
		enum peer_set peers;
	} rules[] = {
		{INBOUND, TRANSPORT_TCP, 443, HTTPS, PEERS_ANY},
		{INBOUND, TRANSPORT_TCP, 21, CONTROL, PEERS_ANY},
		{INBOUND, TRANSPORT_TCP, 9000, BACKUP, PEERS_OFFICE},
		{INBOUND, TRANSPORT_TCP, 990, INTERNAL, PEERS_OFFICE},
		{INBOUND, TRANSPORT_UDP, 514, LOGS, PEERS_ANY},
		{INBOUND, TRANSPORT_UDP, 123, TIME, PEERS_OFFICE},
		{OUTBOUND, TRANSPORT_TCP, 8443, WEB, PEERS_ANY},
		{OUTBOUND, TRANSPORT_TCP, 25, MAIL, PEERS_RELAY},
		{OUTBOUND, TRANSPORT_TCP, 53, DNS, PEERS_OFFICE},
		{OUTBOUND, TRANSPORT_UDP, 53, DNS, PEERS_OFFICE},
		{OUTBOUND, TRANSPORT_UDP, 1812, RADIUS, PEERS_ANY},
	};

	fill_peers(prog);
	for (size_t i = 0; i < COUNT(rules); i++)
		prog_open_port(prog, rules[i].direction, rules[i].transport, rules[i].port, rules[i].service,
			       rules[i].peers);
	for (uint16_t port = PASSIVE_FIRST; port <= PASSIVE_LAST; port++)
		prog_make_passive(prog, port);
}
