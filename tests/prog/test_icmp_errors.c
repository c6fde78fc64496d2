// SPDX-License-Identifier: GPL-2.0-only
/* ICMP errors pass when the packet that they quote is ours: of a service, a flow, a data connection or a
 * pinhole; both ways. */
#include <string.h>

#include "state.h"

static const enum direction directions[] = {INBOUND, OUTBOUND};

/* Packets that this host sent, in the terms of what makes them ours. */
struct quoted {
	const char *what;
	uint8_t protocol;
	uint16_t local_port;
	uint16_t peer_port;
	bool is_ours;
};

static const struct quoted quotes[] = {
	{"service, tcp", IPPROTO_TCP, 443, CLIENT_PORT, true},
	{"service, udp", IPPROTO_UDP, 514, CLIENT_PORT, true},
	{"outward flow, tcp", IPPROTO_TCP, OUT_PORT, 8443, true},
	{"outward flow, udp", IPPROTO_UDP, OUT_PORT, 1812, true},
	{"data connection", IPPROTO_TCP, DATA_PORT, CLIENT_PORT, true},
	{"pinhole", IPPROTO_TCP, PINHOLE_PORT, CLIENT_PORT, true},
	{"closed port", IPPROTO_TCP, 444, CLIENT_PORT, false},
	{"service of the other transport", IPPROTO_UDP, 443, CLIENT_PORT, false},
	{"no such flow", IPPROTO_TCP, OUT_PORT + 1, 8443, false},
	{"no such flow, udp", IPPROTO_UDP, OUT_PORT, 1813, false},
	{"no such data connection", IPPROTO_TCP, DATA_PORT, CLIENT_PORT + 1, false},
	{"passive port without a pinhole", IPPROTO_TCP, 3000, CLIENT_PORT, false},
	{"pinhole, udp", IPPROTO_UDP, PINHOLE_PORT, CLIENT_PORT, false},
	{"service for others", IPPROTO_TCP, 9000, CLIENT_PORT, false},
	{"no ports", 47, 0, 0, false},
	{"an error itself", IPPROTO_ICMP, 0, 0, false},
};

static int setup(void **state)
{
	prog_setup(state);
	state_fill(*state);
	return 0;
}

/* What an error in `direction` quotes: inbound, a packet that left this host; outbound, one that came in. */
static struct spec quote_of(enum direction direction, enum family family, const struct quoted *quoted)
{
	bool left = direction == INBOUND;

	return (struct spec){.src = left ? host[family] : stranger[family],
			     .dst = left ? stranger[family] : host[family],
			     .protocol = quoted->protocol,
			     .src_port = left ? quoted->local_port : quoted->peer_port,
			     .dst_port = left ? quoted->peer_port : quoted->local_port,
			     .tcp_flags = ACK,
			     .data = 8};
}

/* Inbound errors come from a router on the way; outbound ones from this host itself. */
static struct spec error_of(enum direction direction, enum family family, uint8_t type,
			    const struct spec *quote)
{
	return (struct spec){.src = direction == INBOUND ? office[family] : host[family],
			     .dst = direction == INBOUND ? host[family] : stranger[family],
			     .protocol = IPPROTO_ICMP,
			     .type = type,
			     .quote = quote};
}

static uint8_t unreachable(enum family family)
{
	return family == V4 ? 3 : 1;
}

static void test_quotes(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < COUNT(quotes) * 4; i++) {
		const struct quoted *quoted = &quotes[i / 4];
		enum direction direction = directions[i % 2];
		enum family family = i / 2 % 2;
		struct spec quote = quote_of(direction, family, quoted);
		struct spec error = error_of(direction, family, unreachable(family), &quote);

		packet_build(&frame, &error);
		assert_true(frame_checksums_are_right(&frame));
		expect_counter(*state, direction, &frame,
			       quoted->is_ours ? (uint32_t)COUNTER_ICMP : (uint32_t)REASON_ICMP_QUOTE,
			       "about %s, %s", quoted->what, quote.src);
	}
}

