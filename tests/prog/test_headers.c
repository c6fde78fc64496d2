// SPDX-License-Identifier: GPL-2.0-only
/* Headers that can be parsed and are denied all the same: impossible flags and port 0. */
#include "prog.h"

static struct spec admitted(enum family family, uint8_t protocol)
{
	return (struct spec){.src = stranger[family],
			     .dst = host[family],
			     .protocol = protocol,
			     .src_port = 40000,
			     .dst_port = protocol == IPPROTO_TCP ? 443 : 514,
			     .data = 8};
}

static struct spec reply(enum family family, uint8_t protocol)
{
	return (struct spec){.src = host[family],
			     .dst = stranger[family],
			     .protocol = protocol,
			     .src_port = protocol == IPPROTO_TCP ? 443 : 514,
			     .dst_port = 40000,
			     .tcp_flags = ACK,
			     .data = 8};
}

/* RFC 9293: of the four flags that matter, these are what TCP sends; PSH and URG come as they like. */
static bool flags_exist(unsigned flags)
{
	switch (flags & (SYN | FIN | RST | ACK)) {
	case SYN:
	case SYN | ACK:
	case ACK:
	case FIN | ACK:
	case RST:
	case RST | ACK:
		return true;
	default:
		return false;
	}
}

static void test_tcp_flags(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < 64 * N_FAMILIES; i++) {
		unsigned flags = i % 64;
		struct spec in = admitted(i / 64, IPPROTO_TCP), out = reply(i / 64, IPPROTO_TCP), closed = in;
		uint32_t passes = COUNTER_SERVICES + HTTPS;

		in.tcp_flags = out.tcp_flags = closed.tcp_flags = (uint8_t)flags;
		in.no_flags = out.no_flags = closed.no_flags = true;
		closed.dst_port = 444;
		packet_build(&frame, &in);
		expect_counter(*state, INBOUND, &frame, flags_exist(flags) ? passes : REASON_TCP_FLAGS,
			       "flags %#x", flags);
		packet_build(&frame, &closed);
		expect_counter(*state, INBOUND, &frame,
			       !flags_exist(flags)            ? REASON_TCP_FLAGS
			       : (flags & (SYN | ACK)) == SYN ? REASON_PORT
							      : REASON_NO_FLOW,
			       "closed port, flags %#x", flags);
		packet_build(&frame, &out);
		expect_counter(*state, OUTBOUND, &frame,
			       !flags_exist(flags)            ? (uint32_t)REASON_TCP_FLAGS
			       : (flags & (SYN | ACK)) == SYN ? (uint32_t)REASON_PORT
							      : passes,
			       "reply, flags %#x", flags);
	}
}

/* ECN's two flags change nothing. */
static void test_ecn_flags(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < 4 * N_FAMILIES; i++) {
		struct spec spec = admitted(i / 4, IPPROTO_TCP);

		spec.tcp_flags = (uint8_t)(SYN | (i % 4) << 6);
		packet_build(&frame, &spec);
		expect_service(*state, INBOUND, &frame, HTTPS, "flags %#x", spec.tcp_flags);
		spec.tcp_flags = (uint8_t)((i % 4) << 6);
		spec.no_flags = true;
		packet_build(&frame, &spec);
		expect_counter(*state, INBOUND, &frame, REASON_TCP_FLAGS, "flags %#x", spec.tcp_flags);
	}
}

static void test_port_zero(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < 8; i++) {
		uint8_t protocol = i % 2 ? IPPROTO_TCP : IPPROTO_UDP;
		enum direction direction = i / 2 % 2;
		struct spec spec = direction ? reply(i / 4, protocol) : admitted(i / 4, protocol),
			    zero = spec;

		zero.src_port = 0;
		packet_build(&frame, &zero);
		expect_counter(*state, direction, &frame, REASON_PORT_ZERO, "from port 0");
		zero = spec;
		zero.dst_port = 0;
		packet_build(&frame, &zero);
		expect_counter(*state, direction, &frame, REASON_PORT_ZERO, "to port 0");
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp_flags),
		cmocka_unit_test(test_ecn_flags),
		cmocka_unit_test(test_port_zero),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
