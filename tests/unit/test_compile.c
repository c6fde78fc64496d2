// SPDX-License-Identifier: GPL-2.0-only
/* What the map entries of a policy say: whom each port admits, which address is in which zones. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compile.h"
#include "ranges.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ANY = ZONE_ANY, OFFICE, RELAY, HALF4, HALF6, N_ZONES };
enum { HTTPS, FTPS, DNS, WEB, WIDE, N_SERVICES };

static struct prefix prefix(const char *text, uint8_t length)
{
	struct prefix made = {.length = length};

	if (inet_pton(AF_INET, text, &made.addr.word[3]) == 1) {
		made.is_ipv4 = true;
		made.addr.word[2] = htonl(0xffff);
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, &made.addr), 1);
	}
	return made;
}

/* A policy whose parts the tests point at their own arrays. */
struct fixture {
	struct policy policy;
	struct prefix any[2], office[2], relay[1], half4[1], half6[1];
	struct zone zones[N_ZONES];
	struct port_range tcp443, tcp21, port53, web[2], wide;
	struct service services[N_SERVICES];
	struct compiled *compiled;
	const char *limit;
};

static void fill_zones(struct fixture *f)
{
	f->any[0] = prefix("0.0.0.0", 0);
	f->any[1] = prefix("::", 0);
	f->office[0] = prefix("10.20.0.0", 16);
	f->office[1] = prefix("2001:db8:20::", 48);
	f->relay[0] = prefix("10.20.0.25", 32);
	f->half4[0] = prefix("0.0.0.0", 0);
	f->half6[0] = prefix("::", 0);
	f->zones[ANY] = (struct zone){.name = "any", .prefixes = f->any, .n_prefixes = 2};
	f->zones[OFFICE] = (struct zone){.name = "office", .prefixes = f->office, .n_prefixes = 2};
	f->zones[RELAY] = (struct zone){.name = NULL, .prefixes = f->relay, .n_prefixes = 1};
	f->zones[HALF4] = (struct zone){.name = "half4", .prefixes = f->half4, .n_prefixes = 1};
	f->zones[HALF6] = (struct zone){.name = "half6", .prefixes = f->half6, .n_prefixes = 1};
}

static void fill_services(struct fixture *f)
{
	f->tcp443 = (struct port_range){443, 443};
	f->tcp21 = (struct port_range){21, 21};
	f->port53 = (struct port_range){53, 53};
	f->web[0] = (struct port_range){80, 80};
	f->web[1] = (struct port_range){440, 450};
	f->wide = (struct port_range){65530, 65535};
	f->services[HTTPS] = (struct service){.name = "https", .tcp = &f->tcp443, .n_tcp = 1};
	f->services[FTPS] = (struct service){.name = "ftps", .tcp = &f->tcp21, .n_tcp = 1};
	f->services[DNS] =
		(struct service){.name = "dns", .tcp = &f->port53, .n_tcp = 1, .udp = &f->port53, .n_udp = 1};
	f->services[WEB] = (struct service){.name = "web", .tcp = f->web, .n_tcp = 2};
	f->services[WIDE] = (struct service){.name = "wide", .udp = &f->wide, .n_udp = 1};
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	fill_zones(f);
	fill_services(f);
	f->policy.zones = f->zones;
	f->policy.n_zones = N_ZONES;
	f->policy.services = f->services;
	f->policy.n_services = N_SERVICES;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	compiled_free(f->compiled);
	free(f);
	return 0;
}

static struct compiled *do_compile(struct fixture *f, const struct service_name *previous)
{
	compiled_free(f->compiled);
	f->compiled = NULL;
	assert_int_equal(compile(&f->policy, previous, &f->compiled, &f->limit), 0);
	return f->compiled;
}

static const struct port_rule *rule_at(const struct compiled *c, enum direction d, enum transport t, int port)
{
	return &c->ports[port_index(d, t, (uint16_t)port)];
}

static const char *service_at(const struct compiled *c, const struct port_rule *rule)
{
	return c->services[rule->service].name;
}

