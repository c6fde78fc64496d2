// SPDX-License-Identifier: GPL-2.0-only
/* What protocols without ports, ping, blocked zones and the mode come to as map entries. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "compile.h"
#include "policy_yaml.h"
#include "ranges.h"

#define ZONES                                                                                                \
	"zones: {office: [10.20.0.0/16], all4: [0.0.0.0/0], all6: [\"::/0\"], relay: [10.20.0.25]}\n"        \
	"services: {vrrp: {ip: 112}, vpn: {ip: [50, 112], udp: 500}, ssh: {tcp: 22}}\n"

enum { ANY = ZONE_ANY, OFFICE, ALL4, ALL6, RELAY };

static struct compiled *compile_text(const char *text)
{
	struct source_set *sources = source_set_new();
	struct diags *diags = diags_new();
	struct compiled *compiled = NULL;
	struct policy *policy = NULL;
	const char *limit = NULL;
	int r;

	assert_int_equal(source_set_add(sources, "p.yaml", text, strlen(text)), 0);
	r = policy_load(sources, "p.yaml", diags, &policy);
	diags_print(diags, stderr);
	assert_int_equal(r, 0);
	assert_int_equal(compile(policy, NULL, &compiled, &limit), 0);
	policy_free(policy);
	diags_free(diags);
	source_set_free(sources);
	return compiled;
}

static const struct port_rule *protocol_at(const struct compiled *c, enum direction d, uint8_t protocol)
{
	return &c->protocols[protocol_index(d, protocol)];
}

static void assert_entry(const struct compiled *c, enum direction d, uint8_t protocol, uint8_t flags,
			 uint64_t zones)
{
	const struct port_rule *rule = protocol_at(c, d, protocol);

	assert_int_equal(rule->flags, flags);
	assert_true(rule->peers < c->n_peers);
	assert_true(c->peers[rule->peers].bits[0] == zones);
}

static size_t count_open(const struct compiled *c)
{
	size_t n = 0;

	for (size_t i = 0; i < N_PROTOCOL_RULES; i++)
		n += c->protocols[i].flags != 0;
	return n;
}

static void no_protocol_is_open_by_itself(void **state)
{
	struct compiled *c = compile_text(ZONES "inbound: [{service: ssh, from: any}]\n");

	(void)state;
	assert_int_equal(count_open(c), 0);
	assert_int_equal(c->block4.n_ranges, 0);
	assert_int_equal(c->block6.n_ranges, 0);
	assert_int_equal(c->flags, 0);
	assert_entry(c, INBOUND, 112, 0, 0);
	compiled_free(c);
}

static void protocols_add_up(void **state)
{
	struct compiled *c = compile_text(ZONES "inbound:\n  - {service: vrrp, from: office}\n"
						"  - {service: vpn, from: [relay, all4]}\n"
						"outbound: [{service: vpn, to: [all4, all6]}]\n");

	(void)state;
	assert_int_equal(count_open(c), 4);
	assert_entry(c, INBOUND, 112, PORT_OPEN, 1 << OFFICE | 1 << RELAY | 1 << ALL4);
	assert_entry(c, INBOUND, 50, PORT_OPEN, 1 << RELAY | 1 << ALL4);
	/* Both families together are everybody. */
	assert_entry(c, OUTBOUND, 112, PORT_OPEN | PORT_ANY, 1 << ALL4 | 1 << ALL6);
	assert_entry(c, OUTBOUND, 50, PORT_OPEN | PORT_ANY, 1 << ALL4 | 1 << ALL6);
	assert_string_equal(c->services[protocol_at(c, INBOUND, 112)->service].name, "vrrp");
	assert_string_equal(c->services[protocol_at(c, INBOUND, 50)->service].name, "vpn");
	assert_int_equal(c->ports[port_index(INBOUND, TRANSPORT_UDP, 500)].flags, PORT_OPEN);
	/* A set that a port has too is the same one. */
	assert_int_equal(c->ports[port_index(INBOUND, TRANSPORT_UDP, 500)].peers,
			 protocol_at(c, INBOUND, 50)->peers);
	assert_int_equal(c->ports[port_index(INBOUND, TRANSPORT_TCP, 112)].flags, 0);
	compiled_free(c);
}

static void ping_is_the_entry_of_icmp(void **state)
{
	struct compiled *c = compile_text(ZONES "ping: {from: [office, relay], to: any}\n");

	(void)state;
	assert_int_equal(count_open(c), 2);
	assert_entry(c, INBOUND, 1, PORT_OPEN, 1 << OFFICE | 1 << RELAY);
	assert_entry(c, OUTBOUND, 1, PORT_OPEN | PORT_ANY, 1 << ANY);
	assert_int_equal(protocol_at(c, INBOUND, 1)->service, 0);
	/* Whom it admits must be found by address: outside, the office, the relay in it, the office again. */
	assert_int_equal(c->zones4.n_ranges, 5);
	compiled_free(c);

	c = compile_text(ZONES "ping: {to: relay}\n");
	assert_int_equal(count_open(c), 1);
	assert_entry(c, OUTBOUND, 1, PORT_OPEN, 1 << RELAY);
	compiled_free(c);
}

