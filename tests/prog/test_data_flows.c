// SPDX-License-Identifier: GPL-2.0-only
/* Established data connections: their segments pass as long as the control service admits the client; a SYN
 * never does. */
#include "state.h"

enum { PORT = 3002 };

static struct spec segment(enum direction direction, enum family family, uint8_t flags)
{
	bool in = direction == INBOUND;

	return (struct spec){.src = in ? stranger[family] : host[family],
			     .dst = in ? host[family] : stranger[family],
			     .protocol = IPPROTO_TCP,
			     .src_port = in ? CLIENT_PORT : PORT,
			     .dst_port = in ? PORT : CLIENT_PORT,
			     .tcp_flags = flags};
}

static void expect_spec(const struct prog *prog, enum direction direction, struct spec spec, uint32_t counter,
			const char *what)
{
	struct frame frame;

	packet_build(&frame, &spec);
	expect_counter(prog, direction, &frame, counter, "%s, %s to %s", what, spec.src, spec.dst);
}

static const uint32_t data = COUNTER_SERVICES + DATA;

static struct flow_key put(const struct prog *prog, enum family family, struct flow flow)
{
	struct flow_key key = state_flow_key(IPPROTO_TCP, host[family], PORT, stranger[family], CLIENT_PORT);

	state_put_flow(prog, "data_flows", &key, &flow);
	return key;
}

static void test_segments(void **state)
{
	for (unsigned i = 0; i < 2 * N_FAMILIES; i++) {
		enum direction direction = i % 2;
		enum family family = i / 2;
		struct spec other;

		put(*state, family, state_live_flow(DATA));
		expect_spec(*state, direction, segment(direction, family, ACK), data, "segment");
		expect_spec(*state, direction, segment(direction, family, FIN | ACK), data, "the last one");
		expect_spec(*state, direction, segment(direction, family, RST), data, "reset");
		expect_spec(*state, direction, segment(direction, family, SYN),
			    direction == INBOUND ? REASON_NO_PINHOLE : REASON_PORT, "opening");
		other = segment(direction, family, ACK);
		other.src_port++;
		expect_spec(*state, direction, other, REASON_NO_FLOW, "another source port");
		other = segment(direction, family, ACK);
		other.dst_port++;
		expect_spec(*state, direction, other, REASON_NO_FLOW, "another destination port");
		other = segment(direction, family, ACK);
		*(direction == INBOUND ? &other.src : &other.dst) = stranger_too[family];
		expect_spec(*state, direction, other, REASON_NO_FLOW, "another client");
		other = segment(direction, family, ACK);
		*(direction == INBOUND ? &other.dst : &other.src) = host_too[family];
		expect_spec(*state, direction, other, REASON_NO_FLOW, "another address of ours");
	}
}

/* The policy has moved the passive range since: the connection goes on. */
static void test_range_moved(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		put(*state, family, state_live_flow(DATA));
		prog_close_port(*state, INBOUND, TRANSPORT_TCP, PORT);
		expect_spec(*state, INBOUND, segment(INBOUND, family, ACK), data, "range moved");
		expect_spec(*state, OUTBOUND, segment(OUTBOUND, family, ACK), data, "range moved");
		expect_spec(*state, INBOUND, segment(INBOUND, family, SYN), REASON_PORT, "range moved");
	}
}

static void test_generations(void **state)
{
	for (unsigned i = 0; i < 2 * N_FAMILIES; i++) {
		struct prog *next = prog_next(*state);
		struct flow flow = state_live_flow(DATA), after;
		bool allows = i % 2;
		uint32_t counter = allows ? data : REASON_CUT;
		struct flow_key key;

		/* The socket programs know no generation, and write 0: the first packet is judged. */
		flow.generation = 0;
		key = put(*state, i / 2, flow);
		expect_spec(*state, INBOUND, segment(INBOUND, i / 2, ACK), data, "first packet");
		assert_true(state_get_flow(*state, "data_flows", &key, &after));
		assert_int_equal(after.generation, GENERATION);
		prog_fill_policy(next);
		if (!allows)
			prog_open_port(next, INBOUND, TRANSPORT_TCP, 21, CONTROL, PEERS_OFFICE);
		expect_spec(next, INBOUND, segment(INBOUND, i / 2, ACK), counter, "under the next policy");
		expect_spec(next, OUTBOUND, segment(OUTBOUND, i / 2, ACK), counter, "under the next policy");
		assert_true(state_get_flow(*state, "data_flows", &key, &after));
		assert_int_equal(after.generation, allows ? GENERATION + 1 : GENERATION);
	}
}

