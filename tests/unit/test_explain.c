// SPDX-License-Identifier: GPL-2.0-only
/* Questions to frames, verdicts to words: what decides is shown right, whatever the verdict. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "explain.h"
#include "policy_yaml.h"

static const char text[] = "interfaces: [eth0]\n"                                    /* 1 */
			   "zones: {office: [10.20.0.0/16, \"2001:db8:20::/48\"]}\n" /* 2 */
			   "services:\n"                                             /* 3 */
			   "  web: {tcp: [80, 440-450]}\n"                           /* 4 */
			   "  dns: {udp: 53, tcp: 53}\n"                             /* 5 */
			   "  ftp: {tcp: 21}\n"                                      /* 6 */
			   "  game: {udp: 49152-49160}\n"                            /* 7 */
			   "inbound:\n"                                              /* 8 */
			   "  - {service: web, from: office}\n"                      /* 9 */
			   "  - {service: web, from: 192.0.2.7}\n"                   /* 10 */
			   "  - {service: ftp, from: any}\n"                         /* 11 */
			   "  - {service: game, from: any}\n"                        /* 12 */
			   "outbound:\n"                                             /* 13 */
			   "  - {service: dns, to: office}\n"                        /* 14 */
			   "ftp:\n"                                                  /* 15 */
			   "  fixed:\n"                                              /* 16 */
			   "    control: ftp\n"                                      /* 17 */
			   "    pinholes: static\n"                                  /* 18 */
			   "    passive: 4000\n"                                     /* 19 */
			   "  moved:\n"                                              /* 20 */
			   "    control: ftp\n"                                      /* 21 */
			   "    passive: [3000-3003, 3100]\n";                       /* 22 */

enum { WEB, DNS, FTP_FIXED, FTP_MOVED };

struct fixture {
	struct source_set *sources;
	struct diags *diags;
	struct policy *policy;
	struct service_name services[MAX_SERVICES];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	f->sources = source_set_new();
	f->diags = diags_new();
	if (source_set_add(f->sources, "p.yaml", text, sizeof(text) - 1) ||
	    policy_load(f->sources, "p.yaml", f->diags, &f->policy)) {
		diags_print(f->diags, stderr);
		return -1;
	}
	strcpy(f->services[WEB].name, "web");
	strcpy(f->services[DNS].name, "dns");
	strcpy(f->services[FTP_FIXED].name, "ftp:fixed");
	strcpy(f->services[FTP_MOVED].name, "ftp:moved");
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	policy_free(f->policy);
	diags_free(f->diags);
	source_set_free(f->sources);
	free(f);
	return 0;
}

static struct explain_question question(enum direction direction, const char *target, const char *peer)
{
	struct explain_question made = {.direction = direction};

	assert_int_equal(explain_parse_target(target, &made.transport, &made.port), 0);
	assert_int_equal(value_parse_addr(peer, &made.peer), 0);
	made.local = explain_local(&made.peer);
	return made;
}

/* Asserts what is said of a verdict; a NULL rule: that nothing is. */
static void says(struct fixture *f, struct explain_question asked, uint32_t verdict, const char *words,
		 const char *rule, unsigned line)
{
	struct explanation explanation;
	char buf[EXPLAIN_TEXT_SIZE];

	assert_int_equal(explain(f->policy, &asked, verdict, f->services, &explanation), 0);
	assert_string_equal(explain_format_verdict(&explanation, buf), words);
	if (rule) {
		assert_non_null(explanation.rule);
		assert_string_equal(explanation.rule, rule);
	} else {
		assert_null(explanation.rule);
	}
	assert_int_equal(explanation.where.line, line);
	explanation_clear(&explanation);
	assert_null(explanation.rule);
}

