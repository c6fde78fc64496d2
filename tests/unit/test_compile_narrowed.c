// SPDX-License-Identifier: GPL-2.0-only
/* Rules that hold at one place only: which chain each port has, what ports share, and where it ends. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compile.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ANY = ZONE_ANY, OFFICE, RELAY, N_ZONES };
enum { SSH, WEB, WIDE, VRRP, FTPS, N_SERVICES };

struct fixture {
	struct policy policy;
	struct prefix any[2], office[1], relay[1];
	struct zone zones[N_ZONES];
	struct port_range ssh, web[2], wide, ftps;
	uint8_t vrrp;
	struct service services[N_SERVICES];
	char names[2][8];
	char *interfaces[2];
	struct compiled *compiled;
	const char *limit;
};

static struct addr addr(const char *text)
{
	struct addr made;

	assert_int_equal(value_parse_addr(text, &made), 0);
	return made;
}

static struct prefix prefix(const char *text)
{
	struct prefix made;

	assert_int_equal(value_parse_prefix(text, &made, NULL), 0);
	return made;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->any[0] = prefix("0.0.0.0/0");
	f->any[1] = prefix("::/0");
	f->office[0] = prefix("10.20.0.0/16");
	f->relay[0] = prefix("10.20.0.25");
	f->zones[ANY] = (struct zone){.name = "any", .prefixes = f->any, .n_prefixes = 2};
	f->zones[OFFICE] = (struct zone){.name = "office", .prefixes = f->office, .n_prefixes = 1};
	f->zones[RELAY] = (struct zone){.name = "relay", .prefixes = f->relay, .n_prefixes = 1};
	f->ssh = (struct port_range){22, 22};
	f->web[0] = (struct port_range){80, 81};
	f->web[1] = (struct port_range){443, 443};
	f->wide = (struct port_range){1, 65535};
	f->ftps = (struct port_range){21, 21};
	f->vrrp = 112;
	f->services[SSH] = (struct service){.name = "ssh", .tcp = &f->ssh, .n_tcp = 1};
	f->services[WEB] = (struct service){.name = "web", .tcp = f->web, .n_tcp = 2};
	f->services[WIDE] = (struct service){.name = "wide", .tcp = &f->wide, .n_tcp = 1};
	f->services[VRRP] = (struct service){.name = "vrrp", .ip = &f->vrrp, .n_ip = 1};
	f->services[FTPS] = (struct service){.name = "ftps", .tcp = &f->ftps, .n_tcp = 1};
	for (unsigned i = 0; i < 2; i++)
		f->interfaces[i] = strcpy(f->names[i], i ? "eth1" : "eth0");
	f->policy = (struct policy){.zones = f->zones,
				    .n_zones = N_ZONES,
				    .services = f->services,
				    .n_services = N_SERVICES,
				    .interfaces = f->interfaces,
				    .n_interfaces = 2};
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

static const size_t zone_indexes[] = {ANY, OFFICE, RELAY};

/* `on` and `at` may be NULL. */
static struct rule rule(size_t service, size_t zone, char *on, const char *at)
{
	return (struct rule){
		.service = service,
		.peers = (size_t *)&zone_indexes[zone],
		.n_peers = 1,
		.scope = {.on = on, .has_at = at, .at = at ? addr(at) : (struct addr){{0}}},
	};
}

static int compile_inbound(struct fixture *f, struct rule *rules, size_t n)
{
	compiled_free(f->compiled);
	f->compiled = NULL;
	f->limit = NULL;
	f->policy.inbound = rules;
	f->policy.n_inbound = n;
	return compile(&f->policy, NULL, &f->compiled, &f->limit);
}

static const struct port_rule *tcp(const struct fixture *f, uint16_t port)
{
	return &f->compiled->ports[port_index(INBOUND, TRANSPORT_TCP, port)];
}

static size_t chain_length(const struct fixture *f, const struct port_rule *rule)
{
	size_t n = 0;

	for (uint16_t i = rule->narrowed; i; i = f->compiled->narrowings[i].rule.narrowed) {
		assert_true(i < f->compiled->n_narrowings);
		n++;
	}
	return n;
}

