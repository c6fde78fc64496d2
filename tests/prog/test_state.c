// SPDX-License-Identifier: GPL-2.0-only
/* No packet from the network creates, changes or removes state: 100,000 random and mutated ones leave every
 * map but the counters and the log of denials as it was, byte for byte. */
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "state.h"

enum { FRAMES = 100000, SEED = 20240607 };

/* xorshift64: the same frames in every run. */
static uint32_t draw(uint64_t *random, uint32_t below)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (uint32_t)(*random >> 32) % below;
}

/* With a flow that the policy cuts, and a pinhole at any address. */
static int setup(void **state)
{
	struct flow old = state_live_flow(WEB);

	prog_reset(state);
	state_fill(*state);
	old.generation = GENERATION - 1;
	for (enum family family = V4; family <= V6; family++) {
		struct flow_key key =
			state_flow_key(IPPROTO_TCP, host[family], OUT_PORT, stranger[family], 8444);

		state_put_flow(*state, "flows", &key, &old);
		state_put_pinhole(*state, stranger[family], NULL, PASSIVE_FIRST, 21);
	}
	return 0;
}

static const struct spec inbound[] = {
	{.protocol = IPPROTO_TCP, .src_port = CLIENT_PORT, .dst_port = 443, .data = 4},
	{.protocol = IPPROTO_TCP, .src_port = CLIENT_PORT, .dst_port = 21, .tcp_flags = ACK, .data = 9},
	{.protocol = IPPROTO_TCP, .src_port = CLIENT_PORT, .dst_port = 445},
	{.protocol = IPPROTO_UDP, .src_port = CLIENT_PORT, .dst_port = 514, .data = 30},
	{.protocol = IPPROTO_UDP, .src_port = CLIENT_PORT, .dst_port = 123, .data = 48},
	{.protocol = IPPROTO_TCP, .src_port = CLIENT_PORT, .dst_port = PINHOLE_PORT},
	{.protocol = IPPROTO_TCP,
	 .src_port = CLIENT_PORT,
	 .dst_port = PINHOLE_PORT,
	 .tcp_flags = ACK,
	 .data = 7},
	{.protocol = IPPROTO_TCP, .src_port = CLIENT_PORT, .dst_port = PASSIVE_FIRST},
	{.protocol = IPPROTO_TCP, .src_port = CLIENT_PORT, .dst_port = PASSIVE_FIRST, .tcp_flags = RST},
	{.protocol = IPPROTO_TCP,
	 .src_port = CLIENT_PORT,
	 .dst_port = DATA_PORT,
	 .tcp_flags = ACK,
	 .data = 70},
	{.protocol = IPPROTO_TCP, .src_port = CLIENT_PORT, .dst_port = DATA_PORT, .tcp_flags = FIN | ACK},
	{.protocol = IPPROTO_TCP, .src_port = CLIENT_PORT, .dst_port = DATA_PORT, .tcp_flags = RST | ACK},
	{.protocol = IPPROTO_TCP, .src_port = 8443, .dst_port = OUT_PORT, .tcp_flags = SYN | ACK},
	{.protocol = IPPROTO_TCP, .src_port = 8443, .dst_port = OUT_PORT, .tcp_flags = RST | ACK},
	{.protocol = IPPROTO_TCP, .src_port = 8444, .dst_port = OUT_PORT, .tcp_flags = ACK},
	{.protocol = IPPROTO_UDP, .src_port = 1812, .dst_port = OUT_PORT, .data = 20},
	{.protocol = IPPROTO_UDP,
	 .src_port = CLIENT_PORT,
	 .dst_port = 514,
	 .more_fragments = true,
	 .data = 24},
	{.protocol = IPPROTO_UDP, .fragment_offset = 185, .more_fragments = true, .data = 24},
	{.protocol = IPPROTO_UDP, .fragment_offset = 1, .data = 24},
	{.protocol = IPPROTO_TCP, .fragment_offset = 185, .data = 24},
	{.protocol = IPPROTO_TCP,
	 .src_port = CLIENT_PORT,
	 .dst_port = DATA_PORT,
	 .tcp_flags = FIN | ACK,
	 .extensions = {IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_ROUTING, IPPROTO_AH},
	 .n_extensions = 4},
	{.protocol = IPPROTO_ICMP, .type = 135, .hop_limit = 255, .data = 16},
	{.protocol = IPPROTO_ICMP, .type = 8, .data = 56},
};

static const struct spec quoted[] = {
	{.protocol = IPPROTO_TCP, .src_port = OUT_PORT, .dst_port = 8443, .tcp_flags = ACK},
	{.protocol = IPPROTO_UDP, .src_port = OUT_PORT, .dst_port = 1812},
	{.protocol = IPPROTO_TCP, .src_port = DATA_PORT, .dst_port = CLIENT_PORT, .tcp_flags = ACK},
	{.protocol = IPPROTO_TCP, .src_port = PINHOLE_PORT, .dst_port = CLIENT_PORT, .tcp_flags = SYN | ACK},
};

enum { N_TEMPLATES = (COUNT(inbound) + COUNT(quoted)) * N_FAMILIES };