static void targets(void **state)
{
	static const char *const wrong[] = {"",       "tcp",     "tcp/",    "443",    "icmp/8",
					    "TCP/80", "tcp/80x", "tcp/ 80", "tcp/-1", "tcp/80-81"};
	enum transport transport = TRANSPORT_TCP;
	uint16_t port = 7;

	(void)state;
	assert_int_equal(explain_parse_target("udp/65535", &transport, &port), 0);
	assert_int_equal(transport, TRANSPORT_UDP);
	assert_int_equal(port, 65535);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(explain_parse_target(wrong[i], &transport, &port), -EINVAL);
	assert_int_equal(explain_parse_target("tcp/65536", &transport, &port), -ERANGE);
	assert_int_equal(explain_parse_target("tcp/0", &transport, &port), -ERANGE);
	assert_int_equal(transport, TRANSPORT_UDP);
	assert_int_equal(port, 65535);
}

static void locals(void **state)
{
	static const char *const peers[] = {"198.51.100.7", "203.0.113.1", "2001:db8::1", "fe80::1"};

	(void)state;
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		struct addr peer, local;

		assert_int_equal(value_parse_addr(peers[i], &peer), 0);
		local = explain_local(&peer);
		assert_false(value_addr_equal(&local, &peer));
		assert_int_equal(value_addr_is_ipv4(&local), value_addr_is_ipv4(&peer));
	}
}

static void questions(void **state)
{
	char buf[EXPLAIN_TEXT_SIZE];
	struct explain_question in = question(INBOUND, "tcp/445", "2001:db8::7");
	struct explain_question out = question(OUTBOUND, "udp/53", "10.0.0.1");

	(void)state;
	assert_string_equal(explain_format_question(&in, buf), "inbound tcp/445 from 2001:db8::7");
	assert_string_equal(explain_format_question(&out, buf), "outbound udp/53 to 10.0.0.1");
}

static unsigned be16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static void frames(void **state)
{
	static const uint8_t peer[] = {10, 0, 0, 1};
	struct fixture *f = *state;
	struct explain_question in = question(INBOUND, "tcp/445", "10.0.0.1");
	struct explain_question out = question(OUTBOUND, "udp/53", "10.0.0.1");
	uint8_t frame[FRAME_SIZE];

	assert_int_equal(explain_frame(f->policy, &in, frame), 14 + 20 + 20);
	assert_memory_equal(frame + 14 + 12, peer, sizeof(peer));
	assert_int_equal(be16(frame + 34 + 2), 445);
	assert_int_equal(frame[34 + 13], 0x02); /* SYN alone */
	assert_int_equal(explain_frame(f->policy, &out, frame), 14 + 20 + 8);
	assert_memory_equal(frame + 14 + 16, peer, sizeof(peer));
	assert_int_equal(be16(frame + 34 + 2), 53);
	/* Not out of a port of `game`: that would be a reply. */
	assert_int_equal(be16(frame + 34), 49161);
}

static void allowed(void **state)
{
	struct fixture *f = *state;

	says(f, question(INBOUND, "tcp/443", "10.20.1.1"), COUNTER_SERVICES + WEB, "allow (service web)",
	     "inbound web from office (10.20.0.0/16, 2001:db8:20::/48)", 9);
	says(f, question(INBOUND, "tcp/80", "192.0.2.7"), COUNTER_SERVICES + WEB, "allow (service web)",
	     "inbound web from 192.0.2.7", 10);
	says(f, question(OUTBOUND, "udp/53", "2001:db8:20::53"), COUNTER_SERVICES + DNS,
	     "allow (service dns)", "outbound dns to office (10.20.0.0/16, 2001:db8:20::/48)", 14);
	says(f, question(INBOUND, "tcp/4000", "192.0.2.9"), COUNTER_SERVICES + FTP_FIXED,
	     "allow (service ftp:fixed)", "ftp fixed: passive ports 4000, always open to its clients", 19);
	says(f, question(INBOUND, "tcp/3001", "192.0.2.9"), COUNTER_SERVICES + FTP_MOVED,
	     "allow (service ftp:moved)",
	     "ftp moved: passive ports 3000-3003,3100, open only through a pinhole", 22);
	says(f, question(INBOUND, "udp/1", "192.0.2.9"), COUNTER_LINK, "allow", NULL, 0);
}

