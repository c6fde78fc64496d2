// SPDX-License-Identifier: GPL-2.0-only
/* What the map entries of a policy say: the ports of FTP servers. */
#include "compile_fixture.h"

static void passive_ports_are_closed_but_marked(void **state)
{
	struct fixture *f = *state;
	struct port_range range = {3000, 3003};
	struct port_range inside = {3002, 3002};
	struct rule in[] = {{.service = FTPS, .peers = (size_t[]){ANY}, .n_peers = 1},
			    {.service = WEB, .peers = (size_t[]){RELAY}, .n_peers = 1}};
	struct ftp_server servers[] = {server("one", FTP_PINHOLES_SESSION, &range),
				       server("two", FTP_PINHOLES_SESSION, &range)};
	struct compiled *c;

	f->services[WEB].tcp = &inside;
	f->services[WEB].n_tcp = 1;
	f->policy.inbound = in;
	f->policy.n_inbound = COUNT(in);
	f->policy.ftp = servers;
	f->policy.n_ftp = COUNT(servers);
	c = do_compile(f, NULL);

	assert_int_equal(count_open(c), 2 + 3);
	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_TCP, 3000)->flags, PORT_PASSIVE);
	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_TCP, 3003)->flags, PORT_PASSIVE);
	assert_peers(c, rule_at(c, INBOUND, TRANSPORT_TCP, 3003), 0);
	assert_string_equal(service_at(c, rule_at(c, INBOUND, TRANSPORT_TCP, 3003)), "ftp:one");
	assert_int_equal(c->ftp_ports[3003].passive, 3);
	assert_int_equal(c->ftp_ports[3004].passive, 0);
	/* An inbound service's port is never a pinhole. */
	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_TCP, 3002)->flags, PORT_OPEN);
	assert_string_equal(service_at(c, rule_at(c, INBOUND, TRANSPORT_TCP, 3002)), "web");
	assert_int_equal(c->ftp_ports[3002].passive, 0);
	assert_int_equal(c->ftp_ports[21].control, 3);
	assert_int_equal(c->ftp_ports[22].control, 0);
	assert_string_equal(c->ftp_servers[1].name, "two");
	assert_int_equal(c->ftp_servers[1].mode, PINHOLES_SESSION);
	assert_true(c->ftp_servers[1].ttl_ns == 30000000000);
	assert_string_equal(c->ftp_servers[2].name, "");
}

static void active_servers_are_marked(void **state)
{
	struct fixture *f = *state;
	struct port_range range = {3000, 3003};
	struct rule in[] = {{.service = FTPS, .peers = (size_t[]){ANY}, .n_peers = 1}};
	struct ftp_server servers[] = {server("one", FTP_PINHOLES_SESSION, &range),
				       server("two", FTP_PINHOLES_STATIC, &range)};
	struct compiled *c;

	f->policy.inbound = in;
	f->policy.n_inbound = COUNT(in);
	f->policy.ftp = servers;
	f->policy.n_ftp = COUNT(servers);
	c = do_compile(f, NULL);
	assert_int_equal(c->ftp_ports[ACTIVE_SERVERS].control, 0);
	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_TCP, 21)->flags, PORT_OPEN | PORT_ANY | PORT_CONTROL);
	servers[1].active = true;
	c = do_compile(f, NULL);
	assert_int_equal(c->ftp_ports[ACTIVE_SERVERS].control, 2);
	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_TCP, 21)->flags,
			 PORT_OPEN | PORT_ANY | PORT_CONTROL | PORT_ACTIVE);
	assert_int_equal(rule_at(c, OUTBOUND, TRANSPORT_TCP, 21)->flags, 0);
}

static void passive_any_begins_at_1024(void **state)
{
	struct fixture *f = *state;
	struct rule in[] = {{.service = FTPS, .peers = (size_t[]){ANY}, .n_peers = 1}};
	struct ftp_server servers[] = {server("one", FTP_PINHOLES_SESSION, NULL)};
	struct compiled *c;

	servers[0].n_passive = 0;
	servers[0].passive_any = true;
	f->policy.inbound = in;
	f->policy.n_inbound = COUNT(in);
	f->policy.ftp = servers;
	f->policy.n_ftp = COUNT(servers);
	c = do_compile(f, NULL);
	assert_int_equal(count_open(c), 1 + 65535 - 1023);
	assert_int_equal(c->ftp_ports[1023].passive, 0);
	assert_int_equal(c->ftp_ports[1024].passive, 1);
	assert_int_equal(c->ftp_ports[65535].passive, 1);
	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_TCP, 65535)->flags, PORT_PASSIVE);
}

static void static_ranges_admit_whom_control_admits(void **state)
{
	struct fixture *f = *state;
	struct port_range ranges[] = {{3000, 3003}, {3003, 3005}};
	struct port_range inside = {3001, 3001};
	struct rule in[] = {{.service = FTPS, .peers = (size_t[]){OFFICE}, .n_peers = 1},
			    {.service = WEB, .peers = (size_t[]){RELAY}, .n_peers = 1},
			    {.service = FTPS, .peers = (size_t[]){HALF4}, .n_peers = 1}};
	struct ftp_server servers[] = {server("session", FTP_PINHOLES_SESSION, &ranges[0]),
				       server("static", FTP_PINHOLES_STATIC, &ranges[1])};
	struct compiled *c;

	f->services[WEB].tcp = &inside;
	f->services[WEB].n_tcp = 1;
	f->policy.inbound = in;
	f->policy.n_inbound = COUNT(in);
	f->policy.ftp = servers;
	f->policy.n_ftp = COUNT(servers);
	c = do_compile(f, NULL);

	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_TCP, 3005)->flags, PORT_OPEN);
	assert_peers(c, rule_at(c, INBOUND, TRANSPORT_TCP, 3005), 1 << OFFICE | 1 << HALF4);
	assert_string_equal(service_at(c, rule_at(c, INBOUND, TRANSPORT_TCP, 3005)), "ftp:static");
	assert_int_equal(c->ftp_ports[3005].passive, 0);
	assert_int_equal(c->ftp_servers[0].mode, PINHOLES_SESSION);
	assert_int_equal(c->ftp_servers[1].mode, PINHOLES_STATIC);
	/* Shared with a server that would use pinholes: open all the same. */
	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_TCP, 3003)->flags, PORT_OPEN);
	assert_int_equal(c->ftp_ports[3003].passive, 0);
	assert_int_equal(c->ftp_ports[3002].passive, 1);

	/* A service inside a static range admits its own peers and nobody else. */
	servers[0].pinholes = FTP_PINHOLES_STATIC;
	f->policy.inbound[0].peers = (size_t[]){ANY};
	c = do_compile(f, NULL);
	assert_peers(c, rule_at(c, INBOUND, TRANSPORT_TCP, 3001), 1 << RELAY);
	assert_int_equal(rule_at(c, INBOUND, TRANSPORT_TCP, 3000)->flags, PORT_OPEN | PORT_ANY);
	assert_string_equal(service_at(c, rule_at(c, INBOUND, TRANSPORT_TCP, 3003)), "ftp:session");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(passive_ports_are_closed_but_marked),
		TEST(active_servers_are_marked),
		TEST(passive_any_begins_at_1024),
		TEST(static_ranges_admit_whom_control_admits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