/* The zones of `rule` are exactly those whose bits are in `bits`. */
static void assert_peers(const struct compiled *c, const struct port_rule *rule, uint64_t bits)
{
	assert_true(rule->peers < c->n_peers);
	assert_true(c->peers[rule->peers].bits[0] == bits);
	for (int i = 1; i < MAX_ZONES / 64; i++)
		assert_true(c->peers[rule->peers].bits[i] == 0);
}

static size_t count_open(const struct compiled *c)
{
	size_t n = 0;

	for (size_t i = 0; i < N_PORT_RULES; i++)
		n += c->ports[i].flags != 0;
	return n;
}

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

static struct addr addr(const char *text)
{
	struct addr made;

	assert_int_equal(value_parse_addr(text, &made), 0);
	return made;
}

static void assert_zones(const struct compiled *c, const char *text, uint64_t bits)
{
	struct addr at = addr(text);

	assert_true(zones_of(c, &at)->bits[0] == bits);
}

static void addresses_are_in_every_zone_that_contains_them(void **state)
{
	struct fixture *f = *state;
	struct prefix wide[] = {prefix("10.0.0.0", 7),      prefix("10.20.0.0", 16),
				prefix("2001:db8::", 33),   prefix("10.20.0.24", 31),
				prefix("10.20.0.25", 32),   prefix("10.21.0.0", 16),
				prefix("2001:db8:20::", 49)};
	struct rule in[] = {{.service = WEB, .peers = (size_t[]){OFFICE, RELAY, HALF4, ANY}, .n_peers = 4}};
	struct compiled *c;

	f->zones[HALF4].prefixes = wide;
	f->zones[HALF4].n_prefixes = COUNT(wide);
	f->policy.inbound = in;
	f->policy.n_inbound = COUNT(in);
	c = do_compile(f, NULL);

	assert_zones(c, "9.255.255.255", 0);
	assert_zones(c, "10.0.0.0", 1 << HALF4);
	assert_zones(c, "10.19.255.255", 1 << HALF4);
	assert_zones(c, "10.20.0.0", 1 << OFFICE | 1 << HALF4);
	assert_zones(c, "10.20.0.24", 1 << OFFICE | 1 << HALF4);
	assert_zones(c, "10.20.0.25", 1 << OFFICE | 1 << HALF4 | 1 << RELAY);
	assert_zones(c, "10.20.0.26", 1 << OFFICE | 1 << HALF4);
	assert_zones(c, "10.20.255.255", 1 << OFFICE | 1 << HALF4);
	assert_zones(c, "10.21.0.0", 1 << HALF4);
	assert_zones(c, "11.255.255.255", 1 << HALF4);
	assert_zones(c, "12.0.0.0", 0);
	assert_zones(c, "2001:db8::", 1 << HALF4);
	assert_zones(c, "2001:db8:20::", 1 << OFFICE | 1 << HALF4);
	assert_zones(c, "2001:db8:20:ffff:ffff:ffff:ffff:ffff", 1 << OFFICE | 1 << HALF4);
	assert_zones(c, "2001:db8:21::", 1 << HALF4);
	assert_zones(c, "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", 1 << HALF4);
	assert_zones(c, "2001:db8:8000::", 0);
	/* A range begins only where the zones change, and each set is there once. */
	assert_int_equal(c->zones4.n_ranges, 7);
	assert_int_equal(c->zones6.n_ranges, 5);
	assert_int_equal(c->n_zone_sets, 4);
}

static void families_do_not_contain_each_other(void **state)
{
	struct fixture *f = *state;
	struct prefix mapped[] = {prefix("::ffff:0:0", 96)};
	struct addr mapped_host = {.word = {0, 0, htonl(0xffff), htonl(0xc0000201)}};
	struct rule in[] = {{.service = WEB, .peers = (size_t[]){OFFICE, HALF6, HALF4, RELAY}, .n_peers = 4}};
	struct compiled *c;

	f->zones[RELAY].prefixes = mapped;
	f->policy.inbound = in;
	f->policy.n_inbound = COUNT(in);
	c = do_compile(f, NULL);
	assert_zones(c, "::", 1 << HALF6);
	assert_zones(c, "0.0.0.0", 1 << HALF4);
	assert_zones(c, "10.20.0.0", 1 << OFFICE | 1 << HALF4);
	assert_zones(c, "2001:db8:20::", 1 << OFFICE | 1 << HALF6);
	assert_true(c->zone_sets[table_find(&c->zones6, &mapped_host)].bits[0] == (1 << RELAY | 1 << HALF6));

	in[0].peers = (size_t[]){HALF4, RELAY};
	in[0].n_peers = 2;
	c = do_compile(f, NULL);
	assert_zones(c, "192.0.2.1", 1 << HALF4);
	assert_true(c->zone_sets[table_find(&c->zones6, &mapped_host)].bits[0] == 1 << RELAY);
}