/* Too big, time exceeded and the rest alike; a quote that is not ours never. */
static void test_kinds(void **state)
{
	static const uint8_t types[N_FAMILIES][4] = {{3, 11, 12, 3}, {1, 2, 3, 4}};
	struct frame frame;

	for (unsigned i = 0; i < 4 * 4; i++) {
		enum direction direction = directions[i % 2];
		enum family family = i / 2 % 2;
		struct spec quote = quote_of(direction, family, &quotes[0]), other = quote;
		struct spec error = error_of(direction, family, types[family][i / 4], &quote);

		error.code = family == V4 && i / 4 == 3 ? 4 : 0; /* fragmentation needed */
		packet_build(&frame, &error);
		expect_counter(*state, direction, &frame, COUNTER_ICMP, "type %u", error.type);
		*(direction == INBOUND ? &other.src_port : &other.dst_port) = 444;
		error.quote = &other;
		packet_build(&frame, &error);
		expect_counter(*state, direction, &frame, REASON_ICMP_QUOTE, "type %u", error.type);
	}
}

/* The connection's addresses and ports, one bit away: of the quote, then of whom the error is for. */
static void test_one_bit_away(void **state)
{
	struct frame whole, frame;

	for (unsigned i = 0; i < 4; i++) {
		enum direction direction = directions[i % 2];
		enum family family = i / 2;
		struct spec quote = quote_of(direction, family, &quotes[2]);
		struct spec error = error_of(direction, family, unreachable(family), &quote);
		uint32_t addresses = family == V4 ? 8 : 32, at;

		packet_build(&whole, &error);
		at = whole.transport + 8 + (family == V4 ? 12 : 8);
		for (uint32_t bit = 0; bit < (addresses + 4) * 8; bit++) {
			frame = whole;
			frame_flip(&frame, at + bit / 8, bit % 8);
			expect_counter(*state, direction, &frame, REASON_ICMP_QUOTE, "bit %u of the quote",
				       bit);
		}
		at = whole.transport - (direction == INBOUND ? addresses / 2 : addresses);
		for (uint32_t bit = 0; bit < addresses / 2 * 8; bit++) {
			frame = whole;
			frame_flip(&frame, at + bit / 8, bit % 8);
			expect_counter(*state, direction, &frame, REASON_ICMP_QUOTE, "bit %u of our address",
				       bit);
		}
	}
}

/* Where the quote travelled the other way, it is no answer to it. */
static void test_wrong_way(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < 4; i++) {
		enum direction direction = directions[i % 2];
		enum family family = i / 2;
		struct spec quote = quote_of(1 - direction, family, &quotes[0]);
		struct spec error = error_of(direction, family, unreachable(family), &quote);

		packet_build(&frame, &error);
		expect_counter(*state, direction, &frame, REASON_ICMP_QUOTE,
			       "about a packet of the same way");
	}
}

/* At least the ports must be there (RFC 792: 8 bytes of the transport header), inside the IP packet. */
static void test_short_quotes(void **state)
{
	struct frame whole, frame;

	for (unsigned i = 0; i < 4; i++) {
		enum direction direction = directions[i % 2];
		enum family family = i / 2;
		struct spec quote = quote_of(direction, family, &quotes[0]);
		struct spec error = error_of(direction, family, unreachable(family), &quote);
		uint32_t ports_end, quote_begin;

		packet_build(&whole, &error);
		quote_begin = whole.transport + 8;
		ports_end = quote_begin + (family == V4 ? 20 : 40) + 4;
		for (uint32_t length = quote_begin; length <= whole.length; length++) {
			uint32_t counter = length < ports_end ? (uint32_t)REASON_ICMP_QUOTE : COUNTER_ICMP;

			frame = whole;
			frame_cut_packet(&frame, length);
			expect_counter(*state, direction, &frame, counter, "%u bytes of the quote",
				       length - quote_begin);
		}
	}
}

/* What lies behind the IP packet, Ethernet's padding, is no quote. */
static void test_quote_in_padding(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < 4; i++) {
		enum direction direction = directions[i % 2];
		enum family family = i / 2;
		struct spec quote = quote_of(direction, family, &quotes[0]);
		struct spec error = error_of(direction, family, unreachable(family), &quote);
		uint32_t length;

		packet_build(&frame, &error);
		length = frame.length;
		frame_cut_packet(&frame, frame.transport + 8);
		frame.length = length;
		expect_counter(*state, direction, &frame, REASON_ICMP_QUOTE, "quote in the padding");
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quotes),       cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_one_bit_away), cmocka_unit_test(test_wrong_way),
		cmocka_unit_test(test_short_quotes), cmocka_unit_test(test_quote_in_padding),
	};

	return prog_main(tests, COUNT(tests), setup, prog_teardown);
}
