// SPDX-License-Identifier: GPL-2.0-only
// Writes flows and pinholes into an instance's maps, as its own sockets would. Usage:
// state INSTANCE flows N LOCAL | data-flow LOCAL PORT PEER PORT CONTROL-PORT | flow LOCAL PORT PEER PORT
//   | connection LOCAL PORT PEER PORT | pinholes N LOCAL FIRST-PORT N-PORTS CONTROL-PORT
#include "bench.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "abi.h"

enum { NEVER_S = 3600 };

static int map_open(const char *instance, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/fs/bpf/postern/%s/%s", instance, name);
	return program_open(path);
}

static void map_set(int map, const void *key, const void *value)
{
	if (bpf_map_update_elem(map, key, value, BPF_ANY))
		die("cannot write a map: %s", strerror(errno));
}

static struct addr addr_of(const char *text)
{
	struct addr addr = {{0, 0, htonl(0xffff), 0}};

	if (inet_pton(AF_INET, text, &addr.word[3]) != 1 && inet_pton(AF_INET6, text, &addr) != 1)
		die("not an address: %s", text);
	return addr;
}

/* Peer number `i` of a crowd, in 100.64.0.0/10. */
static struct addr peer_of(uint32_t i)
{
	return (struct addr){{0, 0, htonl(0xffff), htonl(0x64400000 + i)}};
}

static uint64_t boot_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void add_flow(const char *instance, const char *map, char **argv, uint16_t control_port)
{
	struct flow_key key = {.protocol = IPPROTO_TCP};
	struct flow flow = {.since_ns = boot_ns(), .control_port = control_port};

	key.local = addr_of(argv[0]);
	key.local_port = number_of(argv[1]);
	key.peer = addr_of(argv[2]);
	key.peer_port = number_of(argv[3]);
	map_set(map_open(instance, map), &key, &flow);
}

static void add_connection(const char *instance, char **argv)
{
	struct connection connection = {
		.local = addr_of(argv[0]), .peer = addr_of(argv[2]), .peer_port = number_of(argv[3])};
	uint16_t port = (uint16_t)number_of(argv[1]);
	uint32_t place = connection_place(port);

	connection.tag = connection_tag(&connection.local, &connection.peer, port, connection.peer_port);
	map_set(map_open(instance, "connections"), &place, &connection);
}

/* So many live flows; what one map does not hold goes into the other. */
static void add_flows(const char *instance, uint32_t n, const char *local)
{
	struct flow_key key = {.local = addr_of(local), .peer_port = 443, .protocol = IPPROTO_TCP};
	struct flow flow = {.since_ns = boot_ns()};
	const uint32_t room = MAX_FLOWS - 1024; /* the maps are not filled to the brim */
	int flows = map_open(instance, "flows"), data_flows = map_open(instance, "data_flows");

	for (uint32_t i = 0; i < n; i++) {
		key.peer = peer_of(i);
		key.local_port = 32768 + i % 28000;
		flow.cookie = 1000000000ull + i;
		map_set(i < room ? flows : data_flows, &key, &flow);
	}
}

static void add_pinholes(const char *instance, uint32_t n, char **argv)
{
	struct pinhole_key key = {.local = addr_of(argv[0])};
	struct pinhole pinhole = {
		.opened_ns = boot_ns(),
		.expires_ns = boot_ns() + NEVER_S * 1000000000ull,
		.control_port = number_of(argv[3]),
	};
	struct session session = {.control_port = pinhole.control_port};
	long first = number_of(argv[1]), n_ports = number_of(argv[2]);
	int pinholes = map_open(instance, "pinholes"), open_ports = map_open(instance, "open_ports");

	map_set(map_open(instance, "sessions"), &pinhole.session, &session);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t port = first + i % n_ports, open = n / n_ports + 1;

		key.client = peer_of(i);
		key.port = port;
		map_set(pinholes, &key, &pinhole);
		map_set(open_ports, &port, &open);
	}
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[2], "flows") == 0)
		add_flows(argv[1], number_of(argv[3]), argv[4]);
	else if (argc == 7 && strcmp(argv[2], "flow") == 0)
		add_flow(argv[1], "flows", argv + 3, 0);
	else if (argc == 7 && strcmp(argv[2], "connection") == 0)
		add_connection(argv[1], argv + 3);
	else if (argc == 8 && strcmp(argv[2], "data-flow") == 0)
		add_flow(argv[1], "data_flows", argv + 3, number_of(argv[7]));
	else if (argc == 8 && strcmp(argv[2], "pinholes") == 0)
		add_pinholes(argv[1], number_of(argv[3]), argv + 4);
	else
		die("usage: state INSTANCE flows|flow|data-flow|connection|pinholes ...");
	return 0;
}
