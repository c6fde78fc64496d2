// SPDX-License-Identifier: GPL-2.0-only
/* `deny: {inbound: reject}` answers what was for this host alone. */
#include <linux/bpf.h>

#include "prog.h"

static int setup(void **state)
{
	struct prog *prog = prog_load_as(GENERATION, GENERATION_REJECT_INBOUND, NULL, NULL, 0);

	prog_fill_policy(prog);
	*state = prog;
	return 0;
}

static void expect(const struct prog *prog, enum family family, const char *to, uint8_t protocol,
		   uint32_t action)
{
	struct spec spec = {
		.src = stranger[family], .dst = to, .protocol = protocol, .src_port = 40000, .dst_port = 444};
	struct frame frame;
	uint32_t got;

	packet_build(&frame, &spec);
	got = prog_action(prog, &frame);
	if (got != action)
		fail_msg("protocol %u to %s: action %u, not %u", protocol, to, got, action);
}

static void test_for_one(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		expect(*state, family, host[family], IPPROTO_TCP, XDP_TX);
		expect(*state, family, host[family], IPPROTO_UDP, XDP_TX);
	}
	expect(*state, V4, "223.255.255.255", IPPROTO_UDP, XDP_TX);
	expect(*state, V6, "feff::1", IPPROTO_UDP, XDP_TX);
}

/* With an Ethernet address of one host, as a deceiver would send it. */
static void test_for_many(void **state)
{
	static const char *const many4[] = {"224.0.0.0", "239.1.2.3", "240.0.0.1", "255.255.255.255"};
	static const char *const many6[] = {"ff00::1", "ff02::1", "ffff::1"};

	for (size_t i = 0; i < COUNT(many4); i++) {
		expect(*state, V4, many4[i], IPPROTO_TCP, XDP_DROP);
		expect(*state, V4, many4[i], IPPROTO_UDP, XDP_DROP);
	}
	for (size_t i = 0; i < COUNT(many6); i++) {
		expect(*state, V6, many6[i], IPPROTO_TCP, XDP_DROP);
		expect(*state, V6, many6[i], IPPROTO_UDP, XDP_DROP);
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_for_one),
		cmocka_unit_test(test_for_many),
	};

	return prog_main(tests, COUNT(tests), setup, prog_teardown);
}
