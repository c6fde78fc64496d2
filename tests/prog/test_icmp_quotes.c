// SPDX-License-Identifier: GPL-2.0-only
/* The forms of the packet that an ICMP error quotes: with options and extension headers, and fragments. A
 * quote that cannot be judged by its ports is none of ours. */
#include <string.h>

#include "prog.h"

static const enum direction directions[] = {INBOUND, OUTBOUND};

/* A reply of a service, or inbound a request to it; `i` counts directions and transports. */
static struct spec quote_of(unsigned i, enum family family)
{
	bool left = directions[i % 2] == INBOUND;
	bool is_tcp = i / 2 % 2;
	uint16_t port = is_tcp ? 443 : 514;

	return (struct spec){.src = left ? host[family] : stranger[family],
			     .dst = left ? stranger[family] : host[family],
			     .protocol = is_tcp ? IPPROTO_TCP : IPPROTO_UDP,
			     .src_port = left ? port : 40000,
			     .dst_port = left ? 40000 : port,
			     .tcp_flags = ACK,
			     .data = 16};
}

static struct frame error_about(unsigned i, const struct spec *quote)
{
	enum family family = text_is_ipv4(quote->src) ? V4 : V6;
	bool in = directions[i % 2] == INBOUND;
	struct spec error = {.src = in ? office[family] : host[family],
			     .dst = in ? host[family] : stranger[family],
			     .protocol = IPPROTO_ICMP,
			     .type = family == V4 ? 3 : 1,
			     .quote = quote};
	struct frame frame;

	packet_build(&frame, &error);
	return frame;
}

static void expect_quote(const struct prog *prog, unsigned i, const struct frame *frame, bool is_ours,
			 const char *what)
{
	expect_counter(prog, directions[i % 2], frame,
		       is_ours ? (uint32_t)COUNTER_ICMP : (uint32_t)REASON_ICMP_QUOTE, "%s, form %u", what,
		       i);
}

static void test_ipv4_headers(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		struct spec quote = quote_of(i, V4);
		struct frame frame = error_about(i, &quote);

		expect_quote(*state, i, &frame, true, "as it is");
		frame.bytes[frame.transport + 8] = 0x65;
		expect_quote(*state, i, &frame, false, "version 6");
		frame.bytes[frame.transport + 8] = 0x44;
		expect_quote(*state, i, &frame, false, "a header of four words");
		quote.option_words = 10;
		frame = error_about(i, &quote);
		expect_quote(*state, i, &frame, true, "options");
	}
}

static void test_fragments(void **state)
{
	static const struct {
		uint16_t offset;
		bool more, is_ours;
	} cases[] = {{0, true, true},  {0, false, true},   {1, true, false},    {1, false, false},
		     {2, true, false}, {185, true, false}, {185, false, false}, {0x1fff, false, false}};

	for (unsigned i = 0; i < COUNT(cases) * 4 * N_FAMILIES; i++) {
		struct spec quote = quote_of(i, i / 4 % N_FAMILIES);
		struct frame frame;

		spec_fragment(&quote, cases[i / 8].offset, cases[i / 8].more);
		frame = error_about(i, &quote);
		expect_quote(*state, i, &frame, cases[i / 8].is_ours, "fragment");
		*(i % 2 ? &quote.dst_port : &quote.src_port) = 442;
		frame = error_about(i, &quote);
		expect_quote(*state, i, &frame, false, "fragment, closed port");
	}
}

static const struct {
	uint8_t n;
	uint8_t headers[EXTENSIONS_MAX];
	bool is_ours;
} chains[] = {
	{1, {IPPROTO_FRAGMENT}, true},
	/* this host sends none of these */
	{1, {IPPROTO_HOPOPTS}, false},
	{1, {IPPROTO_ROUTING}, false},
	{1, {IPPROTO_DSTOPTS}, false},
	{1, {IPPROTO_AH}, false},
	{2, {IPPROTO_DSTOPTS, IPPROTO_FRAGMENT}, false},
	{2, {IPPROTO_DSTOPTS, IPPROTO_HOPOPTS}, false},
	{2, {IPPROTO_FRAGMENT, IPPROTO_DSTOPTS}, false},
	{2, {IPPROTO_FRAGMENT, IPPROTO_FRAGMENT}, false},
	{1, {IPPROTO_NONE}, false},
	{1, {IPPROTO_ESP}, false},
};

static void test_extensions(void **state)
{
	for (unsigned i = 0; i < COUNT(chains) * 4; i++) {
		struct spec quote = quote_of(i, V6);
		struct frame frame;

		memcpy(quote.extensions, chains[i / 4].headers, sizeof(quote.extensions));
		quote.n_extensions = chains[i / 4].n;
		frame = error_about(i, &quote);
		expect_quote(*state, i, &frame, chains[i / 4].is_ours, "chain");
		*(i % 2 ? &quote.dst_port : &quote.src_port) = 442;
		frame = error_about(i, &quote);
		expect_quote(*state, i, &frame, false, "chain, closed port");
	}
}

/* However much of the headers is quoted, without the ports it is not enough; behind the packet lies nothing.
 */
static void test_short(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		struct spec quote = quote_of(i, V6);
		struct frame whole, frame;
		uint32_t begin, ports_end;

		spec_fragment(&quote, 0, true);
		whole = error_about(i, &quote);
		begin = whole.transport + 8;
		ports_end = begin + 40 + 8 + 4;
		for (uint32_t length = begin; length <= whole.length; length++) {
			frame = whole;
			frame_cut_packet(&frame, length);
			expect_quote(*state, i, &frame, length >= ports_end, "cut");
			frame.length = whole.length;
			expect_quote(*state, i, &frame, length >= ports_end, "cut, the rest as padding");
		}
	}
}

/* Errors in pieces are judged by nobody; behind extension headers they are errors as others. */
static void test_error_itself(void **state)
{
	struct spec quote = quote_of(0, V6), error = {.src = office[V6],
						      .dst = host[V6],
						      .protocol = IPPROTO_ICMP,
						      .type = 2,
						      .quote = &quote};
	struct frame frame;

	error.n_extensions = 2;
	error.extensions[0] = IPPROTO_HOPOPTS;
	error.extensions[1] = IPPROTO_DSTOPTS;
	packet_build(&frame, &error);
	expect_quote(*state, 0, &frame, true, "behind extension headers");
	spec_fragment(&error, 0, false);
	packet_build(&frame, &error);
	expect_counter(*state, INBOUND, &frame, REASON_FRAGMENT, "atomic fragment");
	for (unsigned i = 0; i < 4 * N_FAMILIES; i++) {
		quote = quote_of(0, i / 4);
		error = (struct spec){.src = office[i / 4],
				      .dst = host[i / 4],
				      .protocol = IPPROTO_ICMP,
				      .type = i / 4 == V4 ? 3 : 2,
				      .quote = &quote};
		spec_fragment(&error, (uint16_t[]){0, 1, 185, 185}[i % 4], i % 4 != 3);
		packet_build(&frame, &error);
		expect_counter(*state, INBOUND, &frame, REASON_FRAGMENT, "fragment %u", i);
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4_headers), cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_extensions),   cmocka_unit_test(test_short),
		cmocka_unit_test(test_error_itself),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
