// SPDX-License-Identifier: GPL-2.0-only
/* Pinholes and data connections: open to one client at one port while they last, and under a control
 * service that admits the client. */
#include <errno.h>

#include <bpf/bpf.h>

#include "state.h"

enum { PORT = 3001 };

static struct spec from_client(enum family family, uint8_t flags)
{
	return (struct spec){.src = stranger[family],
			     .dst = host[family],
			     .protocol = IPPROTO_TCP,
			     .src_port = CLIENT_PORT,
			     .dst_port = PORT,
			     .tcp_flags = flags};
}

static struct spec to_client(enum family family, uint8_t flags)
{
	return (struct spec){.src = host[family],
			     .dst = stranger[family],
			     .protocol = IPPROTO_TCP,
			     .src_port = PORT,
			     .dst_port = CLIENT_PORT,
			     .tcp_flags = flags};
}

/* Judges one frame made from `spec`. */
static void expect_spec(const struct prog *prog, enum direction direction, struct spec spec, uint32_t counter,
			const char *what)
{
	struct frame frame;

	packet_build(&frame, &spec);
	expect_counter(prog, direction, &frame, counter, "%s, %s to %s port %u", what, spec.src, spec.dst,
		       spec.dst_port);
}

static const uint32_t data = COUNTER_SERVICES + DATA;

static void test_closed(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		expect_spec(*state, INBOUND, from_client(family, SYN), REASON_NO_PINHOLE, "no pinhole");
		expect_spec(*state, INBOUND, from_client(family, ACK), REASON_NO_FLOW, "no pinhole");
		expect_spec(*state, OUTBOUND, to_client(family, SYN | ACK), REASON_NO_FLOW, "no pinhole");
		expect_spec(*state, OUTBOUND, to_client(family, RST | ACK), REASON_NO_FLOW, "no pinhole");
	}
}

/* A pinhole bound to an address, or to none (i odd), is for one client and one port. */
static void test_client_and_port(void **state)
{
	for (unsigned i = 0; i < 2 * N_FAMILIES; i++) {
		enum family family = i / 2;
		bool is_wildcard = i % 2;
		struct spec syn = from_client(family, SYN), other;
		struct pinhole_key key = state_put_pinhole(*state, stranger[family],
							   is_wildcard ? NULL : host[family], PORT, 21);

		expect_spec(*state, INBOUND, syn, data, "the client");
		expect_spec(*state, INBOUND, from_client(family, ACK), data, "the client's data");
		other = syn;
		other.src_port++;
		expect_spec(*state, INBOUND, other, data, "the client, another port of its own");
		other = syn;
		other.src = stranger_too[family];
		expect_spec(*state, INBOUND, other, REASON_NO_PINHOLE, "another client");
		other.tcp_flags = ACK;
		expect_spec(*state, INBOUND, other, REASON_NO_FLOW, "another client");
		other = syn;
		other.dst_port = PORT - 1;
		expect_spec(*state, INBOUND, other, REASON_NO_PINHOLE, "another passive port");
		other.dst_port = PASSIVE_LAST + 1;
		expect_spec(*state, INBOUND, other, REASON_PORT, "no passive port");
		other = syn;
		other.dst = host_too[family];
		expect_spec(*state, INBOUND, other, is_wildcard ? data : REASON_NO_PINHOLE,
			    "another address of ours");
		other = syn;
		other.protocol = IPPROTO_UDP;
		expect_spec(*state, INBOUND, other, REASON_PORT, "a datagram");
		assert_int_equal(state_n_entries(*state, "pinholes"), 1); /* no SYN used it up */
		state_drop_pinhole(*state, &key);
		expect_spec(*state, INBOUND, syn, REASON_NO_PINHOLE, "closed");
	}
	assert_int_equal(state_n_entries(*state, "data_flows"), 0);
}

