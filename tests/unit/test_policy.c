// SPDX-License-Identifier: GPL-2.0-only
/* What a policy's text comes to: the model, defaults, includes, and what must hold between its parts. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy_yaml.h"

#define SERVICES "services: {https: {tcp: 443}, ftps: {tcp: 21}, dns: {udp: 53, tcp: [53, 853-854]}}\n"

/* A policy in memory, what it loads to, and what was said. */
struct loaded {
	struct source_set *sources;
	struct diags *diags;
	struct policy *policy;
	char *messages;
	int r;
};

struct text {
	const char *name, *text;
};

static void add(struct source_set *sources, const char *name, const char *text)
{
	assert_int_equal(source_set_add(sources, name, text, strlen(text)), 0);
}

/* Loads texts[0] beside the others, with the interfaces of a command line. */
static struct loaded load_set(const struct text *texts, size_t n, char *const *interfaces)
{
	struct loaded loaded = {.sources = source_set_new(), .diags = diags_new()};
	size_t size;
	FILE *stream;

	for (size_t i = 0; i < n; i++)
		add(loaded.sources, texts[i].name, texts[i].text);
	assert_int_equal(source_set_interfaces(loaded.sources, interfaces), 0);
	loaded.r = policy_load(loaded.sources, texts[0].name, loaded.diags, &loaded.policy);
	stream = open_memstream(&loaded.messages, &size);
	diags_print(loaded.diags, stream);
	fclose(stream);
	return loaded;
}

static struct loaded load(const char *text)
{
	return load_set(&(struct text){"p.yaml", text}, 1, NULL);
}

static void loaded_clear(struct loaded *loaded)
{
	policy_free(loaded->policy);
	diags_free(loaded->diags);
	source_set_free(loaded->sources);
	free(loaded->messages);
}

static void assert_error(const char *text, const char *message)
{
	struct loaded loaded = load(text);

	assert_int_equal(loaded.r, -EINVAL);
	assert_null(loaded.policy);
	assert_string_equal(loaded.messages, message);
	loaded_clear(&loaded);
}

static void assert_good(const struct loaded *loaded)
{
	assert_string_equal(loaded->messages, "");
	assert_int_equal(loaded->r, 0);
	assert_non_null(loaded->policy);
}

static void assert_prefix(const struct prefix *prefix, const char *expected)
{
	char text[ADDR_TEXT_SIZE];

	assert_string_equal(value_format_prefix(prefix, text), expected);
}

static void test_model(void **state)
{
	struct loaded l = load("interfaces: [eth0, eth1.5]\n" SERVICES
			       "zones: {office: [10.20.0.0/16, 2001:db8:20::/48], none: []}\n"
			       "inbound:\n"
			       "  - {service: https, from: any, why: \"hello\"}\n"
			       "  - {service: dns, from: [office, 192.0.2.7]}\n"
			       "outbound:\n"
			       "- {service: dns, to: 192.0.2.7/32}\n");
	const struct policy *p = l.policy;
	const struct service *dns;

	(void)state;
	assert_good(&l);
	assert_int_equal(p->n_interfaces, 2);
	assert_string_equal(p->interfaces[1], "eth1.5");
	assert_int_equal(p->interfaces_place.line, 1);
	assert_string_equal(p->zones[ZONE_ANY].name, "any");
	assert_int_equal(p->zones[ZONE_ANY].n_prefixes, 2);
	assert_prefix(&p->zones[ZONE_ANY].prefixes[0], "0.0.0.0/0");
	assert_prefix(&p->zones[ZONE_ANY].prefixes[1], "::/0");
	/* any, office, none, and one zone without a name for both mentions of 192.0.2.7 */
	assert_int_equal(p->n_zones, 4);
	assert_null(p->zones[3].name);
	assert_prefix(&p->zones[3].prefixes[0], "192.0.2.7");
	assert_ptr_equal(policy_find_zone(p, "office"), &p->zones[1]);
	assert_null(policy_find_zone(p, "offic"));
	dns = policy_find_service(p, "dns");
	assert_int_equal(dns->n_tcp, 2);
	assert_int_equal(dns->tcp[1].first, 853);
	assert_int_equal(dns->tcp[1].last, 854);
	assert_int_equal(dns->n_udp, 1);
	assert_int_equal(dns->place.line, 2);
	assert_int_equal(p->n_inbound, 2);
	assert_string_equal(p->inbound[0].why, "hello");
	assert_int_equal(p->inbound[0].place.line, 5);
	assert_int_equal(p->inbound[0].place.column, 5);
	assert_ptr_equal(&p->services[p->inbound[1].service], dns);
	assert_int_equal(p->inbound[1].n_peers, 2);
	assert_int_equal(p->inbound[1].peers[0], 1);
	assert_int_equal(p->inbound[1].peers[1], 3);
	assert_null(p->inbound[1].why);
	assert_int_equal(p->n_outbound, 1);
	assert_int_equal(p->outbound[0].peers[0], 3);
	assert_true(policy_is_inbound_port(p, TRANSPORT_TCP, 443));
	assert_true(policy_is_inbound_port(p, TRANSPORT_TCP, 854));
	assert_true(policy_is_inbound_port(p, TRANSPORT_UDP, 53));
	assert_false(policy_is_inbound_port(p, TRANSPORT_UDP, 443));
	assert_false(policy_is_inbound_port(p, TRANSPORT_TCP, 21));
	assert_false(policy_is_inbound_port(p, TRANSPORT_TCP, 855));
	loaded_clear(&l);
}

