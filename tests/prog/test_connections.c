// SPDX-License-Identifier: GPL-2.0-only
/* The map `connections`: its entry admits the segments of that very connection, and no other packet. */
#include <arpa/inet.h>
#include <errno.h>

#include <bpf/bpf.h>

#include "state.h"

enum { WEB_PORT = 8443, LOCAL_PORT = 50000 };

static struct spec leaving(enum family family)
{
	return (struct spec){.src = host[family],
			     .dst = stranger[family],
			     .protocol = IPPROTO_TCP,
			     .src_port = LOCAL_PORT,
			     .dst_port = WEB_PORT,
			     .tcp_flags = ACK,
			     .data = 4};
}

static struct spec arriving(enum family family)
{
	struct spec spec = leaving(family);

	spec.src = stranger[family];
	spec.dst = host[family];
	spec.src_port = WEB_PORT;
	spec.dst_port = LOCAL_PORT;
	return spec;
}

static struct flow_key key_of(enum family family)
{
	return state_flow_key(IPPROTO_TCP, host[family], LOCAL_PORT, stranger[family], WEB_PORT);
}

/* As state_put_flow() puts it. */
static struct connection connection_of(enum family family)
{
	struct flow_key key = key_of(family);
	struct flow flow = state_live_flow(WEB);

	return state_connection(&key, &flow);
}

static void expect_both(const struct prog *prog, enum family family, uint32_t counter, const char *what)
{
	struct spec in = arriving(family), out = leaving(family);
	struct frame frame;

	packet_build(&frame, &in);
	expect_counter(prog, INBOUND, &frame, counter, "%s", what);
	packet_build(&frame, &out);
	expect_counter(prog, OUTBOUND, &frame, counter, "%s", what);
}

static void test_segments(void **state)
{
	static const uint8_t flags[] = {ACK, SYN | ACK, FIN | ACK, RST, RST | ACK, PSH | ACK};

	for (unsigned i = 0; i < COUNT(flags) * N_FAMILIES; i++) {
		enum family family = i % N_FAMILIES;
		struct connection connection = connection_of(family);
		struct spec in = arriving(family), out = leaving(family);
		struct frame frame;

		state_put_connection(*state, LOCAL_PORT, &connection);
		in.tcp_flags = out.tcp_flags = flags[i / N_FAMILIES];
		packet_build(&frame, &in);
		expect_service(*state, INBOUND, &frame, WEB, "flags %#x", in.tcp_flags);
		/* A SYN and ACK is no plain segment of what we opened, but belongs to it. */
		packet_build(&frame, &out);
		expect_service(*state, OUTBOUND, &frame, WEB, "flags %#x", out.tcp_flags);
		in.tcp_flags = SYN;
		packet_build(&frame, &in);
		expect_counter(*state, INBOUND, &frame, REASON_PORT, "an opening segment");
	}
}

/* A segment that differs in one bit of what makes the connection belongs to none. */
static void test_one_bit_away(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct connection connection = connection_of(family);
		struct spec in = arriving(family), out = leaving(family);
		unsigned address_bits = family == V4 ? 32 : 128;
		struct frame frame;

		state_put_connection(*state, LOCAL_PORT, &connection);
		for (unsigned bit = 0; bit < 32; bit++) {
			packet_build(&frame, &in);
			frame_flip(&frame, frame.transport + bit / 8, bit % 8);
			expect_counter(*state, INBOUND, &frame, REASON_NO_FLOW, "bit %u of the ports", bit);
			packet_build(&frame, &out);
			frame_flip(&frame, frame.transport + bit / 8, bit % 8);
			expect_counter(*state, OUTBOUND, &frame, REASON_NO_FLOW, "bit %u of the ports", bit);
		}
		/* Some are sources that nobody may have; what is left of them matters here. */
		for (unsigned bit = 0; bit < 2 * address_bits; bit++) {
			packet_build(&frame, &in);
			frame_flip(&frame, frame.transport - 1 - bit / 8, bit % 8);
			assert_false(prog_run(*state, INBOUND, &frame));
			packet_build(&frame, &out);
			frame_flip(&frame, frame.transport - 1 - bit / 8, bit % 8);
			assert_false(prog_run(*state, OUTBOUND, &frame));
		}
		expect_both(*state, family, COUNTER_SERVICES + WEB, "none of them took it");
	}
}

