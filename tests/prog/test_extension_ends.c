// SPDX-License-Identifier: GPL-2.0-only
/* Extension headers that the packet or the frame ends in, and multicast listener reports, which have some. */
#include <string.h>

#include "prog.h"

static const uint8_t kinds[] = {IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS, IPPROTO_AH,
				IPPROTO_FRAGMENT};

static const struct spec base = {.protocol = IPPROTO_TCP,
				 .src_port = 40000,
				 .dst_port = 443,
				 .data = 8,
				 .extensions = {IPPROTO_DSTOPTS},
				 .n_extensions = 2,
				 .extension_bytes = 16};

static struct frame build(uint8_t kind)
{
	struct spec spec = base;
	struct frame frame;

	spec.src = stranger[V6];
	spec.dst = host[V6];
	/* Hop-by-hop options can only be the first. */
	spec.extensions[kind != IPPROTO_HOPOPTS] = kind;
	if (kind == IPPROTO_HOPOPTS)
		spec.extensions[1] = IPPROTO_DSTOPTS;
	packet_build(&frame, &spec);
	return frame;
}

static void test_frame_ends(void **state)
{
	for (unsigned i = 0; i < COUNT(kinds); i++) {
		struct frame frame = build(kinds[i]);
		uint32_t whole = frame.length;

		expect_service(*state, INBOUND, &frame, HTTPS, "header %u, whole", kinds[i]);
		for (frame.length = frame.ip + 40; frame.length < whole; frame.length++)
			expect_counter(*state, INBOUND, &frame,
				       frame.length < frame.transport ? REASON_TRUNCATED : REASON_LENGTH,
				       "header %u, %u of %u bytes", kinds[i], frame.length, whole);
	}
}

/* The IP length says that the packet ends in the headers; what lies behind it in the frame is padding, though
 * it looks like the rest. */
static void test_packet_ends(void **state)
{
	for (unsigned i = 0; i < COUNT(kinds); i++) {
		struct frame frame = build(kinds[i]);
		uint32_t end = frame.transport - frame.ip - 40;

		for (uint32_t payload = 0; payload < end; payload++) {
			frame_set16(&frame, frame.ip + 4, (uint16_t)payload);
			expect_counter(*state, INBOUND, &frame, REASON_LENGTH,
				       "header %u, IP payload of %u bytes, %u of headers", kinds[i], payload,
				       end);
		}
	}
}

/* The headers themselves say that they are longer than the packet. */
static void test_header_reaches_beyond(void **state)
{
	for (unsigned i = 0; i < COUNT(kinds) - 1; i++) {
		struct frame frame = build(kinds[i]);
		uint32_t at = frame.ip + 40 + (kinds[i] == IPPROTO_HOPOPTS ? 0 : 16) + 1;

		for (unsigned units = 15; units < 256; units++) {
			frame.bytes[at] = (uint8_t)units;
			expect_counter(*state, INBOUND, &frame, REASON_LENGTH, "header %u, %u units",
				       kinds[i], units);
			frame.length = FRAME_PADDED; /* nor does padding help */
			expect_counter(*state, INBOUND, &frame, REASON_LENGTH, "header %u, %u units, padded",
				       kinds[i], units);
			frame.length = frame.transport + 28;
		}
	}
}

/* A jumbo payload (RFC 2675) has no length in the IP header. */
static void test_jumbo(void **state)
{
	struct frame frame = build(IPPROTO_HOPOPTS);
	uint8_t *option = frame.bytes + frame.ip + 42;

	memcpy(option, (uint8_t[]){0xc2, 4, 0, 1, 0, 0}, 6);
	expect_service(*state, INBOUND, &frame, HTTPS, "the option alone");
	frame_set16(&frame, frame.ip + 4, 0);
	expect_counter(*state, INBOUND, &frame, REASON_LENGTH, "jumbo");
}

/* Hop-by-hop options that reach beyond a report. */
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

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame_ends),
		cmocka_unit_test(test_packet_ends),
		cmocka_unit_test(test_header_reaches_beyond),
		cmocka_unit_test(test_jumbo),
		cmocka_unit_test(test_hop_by_hop_length),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