static void test_ftp(void **state)
{
	struct loaded l =
		load(SERVICES "inbound: [{service: ftps, from: any}, {service: https, from: any}]\n"
			      "ftp:\n"
			      "  a: {control: ftps, passive: 3000-3003}\n"
			      "  b: {control: [https, ftps], passive: any, tls: none, pinholes: static,\n"
			      "      ttl: 500ms, active: on, peer: exact, watch: [socket]}\n");
	const struct ftp_server *a, *b;

	(void)state;
	assert_good(&l);
	assert_int_equal(l.policy->n_ftp, 2);
	a = &l.policy->ftp[0];
	assert_string_equal(a->name, "a");
	assert_int_equal(a->n_control, 1);
	assert_string_equal(l.policy->services[a->control[0]].name, "ftps");
	assert_int_equal(a->n_passive, 1);
	assert_int_equal(a->passive[0].first, 3000);
	assert_int_equal(a->passive[0].last, 3003);
	assert_false(a->passive_any);
	assert_int_equal(a->tls, FTP_TLS_REQUIRED);
	assert_int_equal(a->pinholes, FTP_PINHOLES_SESSION);
	assert_true(a->ttl_ns == 30000000000);
	assert_int_equal(a->place.line, 4);
	assert_int_equal(a->passive_place.column, 31);
	assert_false(a->active);
	b = &l.policy->ftp[1];
	assert_true(b->active);
	assert_int_equal(b->n_control, 2);
	assert_true(b->passive_any);
	assert_int_equal(b->passive[0].first, 1024);
	assert_int_equal(b->passive[0].last, 65535);
	assert_int_equal(b->tls, FTP_TLS_NONE);
	assert_int_equal(b->pinholes, FTP_PINHOLES_STATIC);
	assert_true(b->ttl_ns == 500000000);
	loaded_clear(&l);
}

static void test_own_tests(void **state)
{
	struct loaded l = load("tests:\n"
			       "  - {inbound: tcp/443, from: 198.51.100.7, expect: allow}\n"
			       "  - {outbound: udp/123, to: \"2001:db8::1\", expect: deny}\n");
	const struct policy_test *test;
	char text[ADDR_TEXT_SIZE];

	(void)state;
	assert_good(&l);
	assert_int_equal(l.policy->n_tests, 2);
	test = &l.policy->tests[0];
	assert_int_equal(test->direction, INBOUND);
	assert_int_equal(test->transport, TRANSPORT_TCP);
	assert_int_equal(test->port, 443);
	assert_string_equal(value_format_addr(&test->peer, text), "198.51.100.7");
	assert_true(test->expect_allow);
	test = &l.policy->tests[1];
	assert_int_equal(test->direction, OUTBOUND);
	assert_int_equal(test->transport, TRANSPORT_UDP);
	assert_false(test->expect_allow);
	assert_int_equal(test->place.line, 3);
	loaded_clear(&l);
}

