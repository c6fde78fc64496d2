// SPDX-License-Identifier: GPL-2.0-only
/* What cannot be parsed is denied for a named reason, whatever ports it would have named. */
#include <string.h>

#include "prog.h"

static struct spec admitted(enum family family, enum direction direction, uint8_t protocol)
{
	struct spec spec = {.protocol = protocol, .tcp_flags = SYN | ACK, .data = 12};

	spec.src = direction == INBOUND ? stranger[family] : host[family];
	spec.dst = direction == INBOUND ? host[family] : stranger[family];
	spec.src_port = direction == INBOUND ? 40000 : protocol == IPPROTO_TCP ? 443 : 514;
	spec.dst_port = direction == OUTBOUND ? 40000 : protocol == IPPROTO_TCP ? 443 : 514;
	return spec;
}

static uint32_t service_of(const struct spec *spec)
{
	return COUNTER_SERVICES + (spec->protocol == IPPROTO_TCP ? HTTPS : LOGS);
}

/* Every case in both families, both directions and both transports: what `test` is called with is
 * admitted as it is. */
static void each_form(const struct prog *prog, void (*test)(const struct prog *, enum direction, struct spec))
{
	struct frame frame;

	for (unsigned i = 0; i < 8; i++) {
		enum direction direction = i / 4;
		struct spec spec = admitted(i % 2, direction, i / 2 % 2 ? IPPROTO_TCP : IPPROTO_UDP);

		packet_build(&frame, &spec);
		assert_true(frame_checksums_are_right(&frame));
		expect_counter(prog, direction, &frame, service_of(&spec), "form %u", i);
		test(prog, direction, spec);
	}
}

/* The least that the kernel makes a test packet of: for tc it wants to see an IP header where the
 * EtherType says so. Behind a tag it does not look. */
static uint32_t least_length(enum direction direction, const struct frame *frame)
{
	if (direction == INBOUND)
		return 14;
	if (frame->ip > 14)
		return 15;
	return frame->ip + (frame->bytes[frame->ip] >> 4 == 4 ? 20 : 40);
}

/* No beginning of `frame` passes, and the reason tells where it ended. */
static void expect_truncations(const struct prog *prog, enum direction direction, const struct frame *frame)
{
	struct frame cut = *frame;

	for (cut.length = least_length(direction, frame); cut.length < frame->length; cut.length++)
		expect_counter(prog, direction, &cut,
			       cut.length < frame->transport ? REASON_TRUNCATED : REASON_LENGTH,
			       "%u of %u bytes", cut.length, frame->length);
}

static void truncate_form(const struct prog *prog, enum direction direction, struct spec spec)
{
	struct frame frame;

	for (unsigned i = 0; i < 4; i++) {
		spec.vlan_tags = i % 3;
		spec.option_words = text_is_ipv4(spec.src) && i == 3 ? 10 : 0;
		packet_build(&frame, &spec);
		expect_truncations(prog, direction, &frame);
	}
}

static void test_truncated(void **state)
{
	struct spec quote = admitted(V6, OUTBOUND, IPPROTO_TCP);
	struct spec error = {
		.src = stranger[V6], .dst = host[V6], .protocol = IPPROTO_ICMP, .type = 1, .quote = &quote};
	struct spec report = {.src = "fe80::1",
			      .dst = "ff02::16",
			      .protocol = IPPROTO_ICMP,
			      .type = 143,
			      .hop_limit = 1,
			      .n_extensions = 1,
			      .extensions = {IPPROTO_HOPOPTS},
			      .data = 20};
	struct frame frame;

	each_form(*state, truncate_form);
	for (unsigned i = 0; i < 2; i++) {
		packet_build(&frame, i ? &report : &error);
		expect_counter(*state, INBOUND, &frame, COUNTER_ICMP, "whole");
		expect_truncations(*state, INBOUND, &frame);
	}
}

/* The IP length says the same as the frame: only the transport header is too short. */
static void shorten_form(const struct prog *prog, enum direction direction, struct spec spec)
{
	uint32_t header = spec.protocol == IPPROTO_TCP ? 20 : 8;
	struct frame frame;

	for (uint32_t kept = 0; kept < header + spec.data; kept++) {
		uint32_t counter = kept < header                  ? (uint32_t)REASON_TRUNCATED
				   : spec.protocol == IPPROTO_UDP ? (uint32_t)REASON_LENGTH
								  : service_of(&spec);

		packet_build(&frame, &spec);
		frame_cut_packet(&frame, frame.transport + kept);
		expect_counter(prog, direction, &frame, counter, "%u bytes after the IP header", kept);
		if (kept >= header)
			continue;
		frame.length = FRAME_PADDED; /* Ethernet padding is no header */
		memset(frame.bytes + frame.transport + kept, 0, 64);
		frame.bytes[frame.transport + 12] = 0x50;
		frame_set16(&frame, frame.transport + 4, 8);
		expect_counter(prog, direction, &frame, REASON_LENGTH, "%u bytes and padding", kept);
	}
}

