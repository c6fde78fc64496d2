// SPDX-License-Identifier: GPL-2.0-only
/* Later fragments of datagrams pass to and from those that this host has lately sent UDP to, which nothing
 * but its own sending makes them. */
#include "state.h"

static struct spec later(enum direction direction, enum family family, uint8_t protocol)
{
	bool in = direction == INBOUND;
	struct spec spec = {.src = in ? relay[family] : host[family],
			    .dst = in ? host[family] : relay[family],
			    .protocol = protocol,
			    .src_port = 1, /* where a first fragment has its ports */
			    .dst_port = 1,
			    .data = 40};

	spec_fragment(&spec, 185, false);
	return spec;
}

static void expect_spec(const struct prog *prog, enum direction direction, struct spec spec, uint32_t counter,
			const char *what)
{
	struct frame frame;

	packet_build(&frame, &spec);
	expect_counter(prog, direction, &frame, counter, "%s, %s to %s", what, spec.src, spec.dst);
}

/* Whether later fragments pass between this host and `relay`. */
static void expect_later(const struct prog *prog, enum family family, bool pass, const char *what)
{
	uint32_t counter = pass ? (uint32_t)COUNTER_FRAGMENTS : (uint32_t)REASON_FRAGMENT;

	expect_spec(prog, INBOUND, later(INBOUND, family, IPPROTO_UDP), counter, what);
	expect_spec(prog, OUTBOUND, later(OUTBOUND, family, IPPROTO_UDP), counter, what);
}

static void test_offsets(void **state)
{
	for (unsigned i = 0; i < 8; i++) {
		enum direction direction = i % 2;
		enum family family = i / 2 % 2;
		bool more = i / 4;

		state_put_fragment_peer(*state, relay[family], SECOND_NS);
		for (uint16_t bit = 0; bit < 13; bit++) {
			struct spec spec = later(direction, family, IPPROTO_UDP);

			spec.more_fragments = more;
			spec.fragment_offset = (uint16_t)(1u << bit);
			expect_spec(*state, direction, spec,
				    bit ? (uint32_t)COUNTER_FRAGMENTS : (uint32_t)REASON_FRAGMENT, "offset");
		}
	}
}

static void test_other_protocols(void **state)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_ICMP, 47, 132, IPPROTO_FRAGMENT};

	for (unsigned i = 0; i < COUNT(protocols) * 4; i++) {
		state_put_fragment_peer(*state, relay[i / 2 % 2], SECOND_NS);
		expect_spec(*state, i % 2, later(i % 2, i / 2 % 2, protocols[i / 4]), REASON_FRAGMENT,
			    "not UDP");
	}
}

/* One bit away from the peer is another one; which of our addresses it is with does not matter. */
static void test_peer(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < 4; i++) {
		enum direction direction = i % 2;
		enum family family = i / 2;
		uint32_t bytes = family == V4 ? 4 : 16, at;
		struct spec spec = later(direction, family, IPPROTO_UDP);

		state_put_fragment_peer(*state, relay[family], SECOND_NS);
		packet_build(&frame, &spec);
		at = frame.ip + (family == V4 ? 12 : 8) + (direction == INBOUND ? 0 : bytes);
		for (uint32_t bit = 0; bit < bytes * 8; bit++) {
			frame_flip(&frame, at + bit / 8, bit % 8);
			expect_counter(*state, direction, &frame, REASON_FRAGMENT, "bit %u of the peer", bit);
			frame_flip(&frame, at + bit / 8, bit % 8);
		}
		*(direction == INBOUND ? &spec.dst : &spec.src) = host_too[family];
		expect_spec(*state, direction, spec, COUNTER_FRAGMENTS, "another address of ours");
	}
}

/* Nobody sends from these, entry or not. */
static void test_denied_sources(void **state)
{
	static const char *const sources[] = {"127.0.0.1", "224.0.0.1", "::1", "::", "::ffff:10.20.0.25"};

	for (unsigned i = 0; i < COUNT(sources); i++) {
		enum family family = text_is_ipv4(sources[i]) ? V4 : V6;
		struct spec spec = later(INBOUND, family, IPPROTO_UDP);

		state_put_fragment_peer(*state, sources[i], SECOND_NS);
		spec.src = sources[i];
		expect_spec(*state, INBOUND, spec, REASON_SOURCE, "denied source");
	}
}

/* In time or too late; what passes does not make it last longer. */
static void test_time(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		uint64_t seen;

		expect_later(*state, family, false, "no entry");
		state_put_fragment_peer(*state, relay[family], (UDP_TIMEOUT_S - 5) * SECOND_NS);
		seen = state_fragment_peer_seen(*state, relay[family]);
		expect_later(*state, family, true, "in time");
		assert_int_equal(state_fragment_peer_seen(*state, relay[family]), seen);
		state_put_fragment_peer(*state, relay[family], UDP_TIMEOUT_S * SECOND_NS + 1);
		expect_later(*state, family, false, "too late");
	}
}

static struct spec sent(enum family family, uint8_t protocol, const char *peer, uint16_t port)
{
	return (struct spec){.src = host[family],
			     .dst = peer,
			     .protocol = protocol,
			     .src_port = 50000,
			     .dst_port = port,
			     .data = 24};
}