static void test_no_effect(void **state)
{
	/* Sections left blank, and every key whose value is the default. */
	struct loaded l =
		load("zones:\nservices: ~\ninbound: null\noutbound:\nftp:\ntests:\ninterfaces:\ninclude:\n"
		     "ping:\nblock: []\nmode: enforce\ndeny: {inbound: drop, outbound: drop}\n");

	(void)state;
	assert_good(&l);
	assert_int_equal(l.policy->n_zones, 1);
	assert_int_equal(l.policy->n_services + l.policy->n_inbound + l.policy->n_outbound + l.policy->n_ftp,
			 0);
	assert_int_equal(l.policy->interfaces_place.line, 0);
	loaded_clear(&l);
}

static void test_options(void **state)
{
	struct loaded l = load("services: {vpn: {ip: [50, 255], udp: 500, tcp: 500}}\n"
			       "zones: {office: [10.0.0.0/8]}\n"
			       "ping: {from: [office, 192.0.2.1], to: any}\nblock: [office, 192.0.2.1]\n"
			       "deny: {outbound: reject}\nmode: audit\n");
	const struct policy *policy = l.policy;

	(void)state;
	assert_good(&l);
	assert_int_equal(policy->services[0].n_ip, 2);
	assert_int_equal(policy->services[0].ip[0], 50);
	assert_int_equal(policy->services[0].ip[1], 255);
	assert_int_equal(policy->services[0].n_udp + policy->services[0].n_tcp, 2);
	assert_int_equal(policy->n_zones, 3); /* any, office, the address: written twice, one zone */
	assert_int_equal(policy->ping[INBOUND].n_peers, 2);
	assert_int_equal(policy->ping[INBOUND].peers[1], 2);
	assert_int_equal(policy->ping[OUTBOUND].n_peers, 1);
	assert_int_equal(policy->ping[OUTBOUND].peers[0], ZONE_ANY);
	assert_int_equal(policy->n_block, 2);
	assert_int_equal(policy->block[1], 2);
	assert_int_equal(policy->deny[INBOUND], DENY_DROP);
	assert_int_equal(policy->deny[OUTBOUND], DENY_REJECT);
	assert_int_equal(policy->mode, MODE_AUDIT);
	loaded_clear(&l);
	assert_error("services: {x: {tcp: 21, ip: 50}}\ninbound: [{service: x, from: any}]\n"
		     "ftp: {m: {control: x, passive: 3000}}\n",
		     "p.yaml:3:20: error: control service 'x' must have TCP ports and nothing else\n");
}

/* The main file's options replace those of what it includes; blocked zones add up. */
static void test_options_of_two_files(void **state)
{
	static const struct text texts[] = {
		{"p.yaml", "include: o.yaml\nmode: enforce\ndeny: {inbound: drop}\nping: {from: 192.0.2.1}\n"
			   "block: [192.0.2.2, 192.0.2.3]\n"},
		{"o.yaml", "mode: audit\ndeny: {inbound: reject, outbound: reject}\n"
			   "ping: {from: [any, 192.0.2.9], to: any}\nblock: [192.0.2.3, 192.0.2.4]\n"},
	};
	struct loaded l = load_set(texts, 2, NULL);

	(void)state;
	assert_good(&l);
	assert_int_equal(l.policy->mode, MODE_ENFORCE);
	assert_int_equal(l.policy->deny[INBOUND], DENY_DROP);
	assert_int_equal(l.policy->deny[OUTBOUND], DENY_REJECT);
	assert_int_equal(l.policy->ping[INBOUND].n_peers, 1);
	assert_int_equal(l.policy->ping[OUTBOUND].n_peers, 1);
	assert_int_equal(l.policy->n_block, 3);
	loaded_clear(&l);
}

static void test_interfaces_of_command_line(void **state)
{
	static char *const names[] = {"eth5", NULL}, *const wrong[] = {"eth5", "a b", "eth5", NULL};
	const struct text text = {"p.yaml", "interfaces: [eth0, eth1]\n"};
	struct loaded l = load_set(&text, 1, names);

	(void)state;
	assert_good(&l);
	assert_int_equal(l.policy->n_interfaces, 1);
	assert_string_equal(l.policy->interfaces[0], "eth5");
	loaded_clear(&l);
	l = load_set(&text, 1, wrong);
	assert_int_equal(l.r, -EINVAL);
	assert_string_equal(l.messages, "error: 'a b' is not the name of an interface\n"
					"error: interface 'eth5' appears twice\n");
	loaded_clear(&l);
}

