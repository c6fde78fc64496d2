// SPDX-License-Identifier: GPL-2.0-only
/* Fragments by themselves: the first is judged by its ports and must hold them, an atomic one is a whole
 * packet, and no other passes from a peer that this host sends nothing to. */
#include <string.h>

#include "state.h"

static const enum direction directions[] = {INBOUND, OUTBOUND};

static struct spec packet(enum direction direction, enum family family, uint8_t protocol)
{
	bool in = direction == INBOUND;
	uint16_t port = protocol == IPPROTO_TCP ? 443 : 514;

	return (struct spec){.src = in ? stranger[family] : host[family],
			     .dst = in ? host[family] : stranger[family],
			     .protocol = protocol,
			     .src_port = in ? 40000 : port,
			     .dst_port = in ? port : 40000,
			     .tcp_flags = SYN | ACK,
			     .data = 12};
}

/* `i` counts directions, families and transports. */
enum { FORMS = 8 };

static struct spec form(unsigned i)
{
	return packet(directions[i % 2], i / 2 % 2, i / 4 % 2 ? IPPROTO_TCP : IPPROTO_UDP);
}

static uint32_t service_of(const struct spec *spec)
{
	return COUNTER_SERVICES + (spec->protocol == IPPROTO_TCP ? HTTPS : LOGS);
}

static void expect_form(const struct prog *prog, unsigned i, const struct spec *spec, uint32_t counter,
			const char *what)
{
	struct frame frame;

	packet_build(&frame, spec);
	expect_counter(prog, directions[i % 2], &frame, counter, "%s, form %u", what, i);
}

static void test_first(void **state)
{
	for (unsigned i = 0; i < FORMS; i++) {
		bool in = directions[i % 2] == INBOUND, is_tcp = i / 4;
		struct spec first = form(i), other;

		spec_fragment(&first, 0, true);
		expect_form(*state, i, &first, service_of(&first), "first fragment");
		other = first;
		*(in ? &other.dst_port : &other.src_port) = 9001;
		expect_form(*state, i, &other, is_tcp ? REASON_NO_FLOW : REASON_PORT, "closed port");
		other.tcp_flags = SYN;
		expect_form(*state, i, &other, REASON_PORT, "closed port, opening");
		other = first;
		other.src_port = 0;
		expect_form(*state, i, &other, REASON_PORT_ZERO, "port 0");
		other = first;
		other.tcp_flags = SYN | FIN;
		expect_form(*state, i, &other, is_tcp ? REASON_TCP_FLAGS : service_of(&first), "SYN and FIN");
		other = first;
		*(in ? &other.dst_port : &other.src_port) = is_tcp ? 9000 : 123;
		other.tcp_flags = in ? SYN : ACK;
		expect_form(*state, i, &other,
			    in       ? REASON_PEER
			    : is_tcp ? REASON_NO_FLOW
				     : REASON_PORT,
			    "for the office");
	}
}

/* Every value of IPv4's field that says no fragment, or another than the later ones. */
static void test_fields(void **state)
{
	static const struct {
		uint16_t field;
		uint32_t reason; /* REASON_NONE: the ports decide */
	} cases[] = {
		{0x0000, REASON_NONE},     {0x4000, REASON_NONE},     {0x8000, REASON_NONE},
		{0x2000, REASON_NONE},     {0x6000, REASON_NONE},     {0xa000, REASON_NONE},
		{0x0001, REASON_FRAGMENT}, {0x2001, REASON_FRAGMENT}, {0x4001, REASON_FRAGMENT},
		{0x0002, REASON_FRAGMENT}, {0x1000, REASON_FRAGMENT}, {0x1fff, REASON_FRAGMENT},
		{0x3fff, REASON_FRAGMENT},
	};
	struct frame frame;

	for (unsigned i = 0; i < COUNT(cases) * FORMS; i++) {
		struct spec spec = form(i % FORMS);

		if (!text_is_ipv4(spec.src))
			continue;
		packet_build(&frame, &spec);
		frame_set16(&frame, frame.ip + 6, cases[i / FORMS].field);
		expect_counter(*state, directions[i % 2], &frame,
			       cases[i / FORMS].reason ? cases[i / FORMS].reason : service_of(&spec),
			       "fragment field %#06x", cases[i / FORMS].field);
	}
}