/* A connection that the policy cuts is not let in again by its client's next pinhole. */
static void test_cut_before_pinhole(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct flow flow = state_live_flow(DATA);

		flow.generation = GENERATION - 1;
		flow.control_port = 990;
		put(*state, family, flow);
		state_put_pinhole(*state, stranger[family], NULL, PORT, 21);
		expect_spec(*state, INBOUND, segment(INBOUND, family, ACK), REASON_CUT,
			    "cut, with a pinhole");
		expect_spec(*state, OUTBOUND, segment(OUTBOUND, family, ACK), REASON_CUT,
			    "cut, with a pinhole");
		expect_spec(*state, INBOUND, segment(INBOUND, family, SYN), data, "the pinhole itself");
	}
}

/* From a passive port, this host may also have opened a connection: it comes behind a data connection and
 * before the pinhole. */
static void test_order(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct flow_key key =
			state_flow_key(IPPROTO_TCP, host[family], PORT, stranger[family], CLIENT_PORT);
		struct flow outward = state_live_flow(WEB), over = state_live_flow(DATA);
		struct spec sent = segment(OUTBOUND, family, ACK);

		expect_spec(*state, OUTBOUND, sent, REASON_NO_FLOW, "nothing");
		state_put_pinhole(*state, stranger[family], NULL, PORT, 21);
		expect_spec(*state, OUTBOUND, sent, data, "pinhole");
		state_put_flow(*state, "flows", &key, &outward);
		expect_spec(*state, OUTBOUND, sent, COUNTER_SERVICES + WEB, "outward, pinhole");
		outward.generation--; /* no rule allows its port now */
		state_put_flow(*state, "flows", &key, &outward);
		expect_spec(*state, OUTBOUND, sent, REASON_CUT, "cut outward, pinhole");
		put(*state, family, state_live_flow(DATA));
		expect_spec(*state, OUTBOUND, sent, data, "data connection, outward, pinhole");
		over.closing_ns = state_now() - TCP_LINGER_S * SECOND_NS - 1;
		put(*state, family, over);
		expect_spec(*state, OUTBOUND, sent, REASON_CUT, "data connection that is over, outward");
		assert_int_equal(state_n_entries(*state, "pinholes"), family + 1);
	}
}

/* What no socket of ours sends says nothing of how long the connection lives. */
static void test_fin_without_socket(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct flow_key key = put(*state, family, state_live_flow(DATA));
		struct flow after;

		expect_spec(*state, OUTBOUND, segment(OUTBOUND, family, FIN | ACK), data, "out");
		expect_spec(*state, INBOUND, segment(INBOUND, family, FIN | ACK), data, "in");
		expect_spec(*state, INBOUND, segment(INBOUND, family, RST), data, "in");
		assert_true(state_get_flow(*state, "data_flows", &key, &after));
		assert_int_equal(after.closing_ns, 0);
	}
}

static void test_linger(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct flow flow = state_live_flow(DATA), after;
		struct flow_key key;

		flow.closing_ns = state_now() - (TCP_LINGER_S - 5) * SECOND_NS;
		key = put(*state, family, flow);
		expect_spec(*state, INBOUND, segment(INBOUND, family, FIN | ACK), data, "within the linger");
		expect_spec(*state, OUTBOUND, segment(OUTBOUND, family, ACK), data, "within the linger");
		expect_spec(*state, OUTBOUND, segment(OUTBOUND, family, RST), data, "within the linger");
		assert_true(state_get_flow(*state, "data_flows", &key, &after));
		assert_int_equal(after.closing_ns,
				 flow.closing_ns); /* what no socket sends prolongs nothing */
		flow.closing_ns = state_now() - TCP_LINGER_S * SECOND_NS - 1;
		put(*state, family, flow);
		expect_spec(*state, INBOUND, segment(INBOUND, family, FIN | ACK), REASON_NO_FLOW, "after it");
		expect_spec(*state, OUTBOUND, segment(OUTBOUND, family, ACK), REASON_NO_FLOW, "after it");
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_segments, prog_reset),
		cmocka_unit_test_setup(test_range_moved, prog_reset),
		cmocka_unit_test_setup(test_generations, prog_reset),
		cmocka_unit_test_setup(test_cut_before_pinhole, prog_reset),
		cmocka_unit_test_setup(test_order, prog_reset),
		cmocka_unit_test_setup(test_fin_without_socket, prog_reset),
		cmocka_unit_test_setup(test_linger, prog_reset),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
