// SPDX-License-Identifier: GPL-2.0-only
/* How long a flow lives: through a change of policy, after its socket, without traffic. */
#include "state.h"

/* Where a flow of TCP can be, and one of UDP. */
static const struct {
	const char *map;
	uint8_t protocol;
} places[] = {{"flows", IPPROTO_UDP}, {"flows", IPPROTO_TCP}, {"connections", IPPROTO_TCP}};

struct exchange {
	const char *map;
	struct flow_key key;
	struct frame in;
	struct frame out;
};

/* A live flow to the relay, and a packet of it in each direction. */
static struct exchange connect_in(const char *map, const struct prog *prog, enum family family,
				  uint8_t protocol, uint16_t port, enum service service)
{
	struct spec out = {.src = host[family],
			   .dst = relay[family],
			   .protocol = protocol,
			   .src_port = 50000,
			   .dst_port = port,
			   .tcp_flags = ACK,
			   .data = 4};
	struct spec in = {.src = relay[family],
			  .dst = host[family],
			  .protocol = protocol,
			  .src_port = port,
			  .dst_port = 50000,
			  .tcp_flags = ACK,
			  .data = 4};
	struct exchange made = {
		.map = map, .key = state_flow_key(protocol, out.src, out.src_port, out.dst, out.dst_port)};
	struct flow flow = state_live_flow(service);

	packet_build(&made.in, &in);
	packet_build(&made.out, &out);
	state_put_flow(prog, map, &made.key, &flow);
	return made;
}

static struct exchange connect_out(const struct prog *prog, enum family family, uint8_t protocol,
				   uint16_t port, enum service service)
{
	return connect_in("flows", prog, family, protocol, port, service);
}

static struct flow flow_of(const struct prog *prog, const struct exchange *exchange)
{
	struct flow flow;

	assert_true(state_get_flow(prog, exchange->map, &exchange->key, &flow));
	return flow;
}

static void test_generation_allows(void **state)
{
	struct prog *next = prog_next(*state);

	prog_fill_policy(next);
	for (unsigned i = 0; i < COUNT(places) * N_FAMILIES; i++) {
		uint8_t protocol = places[i / N_FAMILIES].protocol;
		bool is_tcp = protocol == IPPROTO_TCP;
		struct exchange c = connect_in(places[i / N_FAMILIES].map, *state, i % N_FAMILIES, protocol,
					       is_tcp ? 25 : 53, is_tcp ? MAIL : DNS);
		uint32_t service = is_tcp ? MAIL : DNS;

		expect_service(*state, INBOUND, &c.in, service, "under the first policy");
		assert_int_equal(flow_of(*state, &c).generation, GENERATION);
		expect_service(next, INBOUND, &c.in, service, "under the next");
		assert_int_equal(flow_of(*state, &c).generation, GENERATION + 1);
		expect_service(next, OUTBOUND, &c.out, service, "under the next");
		/* Once judged, it is not judged again: that is what the number is for. */
		prog_close_port(next, OUTBOUND, is_tcp ? TRANSPORT_TCP : TRANSPORT_UDP, is_tcp ? 25 : 53);
		expect_service(next, INBOUND, &c.in, service, "judged already");
		prog_fill_policy(next);
	}
}

/* The next policy closes the port, or opens it to others only. */
static void test_generation_cuts(void **state)
{
	struct prog *next = prog_next(*state);

	prog_fill_policy(next);
	prog_close_port(next, OUTBOUND, TRANSPORT_TCP, 25);
	prog_close_port(next, OUTBOUND, TRANSPORT_UDP, 1812);
	prog_open_port(next, OUTBOUND, TRANSPORT_TCP, 53, DNS, PEERS_NONE);
	prog_open_port(next, OUTBOUND, TRANSPORT_UDP, 53, DNS, PEERS_NONE);
	for (unsigned i = 0; i < 2 * COUNT(places) * N_FAMILIES; i++) {
		enum family family = i % N_FAMILIES;
		unsigned place = i / N_FAMILIES % COUNT(places);
		uint8_t protocol = places[place].protocol;
		bool is_tcp = protocol == IPPROTO_TCP, is_closed = i / (COUNT(places) * N_FAMILIES);
		uint16_t port = !is_closed ? 53 : is_tcp ? 25 : 1812;
		uint32_t opening = is_closed ? REASON_PORT : REASON_PEER;
		struct exchange c = connect_in(places[place].map, *state, family, protocol, port, DNS);

		expect_service(*state, INBOUND, &c.in, DNS, "port %u under the first policy", port);
		expect_counter(next, INBOUND, &c.in, REASON_CUT, "port %u under the next", port);
		/* A datagram that leaves would open the flow anew, so it hears the reason of that. */
		expect_counter(next, OUTBOUND, &c.out, is_tcp ? (uint32_t)REASON_CUT : opening,
			       "port %u under the next", port);
		assert_int_equal(flow_of(*state, &c).generation, GENERATION);
		expect_service(*state, INBOUND, &c.in, DNS, "back under the first");
	}
}

