// SPDX-License-Identifier: GPL-2.0-only
/* ICMP other than errors: discovery and listener reports from the link itself, and nothing else. */
#include "prog.h"

static const enum direction directions[] = {INBOUND, OUTBOUND};

static struct spec icmp6(uint8_t type, uint8_t hop_limit)
{
	return (struct spec){.src = "fe80::1",
			     .dst = "ff02::1",
			     .protocol = IPPROTO_ICMP,
			     .type = type,
			     .hop_limit = hop_limit,
			     .data = 24};
}

static void test_discovery(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < 2 * 256; i++) {
		enum direction direction = directions[i / 256];
		uint8_t hop_limit = (uint8_t)(i % 256);

		for (uint8_t type = 133; hop_limit && type <= 136; type++) {
			struct spec spec = icmp6(type, hop_limit);

			packet_build(&frame, &spec);
			expect_counter(*state, direction, &frame,
				       hop_limit == 255 ? (uint32_t)COUNTER_ICMP : (uint32_t)REASON_HOP_LIMIT,
				       "type %u, hop limit %u", type, hop_limit);
		}
	}
}

/* RFC 2710, RFC 3810: hop limit 1, and a router alert among hop-by-hop options, which is not asked for. */
static void test_listener_reports(void **state)
{
	static const uint8_t types[] = {130, 131, 132, 143};
	struct frame frame;

	for (unsigned i = 0; i < COUNT(types) * 4; i++) {
		enum direction direction = directions[i % 2];
		struct spec spec = icmp6(types[i / 4], 1);

		spec.n_extensions = i / 2 % 2;
		spec.extensions[0] = IPPROTO_HOPOPTS;
		packet_build(&frame, &spec);
		expect_counter(*state, direction, &frame, COUNTER_ICMP, "type %u, %u extensions", spec.type,
			       spec.n_extensions);
		for (unsigned bit = 0; bit < 8; bit++) {
			packet_build(&frame, &spec);
			frame_flip(&frame, frame.ip + 7, bit);
			expect_counter(*state, direction, &frame, REASON_HOP_LIMIT, "type %u, hop limit %u",
				       spec.type, frame.bytes[frame.ip + 7]);
		}
	}
}

/* What the type of an ICMP message that is not an error comes to, hop limit 255. */
static uint32_t counter_of_type6(unsigned type)
{
	if (type >= 133 && type <= 136)
		return COUNTER_ICMP;
	if ((type >= 130 && type <= 132) || type == 143)
		return REASON_HOP_LIMIT;
	return type >= 1 && type <= 4 ? REASON_ICMP_QUOTE : REASON_ICMP_TYPE;
}

static uint32_t counter_of_type4(unsigned type)
{
	return type == 3 || type == 11 || type == 12 ? REASON_ICMP_QUOTE : REASON_ICMP_TYPE;
}

/* Every type: echo (8, 0; 128, 129), redirect (5; 137), source quench (4), timestamps, router discovery
 * of IPv4 and node information are among those denied. */
static void test_types(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < 2 * N_FAMILIES * 256; i++) {
		enum family family = i / 256 % 2;
		struct spec spec = icmp6((uint8_t)i, 255);

		if (family == V4) {
			spec.src = stranger[V4];
			spec.dst = host[V4];
		}
		packet_build(&frame, &spec);
		expect_counter(*state, directions[i / 512], &frame,
			       family == V4 ? counter_of_type4(i % 256) : counter_of_type6(i % 256),
			       "type %u", i % 256);
	}
}

/* Ethernet's padding is no part of a message. */
static void test_short(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < 8 * N_FAMILIES; i++) {
		struct spec spec = icmp6(135, 255);

		if (i % N_FAMILIES == V4) {
			spec.src = stranger[V4];
			spec.dst = host[V4];
		}
		packet_build(&frame, &spec);
		frame_cut_packet(&frame, frame.transport + i / N_FAMILIES);
		expect_counter(*state, INBOUND, &frame, REASON_TRUNCATED, "%u bytes", i / N_FAMILIES);
		frame.length += 40;
		expect_counter(*state, INBOUND, &frame, REASON_LENGTH, "%u bytes and padding",
			       i / N_FAMILIES);
	}
}

/* A message of the other family's ICMP is none. */
static void test_other_family(void **state)
{
	struct spec spec = icmp6(135, 255);
	struct frame frame;

	packet_build(&frame, &spec);
	frame.bytes[frame.ip + 6] = IPPROTO_ICMP;
	expect_counter(*state, INBOUND, &frame, REASON_PROTOCOL, "ICMP in IPv6");
	spec.src = stranger[V4];
	spec.dst = host[V4];
	packet_build(&frame, &spec);
	frame.bytes[frame.ip + 9] = IPPROTO_ICMPV6;
	expect_counter(*state, INBOUND, &frame, REASON_PROTOCOL, "ICMPv6 in IPv4");
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_discovery), cmocka_unit_test(test_listener_reports),
		cmocka_unit_test(test_types),     cmocka_unit_test(test_other_family),
		cmocka_unit_test(test_short),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
