// SPDX-License-Identifier: GPL-2.0-only
/* What the map entries of a policy say: whom each port admits, and under which service. */
#include "compile_fixture.h"

static void nothing_is_open_without_rules(void **state)
{
	struct compiled *c = do_compile(*state, NULL);

	assert_int_equal(count_open(c), 0);
	assert_int_equal(c->zones4.n_ranges, 0);
	assert_int_equal(c->zones6.n_ranges, 0);
	assert_peers(c, rule_at(c, INBOUND, TRANSPORT_TCP, 443), 0);
	assert_string_equal(c->services[0].name, "");
}

static void rules_open_their_ports_and_no_others(void **state)
{
	struct fixture *f = *state;
	struct rule in[] = {{.service = DNS, .peers = (size_t[]){OFFICE}, .n_peers = 1}};
	struct rule out[] = {{.service = WIDE, .peers = (size_t[]){RELAY}, .n_peers = 1},
			     {.service = HTTPS, .peers = (size_t[]){ANY}, .n_peers = 1},
			     {.service = DNS, .peers = (size_t[]){RELAY}, .n_peers = 1}};
	struct compiled *c;

	f->policy.inbound = in;
	f->policy.n_inbound = COUNT(in);
	f->policy.outbound = out;
	f->policy.n_outbound = COUNT(out);
	c = do_compile(f, NULL);

	assert_int_equal(count_open(c), 2 + 6 + 1 + 2);
	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_TCP, 53)->flags, PORT_OPEN);
	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_UDP, 53)->flags, PORT_OPEN);
	assert_peers(c, rule_at(c, INBOUND, TRANSPORT_UDP, 53), 1 << OFFICE);
	assert_string_equal(service_at(c, rule_at(c, INBOUND, TRANSPORT_UDP, 53)), "dns");
	assert_peers(c, rule_at(c, OUTBOUND, TRANSPORT_TCP, 53), 1 << RELAY);
	assert_peers(c, rule_at(c, OUTBOUND, TRANSPORT_UDP, 53), 1 << RELAY);
	assert_int_equal(rule_at(c, OUTBOUND, TRANSPORT_UDP, 65535)->flags, PORT_OPEN);
	assert_int_equal(rule_at(c, OUTBOUND, TRANSPORT_UDP, 65529)->flags, 0);
	assert_peers(c, rule_at(c, OUTBOUND, TRANSPORT_UDP, 65535), 1 << RELAY);
	assert_int_equal(rule_at(c, OUTBOUND, TRANSPORT_TCP, 443)->flags, PORT_OPEN | PORT_ANY);
	assert_string_equal(service_at(c, rule_at(c, OUTBOUND, TRANSPORT_TCP, 443)), "https");
}

static void rules_for_one_port_add_up(void **state)
{
	struct fixture *f = *state;
	struct rule in[] = {{.service = WEB, .peers = (size_t[]){OFFICE}, .n_peers = 1},
			    {.service = HTTPS, .peers = (size_t[]){RELAY, HALF4}, .n_peers = 2},
			    {.service = HTTPS, .peers = (size_t[]){HALF6}, .n_peers = 1}};
	struct compiled *c;

	f->policy.inbound = in;
	f->policy.n_inbound = 2;
	c = do_compile(f, NULL);
	/* All of IPv4 is not everybody. */
	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_TCP, 443)->flags, PORT_OPEN);
	assert_peers(c, rule_at(c, INBOUND, TRANSPORT_TCP, 443), 1 << OFFICE | 1 << RELAY | 1 << HALF4);
	assert_peers(c, rule_at(c, INBOUND, TRANSPORT_TCP, 442), 1 << OFFICE);
	assert_string_equal(service_at(c, rule_at(c, INBOUND, TRANSPORT_TCP, 443)), "web");

	f->policy.n_inbound = 3;
	c = do_compile(f, NULL);
	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_TCP, 443)->flags, PORT_OPEN | PORT_ANY);
	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_TCP, 444)->flags, PORT_OPEN);
}

static void equal_peer_sets_are_stored_once(void **state)
{
	struct fixture *f = *state;
	struct rule in[] = {{.service = WEB, .peers = (size_t[]){OFFICE, RELAY}, .n_peers = 2},
			    {.service = FTPS, .peers = (size_t[]){RELAY, OFFICE}, .n_peers = 2},
			    {.service = DNS, .peers = (size_t[]){RELAY}, .n_peers = 1}};
	struct compiled *c;

	f->policy.inbound = in;
	f->policy.n_inbound = COUNT(in);
	c = do_compile(f, NULL);
	assert_int_equal(c->n_peers, 3); /* nobody, both, the relay */
	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_TCP, 80)->peers,
			 rule_at(c, INBOUND, TRANSPORT_TCP, 21)->peers);
	assert_int_not_equal(rule_at(c, INBOUND, TRANSPORT_TCP, 80)->peers,
			     rule_at(c, INBOUND, TRANSPORT_TCP, 53)->peers);
}