static void test_linger(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct exchange c = connect_out(*state, family, IPPROTO_TCP, 25, MAIL);
		struct flow flow = state_live_flow(MAIL);

		flow.since_ns = flow.seen_ns = 1; /* idle since the machine began: lives with its socket */
		state_put_flow(*state, "flows", &c.key, &flow);
		expect_service(*state, INBOUND, &c.in, MAIL, "idle");
		flow.closing_ns = state_now();
		state_put_flow(*state, "flows", &c.key, &flow);
		expect_service(*state, INBOUND, &c.in, MAIL, "socket closed just now");
		flow.closing_ns = state_now() - (TCP_LINGER_S - 5) * SECOND_NS;
		state_put_flow(*state, "flows", &c.key, &flow);
		expect_service(*state, INBOUND, &c.in, MAIL, "within the linger");
		expect_service(*state, OUTBOUND, &c.out, MAIL, "within the linger");
		flow.closing_ns = state_now() - TCP_LINGER_S * SECOND_NS - 1;
		state_put_flow(*state, "flows", &c.key, &flow);
		expect_counter(*state, INBOUND, &c.in, REASON_NO_FLOW, "after the linger");
		expect_counter(*state, OUTBOUND, &c.out, REASON_NO_FLOW, "after the linger");
	}
}

static void test_udp_timeout(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct exchange c = connect_out(*state, family, IPPROTO_UDP, 1812, RADIUS);
		struct flow flow = state_live_flow(RADIUS);
		uint64_t old;

		flow.seen_ns = old = state_now() - (UDP_TIMEOUT_S - 5) * SECOND_NS;
		state_put_flow(*state, "flows", &c.key, &flow);
		expect_service(*state, INBOUND, &c.in, RADIUS, "in time");
		assert_int_equal(flow_of(*state, &c).seen_ns, old); /* only what we send counts */
		flow.seen_ns = state_now() - UDP_TIMEOUT_S * SECOND_NS - 1;
		state_put_flow(*state, "flows", &c.key, &flow);
		expect_counter(*state, INBOUND, &c.in, REASON_PORT, "too late");
		expect_service(*state, OUTBOUND, &c.out, RADIUS, "sent once more");
		expect_service(*state, INBOUND, &c.in, RADIUS, "in time again");
	}
}

/* An entry of the other transport with the same numbers is another flow. */
static void test_protocol_is_in_the_key(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct exchange tcp = connect_out(*state, family, IPPROTO_TCP, 53, DNS);
		struct spec datagram = {.src = relay[family],
					.dst = host[family],
					.protocol = IPPROTO_UDP,
					.src_port = 53,
					.dst_port = 50000};
		struct frame frame;

		packet_build(&frame, &datagram);
		expect_counter(*state, INBOUND, &frame, REASON_PORT, "datagram, flow of segments");
		expect_service(*state, INBOUND, &tcp.in, DNS, "segment");
	}
}

/* 2001:db8::c000:20a is not 192.0.2.10, wherever the bytes lie in the key. */
static void test_families_are_not_confused(void **state)
{
	struct exchange c = connect_out(*state, V4, IPPROTO_TCP, 25, MAIL);
	struct spec spec = {.src = "2001:db8::10.20.0.25",
			    .dst = "2001:db8::192.0.2.10",
			    .protocol = IPPROTO_TCP,
			    .src_port = 25,
			    .dst_port = 50000,
			    .tcp_flags = ACK};
	struct frame frame;

	packet_build(&frame, &spec);
	expect_counter(*state, INBOUND, &frame, REASON_NO_FLOW, "the same last words");
	spec.dst = "::ffff:192.0.2.10";
	packet_build(&frame, &spec);
	expect_counter(*state, INBOUND, &frame, REASON_SOURCE, "to a mapped address");
	spec.src = "::ffff:10.20.0.25";
	packet_build(&frame, &spec);
	expect_counter(*state, INBOUND, &frame, REASON_SOURCE, "the very key");
	expect_service(*state, INBOUND, &c.in, MAIL, "the flow itself");
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_generation_allows, prog_reset),
		cmocka_unit_test_setup(test_generation_cuts, prog_reset),
		cmocka_unit_test_setup(test_linger, prog_reset),
		cmocka_unit_test_setup(test_udp_timeout, prog_reset),
		cmocka_unit_test_setup(test_protocol_is_in_the_key, prog_reset),
		cmocka_unit_test_setup(test_families_are_not_confused, prog_reset),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
