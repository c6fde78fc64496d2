// SPDX-License-Identifier: GPL-2.0-only
/* Inbound services: for whom a port is open, what one bit changes, and what a denial leaves in the log. */
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "state.h"

enum { CLOSED = N_SERVICES };

struct port_case {
	uint8_t protocol;
	uint16_t port;
	uint32_t service; /* CLOSED: none */
	bool office_only;
};

static const struct port_case ports[] = {
	{IPPROTO_TCP, 443, HTTPS, false},    {IPPROTO_TCP, 21, CONTROL, false},
	{IPPROTO_TCP, 9000, BACKUP, true},   {IPPROTO_TCP, 990, INTERNAL, true},
	{IPPROTO_UDP, 514, LOGS, false},     {IPPROTO_UDP, 123, TIME, true},
	{IPPROTO_TCP, 442, CLOSED, false},   {IPPROTO_TCP, 444, CLOSED, false},
	{IPPROTO_TCP, 1, CLOSED, false},     {IPPROTO_TCP, 65535, CLOSED, false},
	{IPPROTO_TCP, 514, CLOSED, false}, /* of the other transport */
	{IPPROTO_TCP, 123, CLOSED, false},   {IPPROTO_UDP, 443, CLOSED, false},
	{IPPROTO_UDP, 9000, CLOSED, false},  {IPPROTO_UDP, 3000, CLOSED, false},
	{IPPROTO_UDP, 65535, CLOSED, false}, {IPPROTO_TCP, 8443, CLOSED, false}, /* of the other direction */
	{IPPROTO_TCP, 25, CLOSED, false},    {IPPROTO_UDP, 53, CLOSED, false},
	{IPPROTO_TCP, 1812, CLOSED, false},
};

static struct spec opening(const char *src, const char *dst, uint8_t protocol, uint16_t port)
{
	return (struct spec){
		.src = src, .dst = dst, .protocol = protocol, .src_port = 40000, .dst_port = port};
}

static void test_ports(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < COUNT(ports) * 3 * N_FAMILIES; i++) {
		const struct port_case *c = &ports[i / (3 * N_FAMILIES)];
		enum family family = i % N_FAMILIES;
		const char *peers[] = {stranger[family], office[family], relay[family]};
		unsigned who = i / N_FAMILIES % 3;
		struct spec spec = opening(peers[who], host[family], c->protocol, c->port);
		uint32_t counter = c->service == CLOSED         ? (uint32_t)REASON_PORT
				   : c->office_only && who == 0 ? (uint32_t)REASON_PEER
								: COUNTER_SERVICES + c->service;

		packet_build(&frame, &spec);
		expect_counter(*state, INBOUND, &frame, counter, "%s, protocol %u, port %u", spec.src,
			       c->protocol, c->port);
	}
}

/* Inside a prefix every bit behind it may differ, and none in it. */
static void test_zone_edges(void **state)
{
	static const uint32_t length[] = {[V4] = 16, [V6] = 48}, size[] = {[V4] = 32, [V6] = 128};
	struct frame frame;

	for (enum family family = V4; family <= V6; family++) {
		struct spec spec = opening(office[family], host[family], IPPROTO_TCP, 9000);

		for (uint32_t bit = 0; bit < size[family]; bit++) {
			packet_build(&frame, &spec);
			frame_flip(&frame, frame.ip + (family == V4 ? 12 : 8) + bit / 8, 7 - bit % 8);
			expect_counter(*state, INBOUND, &frame,
				       bit < length[family] ? (uint32_t)REASON_PEER
							    : COUNTER_SERVICES + BACKUP,
				       "bit %u of %s turned", bit, spec.src);
		}
	}
}

/* One bit of the port or of the protocol away is another port, and closed. */
static void test_port_bits(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < 16 * 2 * N_FAMILIES; i++) {
		unsigned bit = i % 16;
		bool is_tcp = i / 16 % 2;
		enum family family = i / 32;
		struct spec spec = opening(stranger[family], host[family], is_tcp ? IPPROTO_TCP : IPPROTO_UDP,
					   is_tcp ? 443 : 514);

		packet_build(&frame, &spec);
		frame_flip(&frame, frame.transport + 2 + bit / 8, 7 - bit % 8);
		expect_counter(*state, INBOUND, &frame, REASON_PORT, "port %u",
			       frame_get16(&frame, frame.transport + 2));
	}
}

/* Where the rule names the zone and not the port's other users, a segment without a SYN is no way in. */
static void test_segments(void **state)
{
	static const uint8_t segments[] = {ACK, SYN | ACK, RST, RST | ACK, FIN | ACK, ACK | PSH};
	struct frame frame;

	for (unsigned i = 0; i < COUNT(segments) * N_FAMILIES; i++) {
		enum family family = i % N_FAMILIES;
		struct spec spec = opening(stranger[family], host[family], IPPROTO_TCP, 9000);

		spec.tcp_flags = segments[i / N_FAMILIES];
		packet_build(&frame, &spec);
		expect_counter(*state, INBOUND, &frame, REASON_NO_FLOW, "flags %#x to a zone's port",
			       spec.tcp_flags);
		spec.dst_port = 3000;
		packet_build(&frame, &spec);
		expect_counter(*state, INBOUND, &frame, REASON_NO_FLOW, "flags %#x to a passive port",
			       spec.tcp_flags);
		spec.src = office[family];
		spec.dst_port = 9000;
		packet_build(&frame, &spec);
		expect_service(*state, INBOUND, &frame, BACKUP, "flags %#x from the zone", spec.tcp_flags);
	}
}