/* Whether the chain has an entry like this; `zone` is that of its peers. */
static bool chain_has(const struct fixture *f, const struct port_rule *rule, uint32_t ifindex, const char *at,
		      size_t zone)
{
	struct addr wanted = at ? addr(at) : (struct addr){{0}};

	for (uint16_t i = rule->narrowed; i; i = f->compiled->narrowings[i].rule.narrowed) {
		const struct narrowing *entry = &f->compiled->narrowings[i];

		if (entry->ifindex == ifindex && value_addr_equal(&entry->at, &wanted) &&
		    f->compiled->peers[entry->rule.peers].bits[0] == UINT64_C(1) << zone &&
		    !!(entry->rule.flags & PORT_ANY) == (zone == ANY))
			return true;
	}
	return false;
}

static void nothing_is_narrowed(void **state)
{
	struct fixture *f = *state;
	struct rule rules[] = {rule(SSH, OFFICE, NULL, NULL), rule(VRRP, ANY, NULL, NULL)};

	assert_int_equal(compile_inbound(f, rules, COUNT(rules)), 0);
	assert_int_equal(f->compiled->n_narrowings, 1);
	assert_int_equal(f->compiled->flags & GENERATION_NARROWED, 0);
	assert_int_equal(tcp(f, 22)->narrowed, 0);
}

/* Open, but for nobody everywhere: the set of peers is empty. */
static void only_narrowed(void **state)
{
	struct fixture *f = *state;
	struct rule rules[] = {rule(SSH, OFFICE, f->interfaces[1], "203.0.113.10"),
			       rule(WEB, ANY, NULL, "2001:db8::1")};

	assert_int_equal(compile_inbound(f, rules, COUNT(rules)), 0);
	assert_int_equal(f->compiled->flags, GENERATION_NARROWED);
	assert_int_equal(tcp(f, 22)->flags, PORT_OPEN);
	assert_int_equal(f->compiled->peers[tcp(f, 22)->peers].bits[0], 0);
	assert_int_equal(chain_length(f, tcp(f, 22)), 1);
	assert_true(chain_has(f, tcp(f, 22), 2, "203.0.113.10", OFFICE));
	assert_true(chain_has(f, tcp(f, 80), 0, "2001:db8::1", ANY));
	assert_int_equal(tcp(f, 80)->flags, PORT_OPEN);
	assert_int_equal(tcp(f, 23)->narrowed, 0);
	assert_int_equal(f->compiled->ports[port_index(OUTBOUND, TRANSPORT_TCP, 22)].narrowed, 0);
}

static void rules_add_up(void **state)
{
	struct fixture *f = *state;
	struct rule rules[] = {rule(SSH, RELAY, NULL, NULL), rule(SSH, OFFICE, f->interfaces[0], NULL),
			       rule(SSH, OFFICE, f->interfaces[1], "203.0.113.10"),
			       rule(SSH, OFFICE, f->interfaces[0], NULL)};

	assert_int_equal(compile_inbound(f, rules, COUNT(rules)), 0);
	assert_int_equal(f->compiled->peers[tcp(f, 22)->peers].bits[0], 1 << RELAY);
	assert_int_equal(chain_length(f, tcp(f, 22)), 2); /* the last rule says nothing new */
	assert_true(chain_has(f, tcp(f, 22), 1, NULL, OFFICE));
	assert_true(chain_has(f, tcp(f, 22), 2, "203.0.113.10", OFFICE));
}

/* Who may come anywhere needs no chain. */
static void any_everywhere(void **state)
{
	struct fixture *f = *state;
	struct rule rules[] = {rule(SSH, OFFICE, f->interfaces[0], NULL), rule(SSH, ANY, NULL, NULL)};

	assert_int_equal(compile_inbound(f, rules, COUNT(rules)), 0);
	assert_int_equal(tcp(f, 22)->flags, PORT_OPEN | PORT_ANY);
	assert_int_equal(tcp(f, 22)->narrowed, 0);
}

static void ports_share_chains(void **state)
{
	struct fixture *f = *state;
	struct rule rules[] = {rule(WIDE, OFFICE, f->interfaces[0], NULL),
			       rule(WEB, RELAY, f->interfaces[1], NULL),
			       rule(WIDE, RELAY, NULL, "192.0.2.1")};

	assert_int_equal(compile_inbound(f, rules, COUNT(rules)), 0);
	assert_int_equal(chain_length(f, tcp(f, 9000)), 2);
	assert_int_equal(chain_length(f, tcp(f, 443)), 3);
	assert_true(chain_has(f, tcp(f, 443), 2, NULL, RELAY));
	assert_false(chain_has(f, tcp(f, 9000), 2, NULL, RELAY));
	assert_int_equal(tcp(f, 80)->narrowed, tcp(f, 443)->narrowed);
	assert_int_equal(tcp(f, 1)->narrowed, tcp(f, 65535)->narrowed);
	assert_true(f->compiled->n_narrowings < 10);
}