static void test_include(void **state)
{
	/* The main file redefines what two files include by way of a third; the order is of no matter. */
	static const struct text texts[] = {
		{"d/p.yaml", "inbound: [{service: web, from: office}, {service: ssh, from: cloud}]\n"
			     "include: [x/a.yaml, ./x/b.yaml]\n"
			     "services: {web: {tcp: 8080}}\nzones: {office: [192.0.2.0/24]}\n"},
		{"d/x/a.yaml", "include: common.yaml\nservices: {ssh: {tcp: 22}}\n"},
		{"d/x/b.yaml", "include: common.yaml\ninbound: [{service: web, from: any}]\n"},
		{"d/x/common.yaml", "services: {web: {tcp: 80}}\n"
				    "zones: {office: [10.0.0.0/8], cloud: {file: y/cloud.txt}}\n"},
		{"d/x/y/cloud.txt",
		 "\xef\xbb\xbf# a comment: caf\xc3\xa9\r\n\r\n198.51.100.0/24\r\n\t203.0.113.7 # one\n"
		 "2001:db8::/32"},
	};
	struct loaded l = load_set(texts, 5, NULL);
	const struct zone *cloud;

	(void)state;
	assert_good(&l);
	assert_int_equal(l.policy->n_services, 2);
	assert_int_equal(policy_find_service(l.policy, "web")->tcp[0].first, 8080);
	assert_prefix(&policy_find_zone(l.policy, "office")->prefixes[0], "192.0.2.0/24");
	cloud = policy_find_zone(l.policy, "cloud");
	assert_int_equal(cloud->n_prefixes, 3);
	assert_prefix(&cloud->prefixes[0], "198.51.100.0/24");
	assert_prefix(&cloud->prefixes[1], "203.0.113.7");
	assert_prefix(&cloud->prefixes[2], "2001:db8::/32");
	assert_string_equal(cloud->place.file, "d/x/common.yaml");
	assert_int_equal(l.policy->n_inbound, 3);
	loaded_clear(&l);
}

static void test_redefined_is_checked(void **state)
{
	static const struct text texts[] = {
		{"p.yaml", "include: a.yaml\nservices: {web: {tcp: 8080}}\n"},
		{"a.yaml", "services: {web: {tcp: 0}}\n"},
	};
	struct loaded l = load_set(texts, 2, NULL);

	(void)state;
	assert_string_equal(l.messages, "a.yaml:1:23: error: 0 is out of range: ports are from 1 to 65535\n");
	loaded_clear(&l);
}

static void test_include_depth(void **state)
{
	struct text texts[12];
	char names[12][16], bodies[12][64];
	struct loaded l;

	(void)state;
	for (int i = 0; i < 12; i++) {
		snprintf(names[i], sizeof(names[i]), "%d.yaml", i);
		if (i < 11)
			snprintf(bodies[i], sizeof(bodies[i]), "include: %d.yaml\n", i + 1);
		else
			snprintf(bodies[i], sizeof(bodies[i]), "mode: enforce\n");
		texts[i] = (struct text){names[i], bodies[i]};
	}
	l = load_set(texts, 12, NULL);
	assert_int_equal(l.r, -EINVAL);
	assert_string_equal(l.messages, "8.yaml:1:10: error: included more than 8 files deep\n");
	loaded_clear(&l);
	l = load_set(texts + 3, 9, NULL);
	assert_good(&l);
	loaded_clear(&l);
}

