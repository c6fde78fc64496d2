// SPDX-License-Identifier: GPL-2.0-only
/* Outbound: what this host may open becomes a flow that brings its answers back, services may answer, and
 * nothing else leaves. */
#include "state.h"

enum { DENIED_PORT = N_SERVICES, DENIED_PEER };

static struct spec leaving(const char *src, const char *dst, uint8_t protocol, uint16_t port)
{
	return (struct spec){
		.src = src, .dst = dst, .protocol = protocol, .src_port = 50000, .dst_port = port, .data = 4};
}

/* The answer to a frame that left. */
static struct spec answer_to(const struct spec *sent)
{
	struct spec spec = *sent;

	spec.src = sent->dst;
	spec.dst = sent->src;
	spec.src_port = sent->dst_port;
	spec.dst_port = sent->src_port;
	spec.tcp_flags = SYN | ACK;
	return spec;
}

static struct flow_key key_of(const struct spec *sent)
{
	return state_flow_key(sent->protocol, sent->src, sent->src_port, sent->dst, sent->dst_port);
}

static const struct {
	uint8_t protocol;
	uint16_t port;
	uint32_t wanted[3]; /* to a stranger, to the office, to the relay */
} openings[] = {
	{IPPROTO_TCP, 8443, {WEB, WEB, WEB}},
	{IPPROTO_TCP, 25, {DENIED_PEER, DENIED_PEER, MAIL}},
	{IPPROTO_TCP, 53, {DENIED_PEER, DNS, DNS}},
	{IPPROTO_UDP, 53, {DENIED_PEER, DNS, DNS}},
	{IPPROTO_UDP, 1812, {RADIUS, RADIUS, RADIUS}},
	{IPPROTO_TCP, 8442, {DENIED_PORT, DENIED_PORT, DENIED_PORT}},
	{IPPROTO_TCP, 443, {DENIED_PORT, DENIED_PORT, DENIED_PORT}},  /* of the other direction */
	{IPPROTO_TCP, 1812, {DENIED_PORT, DENIED_PORT, DENIED_PORT}}, /* of the other transport */
	{IPPROTO_UDP, 25, {DENIED_PORT, DENIED_PORT, DENIED_PORT}},
	{IPPROTO_UDP, 514, {DENIED_PORT, DENIED_PORT, DENIED_PORT}},
};

/* What is allowed makes exactly one flow, what is denied none. */
static void test_openings(void **state)
{
	size_t n_flows = 0;

	for (unsigned i = 0; i < COUNT(openings) * 3 * N_FAMILIES; i++) {
		enum family family = i % N_FAMILIES;
		unsigned who = i / N_FAMILIES % 3;
		uint32_t wanted = openings[i / (3 * N_FAMILIES)].wanted[who];
		const char *peers[] = {stranger[family], office[family], relay[family]};
		struct spec spec = leaving(host[family], peers[who], openings[i / (3 * N_FAMILIES)].protocol,
					   openings[i / (3 * N_FAMILIES)].port);
		struct flow_key key = key_of(&spec);
		uint64_t began = state_now();
		struct frame frame;
		struct flow flow;

		packet_build(&frame, &spec);
		expect_counter(*state, OUTBOUND, &frame,
			       wanted == DENIED_PEER   ? (uint32_t)REASON_PEER
			       : wanted == DENIED_PORT ? (uint32_t)REASON_PORT
						       : COUNTER_SERVICES + wanted,
			       "protocol %u, %s port %u", spec.protocol, spec.dst, spec.dst_port);
		n_flows += wanted < N_SERVICES;
		assert_int_equal(state_n_entries(*state, "flows"), n_flows);
		assert_int_equal(state_get_flow(*state, "flows", &key, &flow), wanted < N_SERVICES);
		if (wanted >= N_SERVICES)
			continue;
		assert_int_equal(flow.service, wanted);
		assert_int_equal(flow.generation, GENERATION);
		assert_in_range(flow.since_ns, began, state_now());
		assert_in_range(flow.seen_ns, began, state_now());
		/* No socket of ours waits for the answer here, so nothing but time would end it. */
		assert_int_equal(flow.closing_ns != 0, spec.protocol == IPPROTO_TCP);
	}
	assert_int_equal(state_n_entries(*state, "data_flows"), 0);
	assert_int_equal(state_n_entries(*state, "flow_sockets"), 0); /* for the same reason */
}

