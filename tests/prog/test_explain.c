// SPDX-License-Identifier: GPL-2.0-only
/* Explaining a packet gives the verdict that it gets, and leaves nothing behind: no count, no flow, no log.
 */
#include <string.h>

#include "state.h"

struct explain_case {
	enum direction direction;
	uint8_t protocol, flags;
	uint16_t local_port, peer_port;
	uint32_t counter;
};

static const struct explain_case cases[] = {
	{INBOUND, IPPROTO_TCP, SYN, 443, CLIENT_PORT, COUNTER_SERVICES + HTTPS},
	{INBOUND, IPPROTO_TCP, SYN, 445, CLIENT_PORT, REASON_PORT},
	{INBOUND, IPPROTO_TCP, SYN, 9000, CLIENT_PORT, REASON_PEER},
	{INBOUND, IPPROTO_TCP, SYN | FIN, 443, CLIENT_PORT, REASON_TCP_FLAGS},
	{INBOUND, IPPROTO_TCP, SYN, 443, 0, REASON_PORT_ZERO},
	{INBOUND, IPPROTO_TCP, SYN, 3000, CLIENT_PORT, REASON_NO_PINHOLE},
	{INBOUND, IPPROTO_TCP, SYN, PINHOLE_PORT, CLIENT_PORT, COUNTER_SERVICES + DATA},
	{INBOUND, IPPROTO_TCP, ACK, DATA_PORT, CLIENT_PORT, COUNTER_SERVICES + DATA},
	{INBOUND, IPPROTO_TCP, ACK, OUT_PORT, 8443, COUNTER_SERVICES + WEB},
	{INBOUND, IPPROTO_TCP, ACK, OUT_PORT, 8442, REASON_NO_FLOW},
	{INBOUND, IPPROTO_UDP, 0, 514, CLIENT_PORT, COUNTER_SERVICES + LOGS},
	{INBOUND, IPPROTO_UDP, 0, 515, CLIENT_PORT, REASON_PORT},
	{INBOUND, IPPROTO_UDP, 0, OUT_PORT, 1812, COUNTER_SERVICES + RADIUS},
	{INBOUND, 47, 0, 0, 0, REASON_PROTOCOL},
	{INBOUND, IPPROTO_ICMP, 0, 0, 0, REASON_ICMP_TYPE},
	{OUTBOUND, IPPROTO_TCP, SYN, OUT_PORT + 1, 8443, COUNTER_SERVICES + WEB},
	{OUTBOUND, IPPROTO_TCP, SYN, OUT_PORT + 1, 8444, REASON_PORT},
	{OUTBOUND, IPPROTO_TCP, SYN, OUT_PORT + 1, 25, REASON_PEER},
	{OUTBOUND, IPPROTO_TCP, SYN | ACK, 443, CLIENT_PORT, COUNTER_SERVICES + HTTPS},
	{OUTBOUND, IPPROTO_TCP, SYN | ACK, PINHOLE_PORT, CLIENT_PORT, COUNTER_SERVICES + DATA},
	{OUTBOUND, IPPROTO_TCP, ACK, DATA_PORT, CLIENT_PORT, COUNTER_SERVICES + DATA},
	{OUTBOUND, IPPROTO_TCP, ACK, OUT_PORT, 8443, COUNTER_SERVICES + WEB},
	{OUTBOUND, IPPROTO_UDP, 0, OUT_PORT + 1, 1812, COUNTER_SERVICES + RADIUS},
	{OUTBOUND, IPPROTO_UDP, 0, OUT_PORT, 1812, COUNTER_SERVICES + RADIUS},
	{OUTBOUND, IPPROTO_UDP, 0, OUT_PORT, 1813, REASON_PORT},
	{OUTBOUND, IPPROTO_UDP, 0, 514, CLIENT_PORT, COUNTER_SERVICES + LOGS},
	{OUTBOUND, IPPROTO_TCP, ACK, 21, CLIENT_PORT, COUNTER_SERVICES + CONTROL},
	{OUTBOUND, IPPROTO_TCP, FIN | ACK, DATA_PORT, CLIENT_PORT, COUNTER_SERVICES + DATA},
};

static struct spec spec_of(const struct explain_case *c, enum family family)
{
	bool in = c->direction == INBOUND;
	struct spec spec = {.src = in ? stranger[family] : host[family],
			    .dst = in ? host[family] : stranger[family],
			    .protocol = c->protocol,
			    .src_port = in ? c->peer_port : c->local_port,
			    .dst_port = in ? c->local_port : c->peer_port,
			    .tcp_flags = c->flags,
			    .type = 13,
			    .data = 8};

	return spec;
}

static void build(struct frame *frame, const struct explain_case *c, enum family family)
{
	struct spec spec = spec_of(c, family);

	packet_build(frame, &spec);
}

static int setup(void **state)
{
	prog_reset(state);
	state_fill(*state);
	return 0;
}

/* All that explain could leave behind, seen before and after. */
struct traces {
	struct counts counts;
	struct event_heads heads;
	struct snapshot *snapshot;
};

static struct traces traces_of(const struct prog *prog)
{
	struct traces traces = {.heads = state_heads(prog), .snapshot = state_snapshot(prog)};

	prog_counts(prog, &traces.counts);
	return traces;
}

static void expect_no_traces(const struct prog *prog, struct traces *before)
{
	struct traces after = traces_of(prog);
	const char *changed = state_difference(before->snapshot, after.snapshot);

	if (changed)
		print_error("map `%s` changed\n", changed);
	assert_null(changed);
	assert_memory_equal(&before->counts, &after.counts, sizeof(after.counts));
	assert_memory_equal(&before->heads, &after.heads, sizeof(after.heads));
	state_snapshot_free(before->snapshot);
	state_snapshot_free(after.snapshot);
}