static void test_one_bit_away(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct pinhole_key key = state_put_pinhole(*state, stranger[family], host[family], PORT, 21);
		uint32_t bits = family == V4 ? 32 : 128;
		struct spec syn = from_client(family, SYN);
		struct frame frame;

		for (uint32_t bit = 0; bit < 2 * bits; bit++) {
			bool is_multicast = family == V4 && bit == 2; /* 198 becomes 230 */

			packet_build(&frame, &syn);
			/* Both addresses: the last bytes of the IP header. */
			frame_flip(&frame, frame.transport - 2 * bits / 8 + bit / 8, 7 - bit % 8);
			expect_counter(*state, INBOUND, &frame,
				       is_multicast ? REASON_SOURCE : REASON_NO_PINHOLE, "bit %u turned",
				       bit);
		}
		state_drop_pinhole(*state, &key);
	}
}

static void test_expired(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct pinhole_key key = state_put_pinhole(*state, stranger[family], host[family], PORT, 21);

		expect_spec(*state, INBOUND, from_client(family, SYN), data, "in time");
		expect_spec(*state, OUTBOUND, to_client(family, SYN | ACK), data, "in time");
		state_expire_pinhole(*state, &key);
		expect_spec(*state, INBOUND, from_client(family, SYN), REASON_NO_PINHOLE, "expired");
		expect_spec(*state, INBOUND, from_client(family, ACK), REASON_NO_FLOW, "expired");
		expect_spec(*state, OUTBOUND, to_client(family, SYN | ACK), REASON_NO_FLOW, "expired");
		state_drop_pinhole(*state, &key);
	}
}

/* The control connection's end goes before the sweep that removes the pinhole. */
static void test_session_over(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct pinhole_key key = state_put_pinhole(*state, stranger[family], host[family], PORT, 21);

		expect_spec(*state, INBOUND, from_client(family, SYN), data, "in session");
		state_end_session(*state);
		expect_spec(*state, INBOUND, from_client(family, SYN), REASON_NO_PINHOLE, "session over");
		expect_spec(*state, INBOUND, from_client(family, ACK), REASON_NO_FLOW, "session over");
		expect_spec(*state, OUTBOUND, to_client(family, SYN | ACK), REASON_NO_FLOW, "session over");
		state_drop_pinhole(*state, &key);
	}
}

/* Opened under a control service that is for the office: a client that it does not admit, as after a
 * change of policy, has no use of it. */
static void test_control_service(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct pinhole_key key = state_put_pinhole(*state, stranger[family], NULL, PORT, 990);

		expect_spec(*state, INBOUND, from_client(family, SYN), REASON_NO_PINHOLE, "not admitted");
		expect_spec(*state, OUTBOUND, to_client(family, SYN | ACK), REASON_NO_FLOW, "not admitted");
		prog_open_port(*state, INBOUND, TRANSPORT_TCP, 990, INTERNAL, PEERS_ANY);
		expect_spec(*state, INBOUND, from_client(family, SYN), data, "admitted");
		prog_close_port(*state, INBOUND, TRANSPORT_TCP, 990);
		expect_spec(*state, INBOUND, from_client(family, SYN), REASON_NO_PINHOLE, "closed");
		prog_open_port(*state, INBOUND, TRANSPORT_TCP, 990, INTERNAL, PEERS_OFFICE);
		state_drop_pinhole(*state, &key);
	}
}

/* While a pinhole is open, answers leave from its port to its client; nothing opens from there. */
static void test_answers(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct pinhole_key key = state_put_pinhole(*state, stranger[family], host[family], PORT, 21);
		struct spec other = to_client(family, SYN | ACK);

		expect_spec(*state, OUTBOUND, to_client(family, SYN | ACK), data, "answer");
		expect_spec(*state, OUTBOUND, to_client(family, RST | ACK), data, "refusal");
		expect_spec(*state, OUTBOUND, to_client(family, SYN), REASON_PORT, "opening");
		other.dst = stranger_too[family];
		expect_spec(*state, OUTBOUND, other, REASON_NO_FLOW, "to another client");
		other = to_client(family, SYN | ACK);
		other.src = host_too[family];
		expect_spec(*state, OUTBOUND, other, REASON_NO_FLOW, "from another address");
		other = to_client(family, SYN | ACK);
		other.src_port = PORT + 1;
		expect_spec(*state, OUTBOUND, other, REASON_NO_FLOW, "from another passive port");
		assert_int_equal(state_n_entries(*state, "pinholes"), 1);
		assert_int_equal(state_n_entries(*state, "data_flows"), 0);
		state_drop_pinhole(*state, &key);
	}
}