static void unused_zones_have_no_ranges(void **state)
{
	struct fixture *f = *state;
	struct rule out[] = {{.service = WEB, .peers = (size_t[]){ANY, RELAY}, .n_peers = 2}};
	struct compiled *c;

	f->policy.outbound = out;
	f->policy.n_outbound = COUNT(out);
	c = do_compile(f, NULL);
	assert_zones(c, "10.20.0.25", 1 << RELAY);
	assert_zones(c, "10.20.0.24", 0);
	assert_int_equal(c->zones4.n_ranges, 3);
	assert_int_equal(c->zones6.n_ranges, 0);
}

static struct prefix random_prefix(void)
{
	uint8_t length = (uint8_t)(1 + rand() % 32);
	uint32_t bits = (uint32_t)(rand() % 16) << 28 | (uint32_t)(rand() % 16) << 2;
	struct prefix made = prefix("0.0.0.0", length);

	made.addr.word[3] = htonl(bits & 0xffffffffu << (32 - length));
	return made;
}

/* Compared with the definition itself: each prefix is a zone of its own. */
static void containment_agrees_with_its_definition(void **state)
{
	enum { N = MAX_ZONES - 1 };
	struct fixture *f = *state;
	struct prefix many[N];
	struct zone zones[MAX_ZONES] = {0};
	size_t peers[N], n_contained = 0;
	struct rule in[] = {{.service = WEB, .peers = peers, .n_peers = N}};
	struct compiled *c;

	srand(7);
	for (size_t i = 0; i < N; i++) {
		many[i] = random_prefix();
		zones[i + 1] = (struct zone){.prefixes = &many[i], .n_prefixes = 1};
		peers[i] = i + 1;
	}
	f->policy.zones = zones;
	f->policy.n_zones = MAX_ZONES;
	f->policy.inbound = in;
	f->policy.n_inbound = COUNT(in);
	c = do_compile(f, NULL);
	for (size_t i = 0; i < N; i++) {
		const struct zone_set *inner = zones_of(c, &many[i].addr);

		for (size_t k = 0; k < N; k++) {
			uint32_t diff = ntohl(many[i].addr.word[3] ^ many[k].addr.word[3]);
			bool contains = diff >> (32 - many[k].length) == 0;

			n_contained += contains;
			assert_int_equal(inner->bits[(k + 1) / 64] >> (k + 1) % 64 & 1, contains);
		}
	}
	assert_true(n_contained > 2 * N && n_contained < N * N / 4);
}

static struct ftp_server server(char *name, enum ftp_pinholes pinholes, struct port_range *passive)
{
	static size_t control[] = {FTPS};

	return (struct ftp_server){.name = name,
				   .control = control,
				   .n_control = 1,
				   .passive = passive,
				   .n_passive = 1,
				   .pinholes = pinholes,
				   .ttl_ns = 30000000000};
}

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_open_without_rules),
		TEST(rules_open_their_ports_and_no_others),
		TEST(rules_for_one_port_add_up),
		TEST(equal_peer_sets_are_stored_once),
		TEST(addresses_are_in_every_zone_that_contains_them),
		TEST(families_do_not_contain_each_other),
		TEST(unused_zones_have_no_ranges),
		TEST(containment_agrees_with_its_definition),
		TEST(passive_ports_are_closed_but_marked),
		TEST(passive_any_begins_at_1024),
		TEST(active_servers_are_marked),
		TEST(static_ranges_admit_whom_control_admits),
		TEST(services_keep_their_indexes),
		TEST(zones_and_servers_are_limited),
		TEST(last_ruled_port),
		TEST(open_tcp_ports),
		TEST(names_must_fit),
		TEST(services_are_limited),
		TEST(peer_sets_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