/* Of a flow's five parts, a packet that differs in one is denied. */
static void test_answers(void **state)
{
	for (unsigned i = 0; i < 2 * N_FAMILIES; i++) {
		enum family family = i % N_FAMILIES;
		bool is_tcp = i / N_FAMILIES;
		uint32_t none = is_tcp ? REASON_NO_FLOW : REASON_PORT, service = is_tcp ? MAIL : RADIUS;
		struct spec sent = leaving(host[family], relay[family], is_tcp ? IPPROTO_TCP : IPPROTO_UDP,
					   is_tcp ? 25 : 1812);
		struct spec answer = answer_to(&sent), other;
		struct frame frame;

		packet_build(&frame, &answer);
		expect_counter(*state, INBOUND, &frame, none, "before anything was sent");
		packet_build(&frame, &sent);
		expect_service(*state, OUTBOUND, &frame, service, "sent");
		packet_build(&frame, &answer);
		expect_service(*state, INBOUND, &frame, service, "answer");
		other = answer;
		other.src = office[family];
		packet_build(&frame, &other);
		expect_counter(*state, INBOUND, &frame, none, "from another address");
		other = answer;
		other.dst = host_too[family];
		packet_build(&frame, &other);
		expect_counter(*state, INBOUND, &frame, none, "to another address");
		other = answer;
		other.protocol = is_tcp ? IPPROTO_UDP : IPPROTO_TCP;
		packet_build(&frame, &other);
		expect_counter(*state, INBOUND, &frame, is_tcp ? REASON_PORT : REASON_NO_FLOW,
			       "of the other transport");
		other = answer;
		other.tcp_flags = SYN;
		packet_build(&frame, &other);
		expect_counter(*state, INBOUND, &frame, is_tcp ? REASON_PORT : COUNTER_SERVICES + RADIUS,
			       "opening towards the flow's port");
		for (unsigned bit = 0; bit < 32; bit++) {
			packet_build(&frame, &answer);
			frame_flip(&frame, frame.transport + bit / 8, bit % 8);
			expect_counter(*state, INBOUND, &frame, none, "bit %u of the ports turned", bit);
		}
		for (unsigned bit = 0; bit < (family == V4 ? 32u : 128u); bit++) {
			packet_build(&frame, &answer);
			frame_flip(&frame, frame.transport - 1 - bit / 8, bit % 8);
			expect_counter(*state, INBOUND, &frame, none, "bit %u of our address turned", bit);
		}
	}
}