static void test_no_traces(void **state)
{
	struct traces before = traces_of(*state);
	struct frame frame;

	state_reset_reports(*state);
	for (unsigned i = 0; i < COUNT(cases) * N_FAMILIES; i++) {
		const struct explain_case *c = &cases[i / N_FAMILIES];

		build(&frame, c, i % N_FAMILIES);
		assert_int_equal(prog_explain(*state, c->direction, &frame), c->counter);
	}
	expect_no_traces(*state, &before);
}

/* Explained first, then run: the same. */
static void test_same_verdict(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < COUNT(cases) * N_FAMILIES; i++) {
		build(&frame, &cases[i / N_FAMILIES], i % N_FAMILIES);
		expect_counter(*state, cases[i / N_FAMILIES].direction, &frame, cases[i / N_FAMILIES].counter,
			       "case %u", i / N_FAMILIES);
	}
}

/* A policy that is only asked about judges the flows of the one in force without claiming them. */
static void test_other_generation(void **state)
{
	static const struct explain_case flows[] = {
		{INBOUND, IPPROTO_TCP, ACK, OUT_PORT, 8443, COUNTER_SERVICES + WEB},
		{OUTBOUND, IPPROTO_TCP, ACK, OUT_PORT, 8443, COUNTER_SERVICES + WEB},
		{INBOUND, IPPROTO_UDP, 0, OUT_PORT, 1812, COUNTER_SERVICES + RADIUS},
		{OUTBOUND, IPPROTO_UDP, 0, OUT_PORT, 1812, COUNTER_SERVICES + RADIUS},
		{INBOUND, IPPROTO_TCP, ACK, DATA_PORT, CLIENT_PORT, COUNTER_SERVICES + DATA},
		{OUTBOUND, IPPROTO_TCP, ACK, DATA_PORT, CLIENT_PORT, COUNTER_SERVICES + DATA},
	};
	struct prog *asked = prog_next(*state);
	struct traces before;
	struct frame frame;

	/* Where the kernel is emulated, loading can take longer than a flow of UDP lives. */
	setup(state);
	before = traces_of(*state);
	prog_fill_policy(asked);
	for (unsigned i = 0; i < COUNT(flows) * N_FAMILIES; i++) {
		build(&frame, &flows[i / N_FAMILIES], i % N_FAMILIES);
		assert_int_equal(prog_explain(asked, flows[i / N_FAMILIES].direction, &frame),
				 flows[i / N_FAMILIES].counter);
	}
	expect_no_traces(*state, &before);
}

/* The link's frames, and those that cannot be parsed. */
static void test_no_packets(void **state)
{
	struct traces before = traces_of(*state);
	struct frame frame;

	for (enum direction direction = INBOUND; direction <= OUTBOUND; direction++) {
		frame_build_link(&frame, 0x0806, 0);
		assert_int_equal(prog_explain(*state, direction, &frame), COUNTER_LINK);
		frame_build_link(&frame, 0x0806, 3);
		assert_int_equal(prog_explain(*state, direction, &frame), REASON_VLAN);
		frame_build_link(&frame, 0x88cc, 0);
		assert_int_equal(prog_explain(*state, direction, &frame), REASON_ETHERTYPE);
		frame_build_link(&frame, 0x0800, 0);
		assert_int_equal(prog_explain(*state, direction, &frame), REASON_IP_HEADER);
		frame.length = 20;
		assert_int_equal(prog_explain(*state, direction, &frame), REASON_TRUNCATED);
	}
	expect_no_traces(*state, &before);
}

/* Of datagrams and segments in pieces. */
static void test_fragments(void **state)
{
	static const struct {
		struct explain_case c;
		uint16_t offset;
		bool more;
	} fragments[] = {
		{{INBOUND, IPPROTO_UDP, 0, 514, CLIENT_PORT, COUNTER_SERVICES + LOGS}, 0, true},
		{{INBOUND, IPPROTO_UDP, 0, 514, CLIENT_PORT, REASON_FRAGMENT}, 1, true},
		{{INBOUND, IPPROTO_UDP, 0, 1, 1, COUNTER_FRAGMENTS}, 185, false},
		{{INBOUND, IPPROTO_TCP, SYN, 443, CLIENT_PORT, REASON_FRAGMENT}, 185, true},
		{{OUTBOUND, IPPROTO_UDP, 0, OUT_PORT + 2, 1812, COUNTER_SERVICES + RADIUS}, 0, true},
		{{OUTBOUND, IPPROTO_UDP, 0, 1, 1, COUNTER_FRAGMENTS}, 185, true},
	};
	struct traces before = traces_of(*state);
	struct frame frame;

	for (unsigned i = 0; i < COUNT(fragments) * N_FAMILIES; i++) {
		const struct explain_case *c = &fragments[i / N_FAMILIES].c;
		struct spec spec = spec_of(c, i % N_FAMILIES);

		spec_fragment(&spec, fragments[i / N_FAMILIES].offset, fragments[i / N_FAMILIES].more);
		packet_build(&frame, &spec);
		assert_int_equal(prog_explain(*state, c->direction, &frame), c->counter);
	}
	expect_no_traces(*state, &before);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_no_traces, setup),
		cmocka_unit_test_setup(test_same_verdict, setup),
		cmocka_unit_test_setup(test_other_generation, setup),
		cmocka_unit_test_setup(test_fragments, setup),
		cmocka_unit_test_setup(test_no_packets, setup),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