static void test_zone_file_not_utf8(void **state)
{
	static const struct text texts[] = {
		{"p.yaml", "zones: {z: {file: z.txt}}\n"},
		{"z.txt", "10.0.0.1 # caf\xc3\xa9 \xff\n10.0.0.2\n# \xed\xa0\x80\n# \xc0\xaf\n# "
			  "\xf4\x90\x80\x80\n# \xe2\x82"},
	};
	struct loaded l = load_set(texts, 2, NULL);

	(void)state;
	assert_string_equal(l.messages, "z.txt:1:17: error: not UTF-8\nz.txt:3:3: error: not UTF-8\n"
					"z.txt:4:3: error: not UTF-8\nz.txt:5:3: error: not UTF-8\n"
					"z.txt:6:3: error: not UTF-8\n");
	loaded_clear(&l);
}

static void test_missing_file(void **state)
{
	struct source_set *sources = source_set_new();
	struct diags *diags = diags_new();
	struct policy *policy = NULL;
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(policy_load(sources, "/nonexistent/p.yaml", diags, &policy), -EINVAL);
	diags_print(diags, stream);
	fclose(stream);
	assert_string_equal(text,
			    "/nonexistent/p.yaml: error: cannot read '/nonexistent/p.yaml': No such file or "
			    "directory\n");
	assert_null(policy);
	free(text);
	diags_free(diags);
	source_set_free(sources);
}

/* Repeats `unit` with its number; the caller frees the text. */
__attribute__((format(printf, 2, 0))) static char *repeat(const char *head, const char *unit, unsigned n,
							  const char *tail)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	fputs(head, stream);
	for (unsigned i = 0; i < n; i++)
		fprintf(stream, unit, i);
	fputs(tail, stream);
	fclose(stream);
	return text;
}

static void test_limits(void **state)
{
	char *text = repeat("services:\n", "  s%u: {tcp: 1}\n", MAX_SERVICES, "");
	struct loaded l = load(text);

	(void)state;
	assert_good(&l);
	loaded_clear(&l);
	free(text);

	text = repeat("services:\n", "  s%u: {tcp: 1}\n", MAX_SERVICES + 1, "");
	assert_error(text, "p.yaml:4098:3: error: more than 4096 services\n");
	free(text);

	/* An FTP server needs a place among the services. */
	text = repeat("services:\n", "  s%u: {tcp: 21}\n", MAX_SERVICES,
		      "inbound: [{service: s0, from: any}]\nftp: {m: {control: s0, passive: 3000}}\n");
	assert_error(text, "p.yaml:4097:3: error: more than 4096 services, FTP servers included\n");
	free(text);

	/* The zones of a policy that has all it may have: `any` is one of them. */
	text = repeat("zones:\n", "  z%u: [10.0.0.0/8]\n", MAX_ZONES - 1, "");
	l = load(text);
	assert_good(&l);
	assert_int_equal(l.policy->n_zones, MAX_ZONES);
	loaded_clear(&l);
	free(text);
	text = repeat("zones:\n", "  z%u: [10.0.0.0/8]\n", MAX_ZONES, "");
	assert_error(text, "p.yaml:257:3: error: more than 256 zones, the predefined one included\n");
	free(text);
}