static void denied(void **state)
{
	struct fixture *f = *state;

	says(f, question(INBOUND, "tcp/445", "198.51.100.7"), REASON_PEER, "deny (peer)",
	     "inbound web from office (10.20.0.0/16, 2001:db8:20::/48)", 9);
	says(f, question(OUTBOUND, "tcp/53", "198.51.100.7"), REASON_PEER, "deny (peer)",
	     "outbound dns to office (10.20.0.0/16, 2001:db8:20::/48)", 14);
	says(f, question(INBOUND, "tcp/3100", "198.51.100.7"), REASON_NO_PINHOLE, "deny (no-pinhole)",
	     "ftp moved: passive ports 3000-3003,3100, open only through a pinhole", 22);
	says(f, question(INBOUND, "tcp/4000", "198.51.100.7"), REASON_PEER, "deny (peer)",
	     "ftp fixed: passive ports 4000, always open to its clients", 19);
	says(f, question(INBOUND, "tcp/99", "198.51.100.7"), REASON_PORT, "deny (port)", NULL, 0);
	says(f, question(INBOUND, "tcp/443", "127.0.0.1"), REASON_SOURCE, "deny (source)", NULL, 0);
}

/* The verdict is the kernel's: where no rule fits it, none is made up. */
static void nothing_fits(void **state)
{
	struct fixture *f = *state;

	says(f, question(INBOUND, "tcp/99", "198.51.100.7"), COUNTER_SERVICES + WEB, "allow (service web)",
	     NULL, 0);
	says(f, question(INBOUND, "udp/443", "10.20.1.1"), REASON_PEER, "deny (peer)", NULL, 0);
	says(f, question(OUTBOUND, "tcp/4000", "198.51.100.7"), REASON_PEER, "deny (peer)", NULL, 0);
	says(f, question(INBOUND, "tcp/99", "198.51.100.7"), N_COUNTERS, "allow", NULL, 0);
}

static void json(void **state)
{
	struct fixture *f = *state;
	struct explain_question asked = question(INBOUND, "tcp/80", "192.0.2.7");
	struct explanation explanation;
	json_t *json, *expected;

	assert_int_equal(explain(f->policy, &asked, COUNTER_SERVICES + WEB, f->services, &explanation), 0);
	json = explain_json(&explanation);
	expected =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:[]}", "verdict", "allow", "reason", "none", "service",
			  "web", "rule", "inbound web from 192.0.2.7", "where", "p.yaml:10", "depends");
	assert_true(json_equal(json, expected));
	json_decref(json);
	json_decref(expected);
	explanation_clear(&explanation);

	assert_int_equal(explain(f->policy, &asked, REASON_PORT, f->services, &explanation), 0);
	json = explain_json(&explanation);
	expected = json_pack("{s:s, s:s, s:n, s:n, s:n, s:[]}", "verdict", "deny", "reason", "port",
			     "service", "rule", "where", "depends");
	assert_true(json_equal(json, expected));
	json_decref(json);
	json_decref(expected);
	explanation_clear(&explanation);
}

static void places(void **state)
{
	struct place nowhere = {0}, odd = {.file = "a\033[2J.yaml", .line = 3};
	char *where = explain_format_place(&odd);

	(void)state;
	assert_null(explain_format_place(&nowhere));
	assert_string_equal(where, "a\\x1b[2J.yaml:3");
	free(where);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets),      cmocka_unit_test(locals),  cmocka_unit_test(questions),
		cmocka_unit_test(frames),       cmocka_unit_test(allowed), cmocka_unit_test(denied),
		cmocka_unit_test(nothing_fits), cmocka_unit_test(json),    cmocka_unit_test(places),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