/* Whole, or in fragments: the first one that leaves is what it takes. */
static void test_sent(void **state)
{
	for (unsigned i = 0; i < 2 * N_FAMILIES; i++) {
		struct prog *prog = *state;
		enum family family = i % 2;
		struct spec spec = sent(family, IPPROTO_UDP, relay[family], 53);
		uint64_t began = state_now();

		prog_reset(state);
		if (i / 2)
			spec_fragment(&spec, 0, true);
		expect_later(prog, family, false, "before");
		expect_spec(prog, OUTBOUND, spec, COUNTER_SERVICES + DNS, "sent");
		assert_in_range(state_fragment_peer_seen(prog, relay[family]), began, state_now());
		assert_int_equal(state_n_entries(prog, "fragment_peers"), 1);
		expect_later(prog, family, true, "after");
		/* Sending on keeps it. */
		state_put_fragment_peer(prog, relay[family], (UDP_TIMEOUT_S - 5) * SECOND_NS);
		expect_spec(prog, OUTBOUND, spec, COUNTER_SERVICES + DNS, "sent again");
		assert_in_range(state_fragment_peer_seen(prog, relay[family]), began, state_now());
	}
}

static void test_not_sent(void **state)
{
	struct frame frame;

	for (enum family family = V4; family <= V6; family++) {
		struct spec reply = sent(family, IPPROTO_UDP, stranger[family], 40000), in = reply;
		struct spec short_one = sent(family, IPPROTO_UDP, relay[family], 53);

		expect_spec(*state, OUTBOUND, sent(family, IPPROTO_UDP, relay[family], 54), REASON_PORT,
			    "closed port");
		expect_spec(*state, OUTBOUND, sent(family, IPPROTO_UDP, stranger[family], 53), REASON_PEER,
			    "for the office");
		expect_spec(*state, OUTBOUND, sent(family, IPPROTO_TCP, relay[family], 53),
			    COUNTER_SERVICES + DNS, "segment");
		reply.src_port = 514;
		expect_spec(*state, OUTBOUND, reply, COUNTER_SERVICES + LOGS, "reply of a service");
		in.src = stranger[family];
		in.dst = host[family];
		in.dst_port = 514;
		expect_spec(*state, INBOUND, in, COUNTER_SERVICES + LOGS, "request of a peer");
		spec_fragment(&in, 0, true);
		expect_spec(*state, INBOUND, in, COUNTER_SERVICES + LOGS, "first fragment of a peer");
		spec_fragment(&short_one, 0, true);
		packet_build(&frame, &short_one);
		frame_cut_packet(&frame, frame.transport + 7);
		expect_counter(*state, OUTBOUND, &frame, REASON_FRAGMENT, "too short");
		packet_build(&frame, &(struct spec){.src = stranger_too[family],
						    .dst = relay[family],
						    .protocol = IPPROTO_UDP,
						    .src_port = 50000,
						    .dst_port = 53});
		assert_true(prog_run_forwarded(*state, &frame, 1));
		assert_int_equal(state_n_entries(*state, "fragment_peers"), 0);
	}
}

/* Forwarded datagrams of a flow, and those of one that is cut, keep nothing alive. */
static void test_not_kept(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct spec spec = sent(family, IPPROTO_UDP, relay[family], 53);
		struct flow_key key = state_flow_key(IPPROTO_UDP, host[family], 50000, relay[family], 53);
		struct flow flow = state_live_flow(DNS);
		struct frame frame;
		uint64_t seen;

		state_put_flow(*state, "flows", &key, &flow);
		state_put_fragment_peer(*state, relay[family], 20 * SECOND_NS);
		seen = state_fragment_peer_seen(*state, relay[family]);
		packet_build(&frame, &spec);
		assert_true(prog_run_forwarded(*state, &frame, 1));
		assert_int_equal(state_fragment_peer_seen(*state, relay[family]), seen);
		flow.generation--;
		state_put_flow(*state, "flows", &key, &flow);
		prog_close_port(*state, OUTBOUND, TRANSPORT_UDP, 53);
		expect_spec(*state, OUTBOUND, spec, REASON_PORT, "cut");
		assert_int_equal(state_fragment_peer_seen(*state, relay[family]), seen);
		prog_open_port(*state, OUTBOUND, TRANSPORT_UDP, 53, DNS, PEERS_OFFICE);
		expect_spec(*state, OUTBOUND, spec, COUNTER_SERVICES + DNS, "allowed again");
		assert_true(state_fragment_peer_seen(*state, relay[family]) > seen + 19 * SECOND_NS);
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_offsets, prog_reset),
		cmocka_unit_test_setup(test_other_protocols, prog_reset),
		cmocka_unit_test_setup(test_peer, prog_reset),
		cmocka_unit_test_setup(test_denied_sources, prog_reset),
		cmocka_unit_test_setup(test_time, prog_reset),
		cmocka_unit_test(test_sent),
		cmocka_unit_test_setup(test_not_sent, prog_reset),
		cmocka_unit_test_setup(test_not_kept, prog_reset),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