static void build_template(struct frame *frame, unsigned i)
{
	enum family family = i % N_FAMILIES;
	unsigned n = i / N_FAMILIES;
	struct spec quote = quoted[n < COUNT(inbound) ? 0 : n - COUNT(inbound)];
	struct spec spec = {.protocol = IPPROTO_ICMP, .type = family == V4 ? 3 : 1, .quote = &quote};

	if (n < COUNT(inbound))
		spec = inbound[n];
	if (spec.more_fragments || spec.fragment_offset)
		spec.extensions[spec.n_extensions++] = IPPROTO_FRAGMENT;
	quote.src = spec.dst = host[family];
	quote.dst = spec.src = stranger[family];
	packet_build(frame, &spec);
}

/* Some bits turned, some bytes replaced, cut off or added; sometimes nothing but noise, sometimes nothing. */
static void mutate(struct frame *frame, uint64_t *random)
{
	uint32_t kind = draw(random, 8);

	for (uint32_t i = kind < 4 ? draw(random, 4) : 0; i; i--)
		frame_flip(frame, draw(random, frame->length), draw(random, 8));
	if (kind == 4)
		frame->bytes[12 + draw(random, frame->length - 12)] = (uint8_t)draw(random, 256);
	if (kind == 5)
		frame->length = 14 + draw(random, frame->length - 14);
	if (kind == 6)
		frame->length += draw(random, 200);
	if (kind == 7 && draw(random, 4) == 0)
		for (uint32_t i = draw(random, 2) ? 0 : 14; i < frame->length; i++)
			frame->bytes[i] = (uint8_t)draw(random, 256);
	if (kind == 1 && draw(random, 4) == 0)
		frame_add_tag(frame, 0x8100, (uint16_t)draw(random, 4096));
}

/* That the frames went everywhere, not just to one early denial. */
static void expect_variety(const struct counts *before, const struct counts *after)
{
	uint64_t total = 0, admitted = 0;
	unsigned kinds = 0;

	for (uint32_t i = 0; i < COUNTERS_SEEN; i++) {
		uint64_t n = after->values[INBOUND][i].packets - before->values[INBOUND][i].packets;

		total += n;
		admitted += i >= COUNTER_LINK ? n : 0;
		kinds += n > 0;
		assert_int_equal(after->values[OUTBOUND][i].packets, before->values[OUTBOUND][i].packets);
	}
	assert_int_equal(total, FRAMES);
	assert_in_range(admitted, FRAMES / 10, FRAMES * 9 / 10);
	assert_in_range(kinds, 20, COUNTERS_SEEN);
	assert_int_equal(after->values[INBOUND][REASON_INTERNAL].packets, 0);
	assert_true(after->values[INBOUND][REASON_CUT].packets > 0);
	assert_true(after->values[INBOUND][REASON_EXTENSION].packets > 0);
	assert_true(after->values[INBOUND][REASON_FRAGMENT].packets > 0);
	assert_true(after->values[INBOUND][COUNTER_FRAGMENTS].packets > 0);
}

static void test_network_creates_nothing(void **state)
{
	struct snapshot *before = state_snapshot(*state), *after;
	struct counts first, last;
	uint64_t random = SEED;
	struct frame frame;
	const char *changed;

	prog_counts(*state, &first);
	for (unsigned i = 0; i < FRAMES; i++) {
		build_template(&frame, draw(&random, N_TEMPLATES));
		mutate(&frame, &random);
		prog_run(*state, INBOUND, &frame);
	}
	prog_counts(*state, &last);
	after = state_snapshot(*state);
	changed = state_difference(before, after);
	if (changed)
		print_error("map `%s` changed\n", changed);
	assert_null(changed);
	expect_variety(&first, &last);
	state_snapshot_free(before);
	state_snapshot_free(after);
}

/* That the comparison sees what it is to see. */
static void test_comparison(void **state)
{
	struct flow_key key = state_flow_key(IPPROTO_TCP, host[V4], OUT_PORT, stranger[V4], 8443);
	struct snapshot *before = state_snapshot(*state), *after;
	struct flow flow;

	assert_true(state_get_flow(*state, "flows", &key, &flow));
	flow.seen_ns++;
	state_put_flow(*state, "flows", &key, &flow);
	after = state_snapshot(*state);
	assert_string_equal(state_difference(before, after), "flows");
	state_snapshot_free(before);
	before = after;
	state_put_pinhole(*state, stranger[V4], host[V4], 3001, 21);
	after = state_snapshot(*state);
	assert_string_equal(state_difference(before, after), "pinholes");
	state_snapshot_free(before);
	before = after;
	state_put_fragment_peer(*state, stranger[V4], 0);
	after = state_snapshot(*state);
	assert_string_equal(state_difference(before, after), "fragment_peers");
	state_snapshot_free(before);
	before = after;
	assert_return_code(bpf_map_delete_elem(prog_map(*state, "flow_sockets"), &(uint64_t){OUT_PORT}),
			   errno);
	after = state_snapshot(*state);
	assert_string_equal(state_difference(before, after), "flow_sockets");
	state_snapshot_free(before);
	state_snapshot_free(after);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_network_creates_nothing, setup),
		cmocka_unit_test_setup(test_comparison, setup),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