/* RFC 6946; the two reserved bits beside the offset are ignored, as RFC 8200, 4.5 says. */
static void test_atomic(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < FORMS * 4; i++) {
		struct spec spec = form(i % FORMS);

		if (text_is_ipv4(spec.src))
			continue;
		spec_fragment(&spec, 0, false);
		packet_build(&frame, &spec);
		frame.bytes[frame.ip + 43] |= (uint8_t)(i / FORMS << 1);
		expect_counter(*state, directions[i % 2], &frame, service_of(&spec), "atomic");
		/* A whole packet: what it says of its length must be true. */
		if (spec.protocol == IPPROTO_UDP)
			frame_set16(&frame, frame.transport + 4, 8 + 12 + 1);
		else
			frame.bytes[frame.transport + 12] = 0x90;
		expect_counter(*state, directions[i % 2], &frame, REASON_LENGTH, "atomic, too long inside");
		frame.bytes[frame.ip + 43] ^= 1;
		expect_counter(*state, directions[i % 2], &frame,
			       spec.protocol == IPPROTO_UDP ? service_of(&spec) : (uint32_t)REASON_FRAGMENT,
			       "first, longer than itself");
	}
}

/* A datagram's length is that of all its fragments. */
static void test_udp_length(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < 4; i++) {
		struct spec first = form(i), whole = first;

		spec_fragment(&first, 0, true);
		for (uint32_t length = 0; length <= 0xffff; length += length < 32 ? 1 : 0x0fdf) {
			packet_build(&frame, &first);
			frame_set16(&frame, frame.transport + 4, (uint16_t)length);
			expect_counter(*state, directions[i % 2], &frame,
				       length < 8 ? (uint32_t)REASON_LENGTH : service_of(&first),
				       "first fragment of a datagram of %u bytes", length);
			packet_build(&frame, &whole);
			frame_set16(&frame, frame.transport + 4, (uint16_t)length);
			expect_counter(*state, directions[i % 2], &frame,
				       length < 8 || length > 20 ? (uint32_t)REASON_LENGTH
								 : service_of(&whole),
				       "datagram of %u bytes", length);
		}
	}
}

/* RFC 1858, RFC 7112: one that ends before its ports and flags hides them. */
static void test_short_first(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < FORMS; i++) {
		struct spec first = form(i);
		uint32_t header = i / 4 ? 20 : 8;

		spec_fragment(&first, 0, true);
		for (uint32_t kept = 0; kept <= header; kept++) {
			packet_build(&frame, &first);
			frame_cut_packet(&frame, frame.transport + kept);
			expect_counter(*state, directions[i % 2], &frame,
				       kept < header ? (uint32_t)REASON_FRAGMENT : service_of(&first),
				       "form %u, %u bytes of the header", i, kept);
		}
	}
}

/* With options, the first fragment holds those too. */
static void test_short_options(void **state)
{
	struct frame frame;

	for (unsigned i = 4; i < FORMS; i++) {
		struct spec first = form(i);

		spec_fragment(&first, 0, true);
		for (uint32_t words = 0; words < 16; words++) {
			packet_build(&frame, &first); /* 20 bytes of header and 12 of data */
			frame.bytes[frame.transport + 12] = (uint8_t)(words << 4);
			expect_counter(*state, directions[i % 2], &frame,
				       words < 5    ? (uint32_t)REASON_LENGTH
				       : words <= 8 ? service_of(&first)
						    : (uint32_t)REASON_FRAGMENT,
				       "form %u, %u words of header", i, words);
		}
	}
}

/* What this host has sent nothing to sends no other fragments, nor does it get any. */
static void test_later(void **state)
{
	static const uint16_t offsets[] = {1, 2, 3, 8, 185, 0x1000, 0x1ffe, 0x1fff};

	for (unsigned i = 0; i < FORMS * COUNT(offsets) * 2; i++) {
		struct spec later = form(i % FORMS);

		spec_fragment(&later, offsets[i / FORMS % COUNT(offsets)], i / FORMS / COUNT(offsets));
		expect_form(*state, i % FORMS, &later, REASON_FRAGMENT, "later fragment");
	}
}

static void test_other_protocols(void **state)
{
	static const uint8_t protocols[] = {47, 50, 112, 132};

	for (unsigned i = 0; i < 4 * COUNT(protocols); i++) {
		struct spec spec = packet(directions[i % 2], i / 2 % 2, protocols[i / 4]), later = spec;

		spec_fragment(&spec, 0, true);
		expect_form(*state, i % 4, &spec, REASON_PROTOCOL, "first of no transport of ours");
		spec_fragment(&later, 185, false);
		expect_form(*state, i % 4, &later, REASON_FRAGMENT, "later of no transport of ours");
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),       cmocka_unit_test(test_fields),
		cmocka_unit_test(test_atomic),      cmocka_unit_test(test_udp_length),
		cmocka_unit_test(test_short_first), cmocka_unit_test(test_short_options),
		cmocka_unit_test(test_later),       cmocka_unit_test(test_other_protocols),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