static void flags_say_what_the_policy_says(void **state)
{
	static const struct {
		const char *text;
		uint32_t flags;
	} cases[] = {
		{"mode: enforce\ndeny: {inbound: drop}\nblock: []\n", 0},
		{"mode: audit\n", GENERATION_AUDIT},
		{"deny: {inbound: reject}\n", GENERATION_REJECT_INBOUND},
		{"deny: {outbound: reject, inbound: drop}\n", GENERATION_REJECT_OUTBOUND},
		{"block: 192.0.2.1\n", GENERATION_BLOCK},
		{"zones: {empty: []}\nblock: empty\n", 0},
		{"block: \"2001:db8::/32\"\nmode: audit\ndeny: {inbound: reject, outbound: reject}\n",
		 GENERATION_BLOCK | GENERATION_AUDIT | GENERATION_REJECT_INBOUND |
			 GENERATION_REJECT_OUTBOUND},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct compiled *c = compile_text(cases[i].text);

		assert_int_equal(c->flags, cases[i].flags);
		compiled_free(c);
	}
}

static bool blocks(const struct compiled *c, const char *text)
{
	struct addr addr;

	assert_int_equal(value_parse_addr(text, &addr), 0);
	return is_blocked(c, &addr);
}

static void blocked_prefixes_are_joined(void **state)
{
	struct compiled *c =
		compile_text("zones:\n"
			     "  a: [\"2001:db9::1\", 192.0.2.128, 10.1.2.3, 10.0.0.0/8, 192.0.2.0/25]\n"
			     "  b: [192.0.2.5, 10.0.0.0/9, 10.255.0.0/16, \"2001:db8::/32\", 10.0.0.0/8]\n"
			     "services: {ssh: {tcp: 22}}\n"
			     "inbound: [{service: ssh, from: 172.16.0.0/12}]\n"
			     "block: [a, b, \"2001:db8:ffff::/48\", 192.0.2.128]\n");

	(void)state;
	/* 10/8 and 192.0.2.0 to .128 are one range each; so are 2001:db8::/32 and 2001:db9::1. */
	assert_int_equal(c->block4.n_ranges, 5);
	assert_int_equal(c->block6.n_ranges, 5);
	assert_false(blocks(c, "9.255.255.255"));
	assert_true(blocks(c, "10.0.0.0"));
	assert_true(blocks(c, "10.1.2.3"));
	assert_true(blocks(c, "10.255.255.255"));
	assert_false(blocks(c, "11.0.0.0"));
	assert_false(blocks(c, "172.16.0.1"));
	assert_true(blocks(c, "192.0.2.128"));
	assert_false(blocks(c, "192.0.2.129"));
	assert_true(blocks(c, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"));
	assert_false(blocks(c, "2001:db9::"));
	assert_true(blocks(c, "2001:db9::1"));
	assert_false(blocks(c, "2001:db9::2"));
	/* They are asked for by themselves: the zones of the rules stay as few as they are. */
	assert_int_equal(c->zones4.n_ranges, 3);
	assert_int_equal(c->zones6.n_ranges, 0);
	compiled_free(c);
}

/* As many as a blocklist has, out of order, each tenth of them within another. */
static void a_million_blocked_prefixes_are_fast(void **state)
{
	enum { N = 1000000, LIMIT_S = 10 /* with sanitizers; a quadratic search takes hours */ };
	struct policy policy = {.n_zones = 2, .block = (size_t[]){1}, .n_block = 1};
	struct prefix *prefixes = calloc(N, sizeof(*prefixes));
	struct zone zones[2] = {{.name = "any"}, {.name = "many", .prefixes = prefixes, .n_prefixes = N}};
	struct compiled *c = NULL;
	const char *limit;
	clock_t start;

	(void)state;
	assert_non_null(prefixes);
	for (uint32_t i = 0; i < N; i++) {
		/* An odd factor makes it a permutation of what 2^24 values there are. */
		uint32_t network = (i * 2654435761u & 0xffffff) << 8;
		struct addr addr = {.word = {0, 0, __builtin_bswap32(0xffff), __builtin_bswap32(network)}};

		prefixes[i] = (struct prefix){.addr = addr, .length = 24, .is_ipv4 = true};
		if (i % 10 == 9) {
			prefixes[i] = prefixes[i - 1];
			prefixes[i].length = 32;
		}
	}
	policy.zones = zones;
	start = clock();
	assert_int_equal(compile(&policy, NULL, &c, &limit), 0);
	assert_true(clock() - start < LIMIT_S * CLOCKS_PER_SEC);
	assert_true(c->block4.n_ranges > N && c->block4.n_ranges < 2 * N);
	for (uint32_t i = 0; i < N; i += N / 16)
		assert_true(is_blocked(c, &prefixes[i].addr));
	compiled_free(c);
	free(prefixes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_protocol_is_open_by_itself),
		cmocka_unit_test(protocols_add_up),
		cmocka_unit_test(ping_is_the_entry_of_icmp),
		cmocka_unit_test(flags_say_what_the_policy_says),
		cmocka_unit_test(blocked_prefixes_are_joined),
		cmocka_unit_test(a_million_blocked_prefixes_are_fast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
