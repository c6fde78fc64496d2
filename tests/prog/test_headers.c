// SPDX-License-Identifier: GPL-2.0-only
/* Headers that can be parsed and are denied all the same: fragments, extensions, impossible flags, port 0
 * and addresses that nobody sends from. */
#include <string.h>

#include "prog.h"

enum { PROTO_AH = 51, PROTO_ESP = 50, MORE_FRAGMENTS = 0x2000, RESERVED = 0x8000 };

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

static void test_fragments4(void **state)
{
	static const struct {
		uint16_t field;
		bool is_fragment;
	} cases[] = {
		{0x0000, false},
		{0x4000, false}, /* do not fragment */
		{RESERVED, false},
		{MORE_FRAGMENTS, true},
		{0x0001, true},
		{0x1000, true},
		{0x1fff, true},
		{MORE_FRAGMENTS | 1, true},
		{0x4000 | MORE_FRAGMENTS, true},
		{0x4001, true},
	};
	struct frame frame;

	for (unsigned i = 0; i < COUNT(cases) * 4; i++) {
		uint8_t protocol = i % 2 ? IPPROTO_TCP : IPPROTO_UDP;
		enum direction direction = i / 2 % 2;
		struct spec spec = direction ? reply(V4, protocol) : admitted(V4, protocol);
		uint32_t service = COUNTER_SERVICES + (i % 2 ? HTTPS : LOGS);

		packet_build(&frame, &spec);
		frame_set16(&frame, frame.ip + 6, cases[i / 4].field);
		expect_counter(*state, direction, &frame,
			       cases[i / 4].is_fragment ? REASON_FRAGMENT : service,
			       "protocol %u, fragment field %#06x", protocol, cases[i / 4].field);
	}
}

struct extension_case {
	uint8_t n;
	uint8_t headers[EXTENSIONS_MAX];
	uint32_t reason;
};

static const struct extension_case extension_cases[] = {
	{1, {IPPROTO_HOPOPTS}, REASON_EXTENSION},
	{1, {IPPROTO_ROUTING}, REASON_EXTENSION},
	{1, {IPPROTO_DSTOPTS}, REASON_EXTENSION},
	{1, {PROTO_AH}, REASON_EXTENSION},
	{1, {IPPROTO_NONE}, REASON_EXTENSION},
	{1, {IPPROTO_FRAGMENT}, REASON_FRAGMENT},
	{1, {PROTO_ESP}, REASON_PROTOCOL},
	{1, {IPPROTO_MH}, REASON_PROTOCOL},
	{1, {139}, REASON_PROTOCOL}, /* HIP */
	{1, {140}, REASON_PROTOCOL}, /* Shim6 */
	{1, {253}, REASON_PROTOCOL},
	{2, {IPPROTO_HOPOPTS, IPPROTO_HOPOPTS}, REASON_EXTENSION},
	{2, {IPPROTO_HOPOPTS, IPPROTO_ROUTING}, REASON_EXTENSION},
	{2, {IPPROTO_HOPOPTS, IPPROTO_DSTOPTS}, REASON_EXTENSION},
	{2, {IPPROTO_HOPOPTS, IPPROTO_FRAGMENT}, REASON_EXTENSION},
	{2, {IPPROTO_DSTOPTS, IPPROTO_FRAGMENT}, REASON_EXTENSION},
	{2, {IPPROTO_FRAGMENT, IPPROTO_DSTOPTS}, REASON_FRAGMENT},
	{3, {IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_ROUTING}, REASON_EXTENSION},
	{4, {IPPROTO_DSTOPTS, IPPROTO_DSTOPTS, IPPROTO_DSTOPTS, IPPROTO_DSTOPTS}, REASON_EXTENSION},
};

/* Nothing is looked for behind them, so none can hide the ports of a service; discovery neither, but
 * behind hop-by-hop options, which multicast listener reports have. */
static void test_extensions(void **state)
{
	struct spec solicitation = {.src = "fe80::1",
				    .dst = "fe80::2",
				    .protocol = IPPROTO_ICMP,
				    .type = 135,
				    .hop_limit = 255,
				    .data = 16};
	struct frame frame;

	for (unsigned i = 0; i < COUNT(extension_cases) * 5; i++) {
		const struct extension_case *c = &extension_cases[i / 5];
		uint8_t protocol = i % 5 / 2 ? IPPROTO_TCP : IPPROTO_UDP;
		enum direction direction = i % 5 % 2 ? OUTBOUND : INBOUND;
		struct spec spec = direction ? reply(V6, protocol) : admitted(V6, protocol);
		uint32_t reason = c->reason;

		if (i % 5 == 4) {
			spec = solicitation;
			if (c->n == 1 && c->headers[0] == IPPROTO_HOPOPTS)
				reason = COUNTER_ICMP;
		}
		memcpy(spec.extensions, c->headers, sizeof(spec.extensions));
		spec.n_extensions = c->n;
		packet_build(&frame, &spec);
		expect_counter(*state, direction, &frame, reason, "case %u, protocol %u", i / 5,
			       spec.protocol);
	}
}

/* Hop-by-hop options that reach beyond the packet. */
static void test_hop_by_hop_length(void **state)
{
	struct spec report = {.src = "fe80::1",
			      .dst = "ff02::16",
			      .protocol = IPPROTO_ICMP,
			      .type = 143,
			      .hop_limit = 1,
			      .n_extensions = 1,
			      .data = 20};
	struct frame frame;

	for (unsigned units = 0; units < 256; units++) {
		/* 28 bytes of ICMPv6 follow the 8 of the options. */
		uint32_t rest = 28 - 8 * (units < 4 ? units : 3);

		packet_build(&frame, &report);
		frame.bytes[frame.ip + 41] = (uint8_t)units;
		if (units == 0)
			expect_counter(*state, INBOUND, &frame, COUNTER_ICMP, "as built");
		else if (units >= 4)
			expect_counter(*state, INBOUND, &frame, REASON_LENGTH, "%u units", units);
		else if (rest < 8)
			expect_counter(*state, INBOUND, &frame, REASON_TRUNCATED, "%u units", units);
		else /* the data, 0xa5 bytes, is read as the type */
			expect_counter(*state, INBOUND, &frame, REASON_ICMP_TYPE, "%u units", units);
	}
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
		cmocka_unit_test(test_fragments4),        cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_hop_by_hop_length), cmocka_unit_test(test_tcp_flags),
		cmocka_unit_test(test_ecn_flags),         cmocka_unit_test(test_port_zero),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
