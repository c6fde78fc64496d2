/* SPDX-License-Identifier: GPL-2.0-only */
/* A policy to compile, whose parts a test points at its own arrays, and what the result says of a port. */
#ifndef POSTERN_TESTS_COMPILE_FIXTURE_H
#define POSTERN_TESTS_COMPILE_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compile.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

enum { ANY = ZONE_ANY, OFFICE, RELAY, HALF4, HALF6, N_ZONES };
enum { HTTPS, FTPS, DNS, WEB, WIDE, N_SERVICES };

static inline struct prefix prefix(const char *text, uint8_t length)
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

struct fixture {
	struct policy policy;
	struct prefix any[2], office[2], relay[1], half4[1], half6[1];
	struct zone zones[N_ZONES];
	struct port_range tcp443, tcp21, port53, web[2], wide;
	struct service services[N_SERVICES];
	struct compiled *compiled;
	const char *limit;
};

static inline void fill_zones(struct fixture *f)
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

static inline void fill_services(struct fixture *f)
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

static inline int setup(void **state)
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

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	compiled_free(f->compiled);
	free(f);
	return 0;
}

static inline struct compiled *do_compile(struct fixture *f, const struct service_name *previous)
{
	compiled_free(f->compiled);
	f->compiled = NULL;
	assert_int_equal(compile(&f->policy, previous, &f->compiled, &f->limit), 0);
	return f->compiled;
}

static inline const struct port_rule *rule_at(const struct compiled *c, enum direction d, enum transport t,
					      int port)
{
	return &c->ports[port_index(d, t, (uint16_t)port)];
}

static inline const char *service_at(const struct compiled *c, const struct port_rule *rule)
{
	return c->services[rule->service].name;
}

/* The zones of `rule` are exactly those whose bits are in `bits`. */
static inline void assert_peers(const struct compiled *c, const struct port_rule *rule, uint64_t bits)
{
	assert_true(rule->peers < c->n_peers);
	assert_true(c->peers[rule->peers].bits[0] == bits);
	for (int i = 1; i < MAX_ZONES / 64; i++)
		assert_true(c->peers[rule->peers].bits[i] == 0);
}

static inline size_t count_open(const struct compiled *c)
{
	size_t n = 0;

	for (size_t i = 0; i < N_PORT_RULES; i++)
		n += c->ports[i].flags != 0;
	return n;
}

static inline struct ftp_server server(char *name, enum ftp_pinholes pinholes, struct port_range *passive)
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

#endif
