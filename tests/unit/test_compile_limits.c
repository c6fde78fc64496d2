// SPDX-License-Identifier: GPL-2.0-only
/* What is more than the maps hold is said, and nothing is compiled. */
#include "compile_fixture.h"

static void assert_exceeds(struct fixture *f, const char *limit)
{
	struct compiled *untouched = (struct compiled *)f;
	struct compiled *ret = untouched;

	f->limit = NULL;
	assert_int_equal(compile(&f->policy, NULL, &ret, &f->limit), -E2BIG);
	assert_ptr_equal(ret, untouched);
	assert_non_null(f->limit);
	assert_non_null(strstr(f->limit, limit));
}

static void zones_and_servers_are_limited(void **state)
{
	struct fixture *f = *state;
	struct port_range range = {3000, 3003};
	struct zone zones[MAX_ZONES + 1] = {0};
	struct ftp_server servers[MAX_FTP_SERVERS + 1];
	char names[MAX_FTP_SERVERS + 1][NAME_SIZE];
	struct rule in[] = {{.service = FTPS, .peers = (size_t[]){MAX_ZONES - 1}, .n_peers = 1}};
	const struct port_rule *rule;

	f->policy.inbound = in;
	f->policy.n_inbound = 1;
	f->policy.zones = zones;
	f->policy.n_zones = MAX_ZONES + 1;
	assert_exceeds(f, "zones");
	f->policy.n_zones = MAX_ZONES;
	do_compile(f, NULL);
	rule = rule_at(f->compiled, INBOUND, TRANSPORT_TCP, 21);
	assert_true(f->compiled->peers[rule->peers].bits[3] == UINT64_C(1) << 63);

	for (size_t i = 0; i < COUNT(servers); i++) {
		snprintf(names[i], sizeof(names[i]), "server%zu", i);
		servers[i] = server(names[i], FTP_PINHOLES_SESSION, &range);
	}
	f->policy.ftp = servers;
	f->policy.n_ftp = COUNT(servers);
	assert_exceeds(f, "FTP servers");
	f->policy.n_ftp = MAX_FTP_SERVERS;
	do_compile(f, NULL);
	assert_int_equal(f->compiled->ftp_ports[3000].passive, 0xffff);
}

static void names_must_fit(void **state)
{
	struct fixture *f = *state;
	struct port_range range = {3000, 3003};
	struct rule in[] = {{.service = FTPS, .peers = (size_t[]){ANY}, .n_peers = 1}};
	char longest[] = "a23456789012345678901234567", too_long[] = "a234567890123456789012345678";
	struct ftp_server servers[] = {server(longest, FTP_PINHOLES_SESSION, &range)};
	const struct port_rule *rule;

	f->policy.inbound = in;
	f->policy.n_inbound = 1;
	f->policy.ftp = servers;
	f->policy.n_ftp = 1;
	do_compile(f, NULL);
	rule = rule_at(f->compiled, INBOUND, TRANSPORT_TCP, 3000);
	assert_string_equal(service_at(f->compiled, rule), "ftp:a23456789012345678901234567");
	servers[0].name = too_long;
	assert_exceeds(f, "27");
}

static void services_are_limited(void **state)
{
	enum { N = MAX_SERVICES + 1 };
	struct fixture *f = *state;
	struct service *services = calloc(N, sizeof(*services));
	struct rule *rules = calloc(N, sizeof(*rules));
	struct port_range *ports = calloc(N, sizeof(*ports));
	char(*names)[NAME_SIZE] = calloc(N, NAME_SIZE);
	size_t any = ANY;

	for (int i = 0; i < N; i++) {
		snprintf(names[i], NAME_SIZE, "s%d", i);
		ports[i] = (struct port_range){(uint16_t)(i + 1), (uint16_t)(i + 1)};
		services[i] = (struct service){.name = names[i], .tcp = &ports[i], .n_tcp = 1};
		rules[i] = (struct rule){.service = (size_t)i, .peers = &any, .n_peers = 1};
	}
	f->policy.services = services;
	f->policy.n_services = N;
	f->policy.inbound = rules;
	f->policy.n_inbound = N;
	assert_exceeds(f, "4096 services");
	f->policy.n_inbound = N - 1; /* a service that no rule names needs no index */
	do_compile(f, NULL);
	assert_string_equal(service_at(f->compiled, rule_at(f->compiled, INBOUND, TRANSPORT_TCP, 4096)),
			    "s4095");
	free(services);
	free(rules);
	free(ports);
	free(names);
}

/* Every port has a set of its own: the bits of its number. */
static void peer_sets_are_limited(void **state)
{
	enum { BITS = 13, N_RANGES = 1 << (BITS - 1) };
	struct fixture *f = *state;
	static struct port_range ranges[BITS][N_RANGES];
	struct zone zones[BITS + 1] = {0};
	struct service services[BITS] = {0};
	struct rule rules[BITS] = {0};
	size_t peers[BITS];
	char names[BITS][NAME_SIZE];

	for (size_t bit = 0; bit < BITS; bit++) {
		size_t n = 0;

		for (uint16_t port = 1; port < 1 << BITS; port++)
			if (port >> bit & 1)
				ranges[bit][n++] = (struct port_range){port, port};
		snprintf(names[bit], NAME_SIZE, "bit%zu", bit);
		services[bit] = (struct service){.name = names[bit], .udp = ranges[bit], .n_udp = n};
		peers[bit] = bit + 1;
		rules[bit] = (struct rule){.service = bit, .peers = &peers[bit], .n_peers = 1};
	}
	f->policy.zones = zones;
	f->policy.n_zones = COUNT(zones);
	f->policy.services = services;
	f->policy.n_services = BITS;
	f->policy.outbound = rules;
	f->policy.n_outbound = BITS;
	assert_exceeds(f, "sets of zones");
	f->policy.n_outbound = BITS - 1;
	do_compile(f, NULL);
	assert_int_equal(f->compiled->n_peers, MAX_PEER_SETS);
	assert_true(f->compiled->peers[rule_at(f->compiled, OUTBOUND, TRANSPORT_UDP, 4095)->peers].bits[0] ==
		    0x1ffe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(zones_and_servers_are_limited),
		TEST(names_must_fit),
		TEST(services_are_limited),
		TEST(peer_sets_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