static void chains_have_a_limit(void **state)
{
	struct fixture *f = *state;
	struct rule rules[MAX_NARROWED + 1];

	for (unsigned i = 0; i < COUNT(rules); i++) {
		char text[] = "192.0.2.00";

		text[8] = (char)('1' + i / 10);
		text[9] = (char)('0' + i % 10);
		rules[i] = rule(SSH, OFFICE, NULL, text);
	}
	assert_int_equal(compile_inbound(f, rules, MAX_NARROWED), 0);
	assert_int_equal(chain_length(f, tcp(f, 22)), MAX_NARROWED);
	assert_int_equal(compile_inbound(f, rules, MAX_NARROWED + 1), -E2BIG);
	assert_string_equal(f->limit, "at most 32 rules with 'on' or 'at' for one port");
}

static void protocols(void **state)
{
	struct fixture *f = *state;
	struct rule rules[] = {rule(VRRP, OFFICE, f->interfaces[1], NULL)};
	const struct port_rule *vrrp;

	assert_int_equal(compile_inbound(f, rules, COUNT(rules)), 0);
	vrrp = &f->compiled->protocols[protocol_index(INBOUND, 112)];
	assert_int_equal(vrrp->flags, PORT_OPEN);
	assert_int_equal(f->compiled->peers[vrrp->peers].bits[0], 0);
	assert_int_equal(chain_length(f, vrrp), 1);
	assert_true(chain_has(f, vrrp, 2, NULL, OFFICE));
}

/* A static range admits whom its control port does, and where it does. */
static void static_ranges(void **state)
{
	struct fixture *f = *state;
	struct rule rules[] = {rule(FTPS, OFFICE, f->interfaces[1], NULL), rule(FTPS, RELAY, NULL, NULL)};
	struct port_range passive = {3000, 3001};
	size_t control = FTPS;
	struct ftp_server server = {.name = (char[]){"one"},
				    .control = &control,
				    .n_control = 1,
				    .passive = &passive,
				    .n_passive = 1,
				    .pinholes = FTP_PINHOLES_STATIC};

	f->policy.ftp = &server;
	f->policy.n_ftp = 1;
	assert_int_equal(compile_inbound(f, rules, COUNT(rules)), 0);
	assert_int_equal(f->compiled->peers[tcp(f, 3001)->peers].bits[0], 1 << RELAY);
	assert_int_equal(chain_length(f, tcp(f, 3001)), 1);
	assert_true(chain_has(f, tcp(f, 3001), 2, NULL, OFFICE));

	/* Pinholes are judged by their control port when they are used. */
	server.pinholes = FTP_PINHOLES_SESSION;
	assert_int_equal(compile_inbound(f, rules, COUNT(rules)), 0);
	assert_int_equal(tcp(f, 3001)->flags, PORT_PASSIVE);
	assert_int_equal(tcp(f, 3001)->narrowed, 0);
}

static void interfaces_have_numbers(void **state)
{
	struct fixture *f = *state;
	struct rule rules[] = {rule(SSH, OFFICE, NULL, NULL), rule(SSH, OFFICE, (char[]){"wan"}, NULL),
			       rule(SSH, OFFICE, (char[]){"lan"}, NULL)};

	f->policy.inbound = rules;
	f->policy.n_inbound = COUNT(rules);
	assert_int_equal(policy_interface_number(&f->policy, "eth0"), 1);
	assert_int_equal(policy_interface_number(&f->policy, "eth1"), 2);
	assert_int_equal(policy_interface_number(&f->policy, "lan"), NO_INTERFACE);
	f->policy.n_interfaces = 0;
	assert_int_equal(policy_interface_number(&f->policy, "eth0"), NO_INTERFACE);
	assert_int_not_equal(policy_interface_number(&f->policy, "wan"), NO_INTERFACE);
	assert_int_not_equal(policy_interface_number(&f->policy, "lan"), NO_INTERFACE);
	assert_int_not_equal(policy_interface_number(&f->policy, "wan"),
			     policy_interface_number(&f->policy, "lan"));
	assert_int_not_equal(policy_interface_number(&f->policy, "wan"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_narrowed), TEST(only_narrowed),      TEST(rules_add_up),
		TEST(any_everywhere),      TEST(ports_share_chains), TEST(chains_have_a_limit),
		TEST(protocols),           TEST(static_ranges),      TEST(interfaces_have_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
