// SPDX-License-Identifier: GPL-2.0-only
/* Addresses that no host may send from are denied, even at a port that is open to all; their neighbours
 * are not. */
#include "prog.h"

struct source_case {
	const char *src;
	bool denied;
};

static const struct source_case sources[] = {
	{"0.0.0.0", true},
	{"0.0.0.1", true},
	{"0.255.255.255", true},
	{"1.0.0.0", false},
	{"126.255.255.255", false},
	{"127.0.0.0", true},
	{"127.0.0.1", true},
	{"127.255.255.255", true},
	{"128.0.0.0", false},
	{"10.0.0.1", false},
	{"169.254.1.1", false},
	{"192.168.1.1", false},
	{"223.255.255.255", false},
	{"224.0.0.0", true},
	{"239.255.255.255", true},
	{"240.0.0.0", true},
	{"255.255.255.254", true},
	{"255.255.255.255", true},
	{"::", true},
	{"::1", true},
	{"::2", false},
	{"::1:0:1", false},
	{"::fffe:192.0.2.1", false},
	{"::ffff:192.0.2.1", true},
	{"::ffff:0.0.0.0", true},
	{"::ffff:255.255.255.255", true},
	{"::1:ffff:192.0.2.1", false},
	{"0:0:0:1:0:ffff:192.0.2.1", false},
	{"1::ffff:192.0.2.1", false},
	{"0:0:0:1::", false},
	{"0:1::1", false},
	{"1::", false},
	{"fe80::1", false},
	{"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	{"fd00::1", false},
	{"feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	{"ff00::", true},
	{"ff02::1", true},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
	{"7f00::1", false},
};

static void test_sources(void **state)
{
	struct frame frame;

	for (size_t i = 0; i < COUNT(sources) * 2; i++) {
		const struct source_case *c = &sources[i / 2];
		bool is_tcp = i % 2;
		struct spec spec = {.src = c->src,
				    .dst = host[text_is_ipv4(c->src) ? V4 : V6],
				    .protocol = is_tcp ? IPPROTO_TCP : IPPROTO_UDP,
				    .src_port = 40000,
				    .dst_port = is_tcp ? 443 : 514};
		uint32_t service = COUNTER_SERVICES + (is_tcp ? HTTPS : LOGS);

		packet_build(&frame, &spec);
		expect_counter(*state, INBOUND, &frame, c->denied ? REASON_SOURCE : service, "from %s",
			       c->src);
	}
}

/* What a host without an address must ask: RFC 4862, 5.4.2; RFC 4861, 4.1; RFC 3590. */
static void test_unspecified(void **state)
{
	static const struct {
		uint8_t type;
		uint8_t hop_limit;
		uint32_t counter;
	} cases[] = {
		{135, 255, COUNTER_ICMP},   {133, 255, COUNTER_ICMP},     {143, 1, COUNTER_ICMP},
		{131, 1, COUNTER_ICMP},     {135, 254, REASON_HOP_LIMIT}, {133, 127, REASON_HOP_LIMIT},
		{143, 2, REASON_HOP_LIMIT}, {134, 255, REASON_SOURCE},    {136, 255, REASON_SOURCE},
		{137, 255, REASON_SOURCE},  {128, 64, REASON_SOURCE},     {1, 64, REASON_SOURCE},
		{144, 1, REASON_SOURCE},
	};
	struct frame frame;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct spec spec = {.src = "::",
				    .dst = "ff02::1:ff00:10",
				    .protocol = IPPROTO_ICMP,
				    .type = cases[i].type,
				    .hop_limit = cases[i].hop_limit,
				    .data = 16};

		packet_build(&frame, &spec);
		expect_counter(*state, INBOUND, &frame, cases[i].counter, "type %u, hop limit %u",
			       cases[i].type, cases[i].hop_limit);
		spec.src = "::1";
		packet_build(&frame, &spec);
		expect_counter(*state, INBOUND, &frame, REASON_SOURCE, "type %u from ::1", cases[i].type);
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_unspecified),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