static void test_hostile(void **state)
{
	char *text = repeat("zones: {z: [", "[", 200000, "");
	struct loaded l;

	(void)state;
	assert_error(text, "p.yaml:1:27: error: nested too deep\n");
	free(text);

	text = repeat("", "- ", 200000, "x\n");
	l = load(text);
	assert_int_equal(l.r, -EINVAL);
	loaded_clear(&l);
	free(text);

	text = repeat("zones: {z: [", "1,", 600000, "1]}\n");
	l = load(text);
	assert_int_equal(l.r, -EINVAL);
	assert_non_null(strstr(l.messages, "too many values in one file: long lists belong in zone files"));
	loaded_clear(&l);
	free(text);

	text = repeat("# ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 140000, "\n");
	assert_error(text, "p.yaml: error: larger than 8 MiB: long lists belong in zone files\n");
	free(text);

	/* Thousands of errors: all are counted, few are kept. */
	text = repeat("inbound:\n", "  - {service: s%u, from: z}\n", 10000, "");
	l = load(text);
	assert_int_equal(l.r, -EINVAL);
	assert_int_equal(diags_count(l.diags, DIAG_ERROR), 20000);
	assert_non_null(strstr(l.messages, "error: 19800 more errors are not shown\n"));
	loaded_clear(&l);
	free(text);
}

static void test_passive_and_services(void **state)
{
	/* A service inside the passive range is no error as long as a port is left. */
	struct loaded l = load("services: {ftps: {tcp: 21}, web: {tcp: 3000-3002}}\n"
			       "inbound: [{service: ftps, from: any}, {service: web, from: any}]\n"
			       "ftp: {m: {control: ftps, passive: 3000-3003}}\n");

	(void)state;
	assert_good(&l);
	loaded_clear(&l);
	assert_error("services: {ftps: {tcp: 21}, web: {tcp: 3000-3002}}\n"
		     "inbound: [{service: ftps, from: any}, {service: web, from: any}]\n"
		     "ftp: {m: {control: ftps, passive: [3000-3001, 4000]}}\n",
		     "p.yaml:3:35: error: passive ports 3000-3001 all belong to inbound services: none is "
		     "left for a "
		     "pinhole\n");
}

static void test_control_boundary(void **state)
{
	struct loaded l = load("services: {x: {tcp: [1, 1000-1023]}}\ninbound: [{service: x, from: any}]\n"
			       "ftp: {m: {control: x, passive: 3000}}\n");

	(void)state;
	assert_good(&l);
	loaded_clear(&l);
	assert_error("services: {x: {tcp: [1, 1000-1024]}}\ninbound: [{service: x, from: any}]\n"
		     "ftp: {m: {control: x, passive: 3000}}\n",
		     "p.yaml:3:20: error: ftp m: any local user may listen on control port 1024, which is "
		     "1024 or above: that needs 'owner'\n");
}

static void test_smb_boundary(void **state)
{
	struct loaded l =
		load("services: {smb: {tcp: 445}, udp: {udp: 445}}\n"
		     "inbound: [{service: smb, from: [10.0.0.0/8, 2001::/16]}, {service: udp, from: any}]\n"
		     "outbound: [{service: smb, to: [10.0.0.0/8, 2001::/16]}]\n");

	(void)state;
	assert_good(&l);
	loaded_clear(&l);
	assert_error(
		"services: {x: {tcp: [1, 440-450]}}\noutbound: [{service: x, to: [10.0.0.0/8, 2000::/15]}]\n",
		"p.yaml:2:12: error: service 'x' is SMB (tcp 445), which may not be open to 2000::/15: only "
		"to "
		"prefixes of at least /8 in IPv4 and /16 in IPv6\n");
}

static void test_suggestions(void **state)
{
	(void)state;
	assert_error("srevices: {}\n",
		     "p.yaml:1:1: error: unknown key 'srevices' (did you mean 'services'?)\n");
	assert_error("INBOUND: []\n", "p.yaml:1:1: error: unknown key 'INBOUND' (did you mean 'inbound'?)\n");
	assert_error("xyz: []\n", "p.yaml:1:1: error: unknown key 'xyz'\n");
	assert_error("caf\xc3\xa9: 1\n\"\": 2\n", "p.yaml:1:1: error: unknown key 'caf\xc3\xa9'\n"
						  "p.yaml:2:1: error: unknown key ''\n");
	/* Columns count characters, not bytes. */
	assert_error("{\"\xc3\xa9\xc3\xa9\": 1, mod: 1}\n",
		     "p.yaml:1:2: error: unknown key '\xc3\xa9\xc3\xa9'\n"
		     "p.yaml:1:11: error: unknown key 'mod' (did you mean "
		     "'mode'?)\n");
}

static void test_policy_free(void **state)
{
	(void)state;
	policy_free(NULL);
	policy_free(calloc(1, sizeof(struct policy)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_ftp),
		cmocka_unit_test(test_own_tests),
		cmocka_unit_test(test_no_effect),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_options_of_two_files),
		cmocka_unit_test(test_interfaces_of_command_line),
		cmocka_unit_test(test_include),
		cmocka_unit_test(test_redefined_is_checked),
		cmocka_unit_test(test_include_depth),
		cmocka_unit_test(test_zone_file_not_utf8),
		cmocka_unit_test(test_missing_file),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_passive_and_services),
		cmocka_unit_test(test_control_boundary),
		cmocka_unit_test(test_smb_boundary),
		cmocka_unit_test(test_suggestions),
		cmocka_unit_test(test_policy_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