static void padded_form(const struct prog *prog, enum direction direction, struct spec spec)
{
	struct frame frame;

	spec.data = spec.protocol == IPPROTO_UDP;
	packet_build(&frame, &spec);
	frame.length += 20;
	expect_counter(prog, direction, &frame, service_of(&spec), "padding behind the packet");
}

static void test_short_transport(void **state)
{
	each_form(*state, shorten_form);
	each_form(*state, padded_form);
}

static void lengths_form(const struct prog *prog, enum direction direction, struct spec spec)
{
	bool is_ipv4 = text_is_ipv4(spec.src);
	struct frame frame, whole;
	uint32_t at;

	packet_build(&whole, &spec);
	at = whole.ip + (is_ipv4 ? 2 : 4);
	for (unsigned i = 0; i < 6; i++) {
		uint16_t right = frame_get16(&whole, at);
		const uint16_t wrong[] = {
			0, 1, is_ipv4 ? 19 : 7, (uint16_t)(right + 1), (uint16_t)(right | 0x8000), 0xffff};

		frame = whole;
		frame_set16(&frame, at, wrong[i]);
		expect_counter(prog, direction, &frame, REASON_LENGTH, "IP length %u, not %u", wrong[i],
			       right);
	}
	for (unsigned i = 0; i < (spec.protocol == IPPROTO_UDP ? 16u : 5u); i++) {
		frame = whole;
		if (spec.protocol == IPPROTO_UDP)
			frame_set16(&frame, whole.transport + 4,
				    i < 8 ? (uint16_t)i : (uint16_t)(21 << (i - 8)));
		else
			frame.bytes[whole.transport + 12] = (uint8_t)(i << 4);
		expect_counter(prog, direction, &frame, REASON_LENGTH, "length in the transport header, %u",
			       i);
	}
	if (spec.protocol != IPPROTO_TCP)
		return;
	for (unsigned words = 5; words < 16; words++) { /* there are 32 bytes: 8 words */
		frame = whole;
		frame.bytes[whole.transport + 12] = (uint8_t)(words << 4);
		expect_counter(prog, direction, &frame,
			       words <= 8 ? service_of(&spec) : (uint32_t)REASON_LENGTH,
			       "%u words of TCP header", words);
	}
}

static void test_lengths(void **state)
{
	each_form(*state, lengths_form);
}

static void version_form(const struct prog *prog, enum direction direction, struct spec spec)
{
	struct frame frame;

	for (uint8_t version = 0; version < 16; version++) {
		packet_build(&frame, &spec);
		if (version == frame.bytes[frame.ip] >> 4)
			continue;
		frame.bytes[frame.ip] = (uint8_t)(version << 4 | (frame.bytes[frame.ip] & 15));
		expect_counter(prog, direction, &frame, REASON_IP_HEADER, "version %u", version);
	}
	for (uint8_t words = 0; text_is_ipv4(spec.src) && words < 5; words++) {
		packet_build(&frame, &spec);
		frame.bytes[frame.ip] = 0x40 | words;
		expect_counter(prog, direction, &frame, REASON_IP_HEADER, "IPv4 header of %u words", words);
	}
}

static void options_form(const struct prog *prog, enum direction direction, struct spec spec)
{
	struct frame frame;

	for (uint8_t words = 1; text_is_ipv4(spec.src) && words <= 10; words++) {
		spec.option_words = words;
		packet_build(&frame, &spec);
		expect_counter(prog, direction, &frame, service_of(&spec), "%u words of options", words);
		frame_set16(&frame, frame.ip + 2, (uint16_t)(4 * words + 19));
		expect_counter(prog, direction, &frame, REASON_LENGTH, "%u words, more than the packet",
			       words);
	}
}

static void test_ip_headers(void **state)
{
	each_form(*state, version_form);
	each_form(*state, options_form);
}

static void protocols_form(const struct prog *prog, enum direction direction, struct spec spec)
{
	uint8_t other = text_is_ipv4(spec.src) ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	const uint8_t protocols[] = {2,  4,   5,   7,   16,  18,  41,  47,   IPPROTO_ESP,
				     89, 112, 132, 135, 136, 139, 255, other};
	struct frame frame;

	for (size_t i = 0; i < COUNT(protocols); i++) {
		packet_build(&frame, &spec);
		frame.bytes[frame.ip + (text_is_ipv4(spec.src) ? 9 : 6)] = protocols[i];
		expect_counter(prog, direction, &frame, REASON_PROTOCOL, "protocol %u", protocols[i]);
	}
}

static void test_protocols(void **state)
{
	each_form(*state, protocols_form);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truncated), cmocka_unit_test(test_short_transport),
		cmocka_unit_test(test_lengths),   cmocka_unit_test(test_ip_headers),
		cmocka_unit_test(test_protocols),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