/* An IPv4 address as IPv6 writes it is no peer of an IPv4 connection. */
static void test_mapped(void **state)
{
	struct connection connection = connection_of(V4);
	struct spec in = arriving(V6), out = leaving(V6);
	struct frame frame;

	in.src = "::ffff:198.51.100.7";
	in.dst = "::ffff:192.0.2.1";
	out.src = in.dst;
	out.dst = in.src;
	connection.local = (struct addr){{0, 0, htonl(0xffff), htonl(0xc0000201)}};
	connection.peer = (struct addr){{0, 0, htonl(0xffff), htonl(0xc6336407)}};
	connection.tag = connection_tag(&connection.local, &connection.peer, LOCAL_PORT, WEB_PORT);
	state_put_connection(*state, LOCAL_PORT, &connection);
	packet_build(&frame, &in);
	expect_counter(*state, INBOUND, &frame, REASON_SOURCE, "from there");
	packet_build(&frame, &out);
	assert_false(prog_run(*state, OUTBOUND, &frame));
}

/* What this host sends to an address that nobody may send from opens nothing for it. */
static void test_no_source(void **state)
{
	static const char *const nobody[N_FAMILIES] = {"240.0.0.9", "ff0e::9"};

	for (enum family family = V4; family <= V6; family++) {
		struct flow_key key =
			state_flow_key(IPPROTO_TCP, host[family], LOCAL_PORT, nobody[family], WEB_PORT);
		struct flow flow = state_live_flow(WEB);
		struct connection connection = state_connection(&key, &flow);
		struct spec in = arriving(family), out = leaving(family);
		struct frame frame;

		in.src = out.dst = nobody[family];
		connection.generation = GENERATION - 1;
		state_put_connection(*state, LOCAL_PORT, &connection);
		packet_build(&frame, &out);
		expect_service(*state, OUTBOUND, &frame, WEB, "to nobody");
		packet_build(&frame, &in);
		expect_counter(*state, INBOUND, &frame, REASON_SOURCE, "from nobody");
	}
}

/* What a reader can meet while a writer is at work. */
static void test_half_written(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct connection whole = connection_of(family), half = whole;

		half.tag = CONNECTION_NONE;
		state_put_connection(*state, LOCAL_PORT, &half);
		expect_both(*state, family, REASON_NO_FLOW, "removed");
		half.tag = CONNECTION_CLAIMED;
		state_put_connection(*state, LOCAL_PORT, &half);
		expect_both(*state, family, REASON_NO_FLOW, "claimed");
		for (unsigned word = 0; word < 4; word++) {
			half = whole;
			half.peer.word[word] ^= 1;
			half.tag = connection_tag(&half.local, &half.peer, LOCAL_PORT, half.peer_port);
			half.peer = whole.peer;
			state_put_connection(*state, LOCAL_PORT, &half);
			expect_both(*state, family, REASON_NO_FLOW, "the tag of another peer");
			half = whole;
			half.local.word[word] ^= 0x80000000;
			half.tag = connection_tag(&half.local, &half.peer, LOCAL_PORT, half.peer_port);
			half.local = whole.local;
			state_put_connection(*state, LOCAL_PORT, &half);
			expect_both(*state, family, REASON_NO_FLOW, "the tag of another address of ours");
		}
		half = whole;
		half.tag = connection_tag(&half.local, &half.peer, LOCAL_PORT, half.peer_port ^ 1);
		state_put_connection(*state, LOCAL_PORT, &half);
		expect_both(*state, family, REASON_NO_FLOW, "the tag of another port");
		state_put_connection(*state, LOCAL_PORT, &whole);
		expect_both(*state, family, COUNTER_SERVICES + WEB, "whole");
	}
}