/* Added by hand: no session, no control service; good while the port is an FTP server's passive one. */
static void test_manual(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct pinhole_key key = state_put_manual(*state, stranger[family], NULL, PORT);
		struct spec other = from_client(family, SYN);

		expect_spec(*state, INBOUND, from_client(family, SYN), data, "by hand");
		expect_spec(*state, OUTBOUND, to_client(family, SYN | ACK), data, "by hand");
		other.src = stranger_too[family];
		expect_spec(*state, INBOUND, other, REASON_NO_PINHOLE, "by hand, another client");
		prog_close_port(*state, INBOUND, TRANSPORT_TCP, PORT);
		expect_spec(*state, INBOUND, from_client(family, SYN), REASON_PORT, "no passive port");
		expect_spec(*state, OUTBOUND, to_client(family, SYN | ACK), REASON_NO_FLOW,
			    "no passive port");
		prog_open_port(*state, INBOUND, TRANSPORT_TCP, PORT, INTERNAL, PEERS_OFFICE);
		expect_spec(*state, INBOUND, from_client(family, SYN), REASON_PEER, "a service's port");
		prog_make_passive(*state, PORT);
		expect_spec(*state, INBOUND, from_client(family, SYN), data, "passive again");
		state_expire_pinhole(*state, &key);
		expect_spec(*state, INBOUND, from_client(family, SYN), REASON_NO_PINHOLE, "expired");
		state_drop_pinhole(*state, &key);
	}
}

/* What came through one: judged anew by another policy. */
static void test_manual_flow(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct flow_key key =
			state_flow_key(IPPROTO_TCP, host[family], PORT, stranger[family], CLIENT_PORT);
		struct flow flow = state_live_flow(DATA);

		flow.control_port = 0;
		flow.generation = GENERATION - 1;
		state_put_flow(*state, "data_flows", &key, &flow);
		prog_close_port(*state, INBOUND, TRANSPORT_TCP, PORT);
		expect_spec(*state, INBOUND, from_client(family, ACK), REASON_CUT, "no passive port");
		expect_spec(*state, OUTBOUND, to_client(family, ACK), REASON_CUT, "no passive port");
		prog_make_passive(*state, PORT);
		expect_spec(*state, INBOUND, from_client(family, ACK), data, "a passive port");
		expect_spec(*state, OUTBOUND, to_client(family, ACK), data, "a passive port");
	}
}

/* An entry without its port's mark is what one being removed looks like: it opens nothing. */
static void test_mark(void **state)
{
	struct pinhole_key key = state_put_pinhole(*state, stranger[V4], NULL, PORT, 21);
	uint32_t port = PORT, none = 0;

	assert_return_code(bpf_map_update_elem(prog_map(*state, "open_ports"), &port, &none, BPF_ANY), errno);
	expect_spec(*state, INBOUND, from_client(V4, SYN), REASON_NO_PINHOLE, "no mark");
	assert_return_code(bpf_map_delete_elem(prog_map(*state, "pinholes"), &key), errno);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_closed, prog_reset),
		cmocka_unit_test_setup(test_client_and_port, prog_reset),
		cmocka_unit_test_setup(test_one_bit_away, prog_reset),
		cmocka_unit_test_setup(test_expired, prog_reset),
		cmocka_unit_test_setup(test_session_over, prog_reset),
		cmocka_unit_test_setup(test_control_service, prog_reset),
		cmocka_unit_test_setup(test_answers, prog_reset),
		cmocka_unit_test_setup(test_manual, prog_reset),
		cmocka_unit_test_setup(test_manual_flow, prog_reset),
		cmocka_unit_test_setup(test_mark, prog_reset),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