static void services_keep_their_indexes(void **state)
{
	struct fixture *f = *state;
	struct service_name *previous = calloc(MAX_SERVICES, sizeof(*previous));
	struct rule in[] = {{.service = FTPS, .peers = (size_t[]){ANY}, .n_peers = 1},
			    {.service = DNS, .peers = (size_t[]){ANY}, .n_peers = 1}};
	struct port_range range = {3000, 3003};
	struct ftp_server servers[] = {server("one", FTP_PINHOLES_SESSION, &range)};
	struct compiled *c;

	strcpy(previous[0].name, "gone");
	strcpy(previous[1].name, "dns");
	strcpy(previous[4095].name, "ftp:one");
	f->policy.inbound = in;
	f->policy.n_inbound = COUNT(in);
	f->policy.ftp = servers;
	f->policy.n_ftp = COUNT(servers);
	c = do_compile(f, previous);
	assert_string_equal(c->services[0].name, "");
	assert_string_equal(c->services[1].name, "dns");
	assert_string_equal(c->services[2].name, "ftps");
	assert_string_equal(c->services[4095].name, "ftp:one");
	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_UDP, 53)->service, 1);
	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_TCP, 3000)->service, 4095);

	/* Only freed indexes are left for the new one. */
	for (int i = 2; i < 4095; i++)
		snprintf(previous[i].name, sizeof(previous[i].name), "old%d", i);
	c = do_compile(f, previous);
	assert_string_equal(c->services[0].name, "ftps");
	assert_string_equal(c->services[1].name, "dns");
	assert_string_equal(c->services[2].name, "");
	free(previous);
}

/* Above it, the data path reads no rule of a local port. */
static void last_ruled_port(void **state)
{
	struct fixture *f = *state;
	struct port_range range = {50000, 50001};
	struct rule none[] = {{.service = WIDE, .peers = (size_t[]){ANY}, .n_peers = 1}};
	struct rule web[] = {{.service = HTTPS, .peers = (size_t[]){RELAY}, .n_peers = 1},
			     {.service = WEB, .peers = (size_t[]){OFFICE}, .n_peers = 1}};
	struct rule ftps[] = {{.service = FTPS, .peers = (size_t[]){ANY}, .n_peers = 1}};
	struct ftp_server servers[] = {server("main", FTP_PINHOLES_SESSION, &range)};

	assert_int_equal(do_compile(f, NULL)->last_ruled_port, 0);
	f->policy.inbound = none;
	f->policy.n_inbound = COUNT(none);
	assert_int_equal(do_compile(f, NULL)->last_ruled_port, 0); /* UDP's ports do not count */
	f->policy.inbound = web;
	f->policy.n_inbound = COUNT(web);
	assert_int_equal(do_compile(f, NULL)->last_ruled_port, 450);
	f->policy.inbound = ftps;
	f->policy.n_inbound = COUNT(ftps);
	f->policy.ftp = servers;
	f->policy.n_ftp = COUNT(servers);
	assert_int_equal(do_compile(f, NULL)->last_ruled_port, 50001);
	f->tcp443 = (struct port_range){N_PORTS - 1, N_PORTS - 1};
	f->policy.inbound = web;
	f->policy.n_ftp = 0;
	assert_int_equal(do_compile(f, NULL)->last_ruled_port, N_PORTS - 1);
}

static void expect_open_tcp(const struct compiled *compiled, const uint16_t *open, size_t n)
{
	for (uint32_t port = 0; port < N_PORTS; port++) {
		int expected = 0;

		for (size_t i = 0; i < n; i++)
			expected |= open[i] == port;
		if (port_bit(&compiled->open_tcp, (uint16_t)port) != expected)
			fail_msg("port %u: not %d", port, expected);
	}
}

/* A SYN to any other port is denied without a look at its rule. */
static void open_tcp_ports(void **state)
{
	struct fixture *f = *state;
	struct port_range range = {50000, 50001};
	struct rule web[] = {{.service = HTTPS, .peers = (size_t[]){RELAY}, .n_peers = 1}};
	struct ftp_server servers[] = {server("main", FTP_PINHOLES_SESSION, &range)};
	const uint16_t https[] = {443}, with_passive[] = {443, 50000, 50001}, last[] = {N_PORTS - 1};

	expect_open_tcp(do_compile(f, NULL), NULL, 0);
	f->policy.inbound = web;
	f->policy.n_inbound = COUNT(web);
	expect_open_tcp(do_compile(f, NULL), https, COUNT(https));
	f->policy.ftp = servers;
	f->policy.n_ftp = COUNT(servers);
	expect_open_tcp(do_compile(f, NULL), with_passive, COUNT(with_passive));
	f->tcp443 = (struct port_range){N_PORTS - 1, N_PORTS - 1};
	f->policy.n_ftp = 0;
	expect_open_tcp(do_compile(f, NULL), last, COUNT(last));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_open_without_rules),
		TEST(rules_open_their_ports_and_no_others),
		TEST(rules_for_one_port_add_up),
		TEST(equal_peer_sets_are_stored_once),
		TEST(services_keep_their_indexes),
		TEST(last_ruled_port),
		TEST(open_tcp_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