/* Both maps can have it: one that lingers, and the next of the same addresses and ports. */
static void test_before_flows(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct connection connection = connection_of(family);
		struct flow_key key = key_of(family);
		struct flow older = state_live_flow(MAIL);

		older.closing_ns = older.since_ns;
		state_put_flow(*state, "flows", &key, &older);
		expect_both(*state, family, COUNTER_SERVICES + MAIL, "one that lingers");
		state_put_connection(*state, LOCAL_PORT, &connection);
		expect_both(*state, family, COUNTER_SERVICES + WEB, "the next");
		connection.tag = CONNECTION_NONE;
		state_put_connection(*state, LOCAL_PORT, &connection);
		expect_both(*state, family, COUNTER_SERVICES + MAIL, "the older one again");
	}
}

/* Errors about its segments are ours, too. */
static void test_quoted(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct connection connection = connection_of(family);
		struct spec quote = leaving(family);
		struct spec error = {.src = office[family],
				     .dst = host[family],
				     .protocol = IPPROTO_ICMP,
				     .type = family == V4 ? 3 : 1,
				     .quote = &quote};
		struct frame frame;

		packet_build(&frame, &error);
		expect_counter(*state, INBOUND, &frame, REASON_ICMP_QUOTE, "before");
		state_put_connection(*state, LOCAL_PORT, &connection);
		expect_counter(*state, INBOUND, &frame, COUNTER_ICMP, "of the connection");
		quote.src_port++;
		packet_build(&frame, &error);
		expect_counter(*state, INBOUND, &frame, REASON_ICMP_QUOTE, "of another");
	}
}

/* What was blocked since is denied though the connection is open, and so is what comes from our own address:
 * each time, as a policy takes no such connection for one that it admits. */
static void test_blocked_and_forged(void **state)
{
	const struct prog_prefix blocked[] = {zones_prefix("198.51.100.7/32", ZONE_BLOCKED),
					      zones_prefix("2001:db8:99::7/128", ZONE_BLOCKED)};
	struct prog *blocking = prog_load_zones(GENERATION, *state, blocked, COUNT(blocked));

	prog_fill_policy(blocking);
	for (enum family family = V4; family <= V6; family++) {
		struct connection connection = connection_of(family);
		struct spec in = arriving(family);
		struct addr own = addr_of(in.src);
		uint32_t mark = own_mark(&own);
		struct frame frame;

		packet_build(&frame, &in);
		connection.generation = GENERATION - 1;
		state_put_connection(*state, LOCAL_PORT, &connection);
		expect_both(blocking, family, REASON_BLOCKED, "blocked");
		expect_both(blocking, family, REASON_BLOCKED, "blocked again");
		expect_both(*state, family, COUNTER_SERVICES + WEB, "not blocked");
		expect_both(*state, family, COUNTER_SERVICES + WEB, "not blocked, as found before");
		assert_return_code(
			bpf_map_update_elem(prog_map(*state, "own_marks"), &mark, &(uint8_t){1}, BPF_ANY),
			errno);
		assert_return_code(
			bpf_map_update_elem(prog_map(*state, "own_addresses"), &own, &(uint32_t){1}, BPF_ANY),
			errno);
		state_put_connection(*state, LOCAL_PORT, &connection);
		expect_counter(*state, INBOUND, &frame, REASON_SOURCE, "forged");
		expect_counter(*state, INBOUND, &frame, REASON_SOURCE, "forged again");
	}
	prog_free(blocking);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_segments, prog_reset),
		cmocka_unit_test_setup(test_one_bit_away, prog_reset),
		cmocka_unit_test_setup(test_mapped, prog_reset),
		cmocka_unit_test_setup(test_no_source, prog_reset),
		cmocka_unit_test_setup(test_half_written, prog_reset),
		cmocka_unit_test_setup(test_before_flows, prog_reset),
		cmocka_unit_test_setup(test_quoted, prog_reset),
		cmocka_unit_test_setup(test_blocked_and_forged, prog_reset),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