/* Which of this host's addresses it is for does not matter. */
static void test_local_address(void **state)
{
	struct frame frame;

	for (enum family family = V4; family <= V6; family++) {
		struct spec spec = opening(stranger[family], host_too[family], IPPROTO_TCP, 443);

		packet_build(&frame, &spec);
		expect_service(*state, INBOUND, &frame, HTTPS, "to %s", spec.dst);
		spec.dst_port = 445;
		packet_build(&frame, &spec);
		expect_counter(*state, INBOUND, &frame, REASON_PORT, "to %s", spec.dst);
	}
}

static struct event denial(const struct prog *prog, uint64_t sequence)
{
	uint32_t key = sequence % N_DENIALS;
	struct event event;

	assert_return_code(bpf_map_lookup_elem(prog_map(prog, "denials"), &key, &event), errno);
	return event;
}

static void test_log(void **state)
{
	struct frame frame;

	for (enum family family = V4; family <= V6; family++) {
		struct spec spec = opening(stranger[family], host[family], IPPROTO_UDP, 123);
		uint64_t before = state_heads(*state).denials;
		struct addr peer = addr_of(spec.src), local = addr_of(spec.dst);
		struct event event;

		state_reset_reports(*state);
		packet_build(&frame, &spec);
		assert_false(prog_run(*state, INBOUND, &frame));
		assert_int_equal(state_heads(*state).denials, before + 1);
		event = denial(*state, before + 1);
		assert_int_equal(event.sequence, before + 1);
		assert_int_equal(event.kind, EVENT_DENY);
		assert_int_equal(event.direction, INBOUND);
		assert_int_equal(event.protocol, IPPROTO_UDP);
		assert_int_equal(event.reason, REASON_PEER);
		assert_int_equal(event.peer_port, 40000);
		assert_int_equal(event.local_port, 123);
		assert_memory_equal(&event.peer, &peer, sizeof(peer));
		assert_memory_equal(&event.local, &local, sizeof(local));
		assert_true(event.time_ns <= state_now() && event.time_ns + SECOND_NS > state_now());
	}
	assert_int_equal(state_heads(*state).events, 0);
}

/* Its type and code are told as such in both directions. */
static void test_log_icmp(void **state)
{
	for (unsigned i = 0; i < N_DIRECTIONS * N_FAMILIES; i++) {
		enum direction direction = i / N_FAMILIES;
		enum family family = i % N_FAMILIES;
		struct spec spec = {.src = direction == INBOUND ? stranger[family] : host[family],
				    .dst = direction == INBOUND ? host[family] : stranger[family],
				    .protocol = IPPROTO_ICMP,
				    .type = family == V4 ? 13 : 139,
				    .code = 2};
		uint64_t before = state_heads(*state).denials;
		struct event event;
		struct frame frame;

		state_reset_reports(*state);
		packet_build(&frame, &spec);
		assert_false(prog_run(*state, direction, &frame));
		assert_int_equal(state_heads(*state).denials, before + 1);
		event = denial(*state, before + 1);
		assert_int_equal(event.direction, direction);
		assert_int_equal(event.peer_port, spec.type);
		assert_int_equal(event.local_port, spec.code);
	}
}

/* A flood of denials is sampled, what is admitted leaves nothing, and every packet is counted. */
static void test_sampling(void **state)
{
	enum { FLOOD = 5000 };
	struct spec spec = opening(stranger[V4], host[V4], IPPROTO_TCP, 1);
	uint64_t began = state_now(), before = state_heads(*state).denials, seconds;
	struct counts first, last;
	struct frame frame;

	state_reset_reports(*state);
	prog_counts(*state, &first);
	packet_build(&frame, &spec);
	for (unsigned i = 0; i < FLOOD; i++)
		assert_false(prog_run(*state, INBOUND, &frame));
	prog_counts(*state, &last);
	seconds = (state_now() - began) / SECOND_NS + 2; /* that it can have touched */
	assert_int_equal(last.values[INBOUND][REASON_PORT].packets -
				 first.values[INBOUND][REASON_PORT].packets,
			 FLOOD);
	assert_in_range(state_heads(*state).denials - before, DENIALS_PER_SECOND,
			DENIALS_PER_SECOND * seconds * (uint64_t)libbpf_num_possible_cpus());
	spec.dst_port = 443;
	packet_build(&frame, &spec);
	before = state_heads(*state).denials;
	state_reset_reports(*state);
	assert_true(prog_run(*state, INBOUND, &frame));
	assert_int_equal(state_heads(*state).denials, before);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports),         cmocka_unit_test(test_zone_edges),
		cmocka_unit_test(test_port_bits),     cmocka_unit_test(test_segments),
		cmocka_unit_test(test_local_address), cmocka_unit_test(test_log),
		cmocka_unit_test(test_log_icmp),      cmocka_unit_test(test_sampling),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