/* A service answers, to whom it is open, and opens nothing. */
static void test_replies(void **state)
{
	static const struct {
		uint8_t protocol, flags;
		uint16_t port;
		uint32_t to_stranger, to_office;
	} cases[] = {
		{IPPROTO_TCP, SYN | ACK, 443, COUNTER_SERVICES + HTTPS, COUNTER_SERVICES + HTTPS},
		{IPPROTO_TCP, ACK, 443, COUNTER_SERVICES + HTTPS, COUNTER_SERVICES + HTTPS},
		{IPPROTO_TCP, RST, 443, COUNTER_SERVICES + HTTPS, COUNTER_SERVICES + HTTPS},
		{IPPROTO_TCP, SYN, 443, REASON_PORT, REASON_PORT},
		{IPPROTO_TCP, SYN | ACK, 21, COUNTER_SERVICES + CONTROL, COUNTER_SERVICES + CONTROL},
		{IPPROTO_TCP, ACK, 21, COUNTER_SERVICES + CONTROL, COUNTER_SERVICES + CONTROL},
		{IPPROTO_TCP, FIN | ACK, 990, REASON_NO_FLOW, COUNTER_SERVICES + INTERNAL},
		{IPPROTO_TCP, SYN, 21, REASON_PORT, REASON_PORT},
		{IPPROTO_TCP, SYN | PSH, 443, REASON_PORT, REASON_PORT},
		{IPPROTO_TCP, SYN | ACK, 9000, REASON_NO_FLOW, COUNTER_SERVICES + BACKUP},
		{IPPROTO_TCP, RST | ACK, 9000, REASON_NO_FLOW, COUNTER_SERVICES + BACKUP},
		{IPPROTO_TCP, SYN, 9000, REASON_PORT, REASON_PORT},
		{IPPROTO_TCP, SYN | ACK, 442, REASON_NO_FLOW, REASON_NO_FLOW},
		{IPPROTO_TCP, RST | ACK, 442, REASON_NO_FLOW, REASON_NO_FLOW},
		{IPPROTO_TCP, SYN | ACK, 514, REASON_NO_FLOW, REASON_NO_FLOW},
		{IPPROTO_UDP, 0, 514, COUNTER_SERVICES + LOGS, COUNTER_SERVICES + LOGS},
		{IPPROTO_UDP, 0, 123, REASON_PORT, COUNTER_SERVICES + TIME},
		{IPPROTO_UDP, 0, 515, REASON_PORT, REASON_PORT},
	};
	struct frame frame;

	for (unsigned i = 0; i < COUNT(cases) * N_FAMILIES; i++) {
		enum family family = i % N_FAMILIES;
		struct spec spec = leaving(host[family], stranger[family], cases[i / 2].protocol, 40000);

		spec.src_port = cases[i / 2].port;
		spec.tcp_flags = cases[i / 2].flags;
		packet_build(&frame, &spec);
		expect_counter(*state, OUTBOUND, &frame, cases[i / 2].to_stranger, "from port %u, flags %#x",
			       spec.src_port, spec.tcp_flags);
		spec.dst = office[family];
		packet_build(&frame, &spec);
		expect_counter(*state, OUTBOUND, &frame, cases[i / 2].to_office,
			       "to the office from port %u, flags %#x", spec.src_port, spec.tcp_flags);
	}
	assert_int_equal(state_n_entries(*state, "flows"), 0);
	/* Only an established socket of ours shows a session. */
	assert_int_equal(state_n_entries(*state, "sessions"), 0);
}

/* What came in at another interface is judged alike, and remembered never. */
static void test_forwarded(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < 4; i++) {
		struct spec spec = leaving(stranger[i % 2], relay[i % 2], i / 2 ? IPPROTO_TCP : IPPROTO_UDP,
					   i / 2 ? 25 : 53);

		packet_build(&frame, &spec);
		assert_true(prog_run_forwarded(*state, &frame, 1));
		assert_int_equal(state_n_entries(*state, "flows"), 0);
		spec.dst_port++;
		packet_build(&frame, &spec);
		assert_false(prog_run_forwarded(*state, &frame, 1));
	}
}

/* A forwarded datagram keeps no UDP flow of ours alive. */
static void test_forwarded_keeps_nothing_alive(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct spec spec = leaving(host[family], relay[family], IPPROTO_UDP, 53);
		struct flow_key key = key_of(&spec);
		struct flow flow = state_live_flow(DNS), after;
		struct frame frame;

		flow.seen_ns -= 10 * SECOND_NS;
		state_put_flow(*state, "flows", &key, &flow);
		packet_build(&frame, &spec);
		assert_true(prog_run_forwarded(*state, &frame, 1));
		assert_true(state_get_flow(*state, "flows", &key, &after));
		assert_int_equal(after.seen_ns, flow.seen_ns);
		assert_true(prog_run(*state, OUTBOUND, &frame));
		assert_true(state_get_flow(*state, "flows", &key, &after));
		assert_true(after.seen_ns > flow.seen_ns + 9 * SECOND_NS);
		assert_int_equal(after.since_ns, flow.since_ns);
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_openings, prog_reset),
		cmocka_unit_test_setup(test_answers, prog_reset),
		cmocka_unit_test_setup(test_replies, prog_reset),
		cmocka_unit_test_setup(test_forwarded, prog_reset),
		cmocka_unit_test_setup(test_forwarded_keeps_nothing_alive, prog_reset),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
