// SPDX-License-Identifier: GPL-2.0-only
/* Rules that hold on one interface or at one address of ours: there and nowhere else, for what is opened, for
 * replies, for data connections, and for errors about them. */
#include "state.h"

enum { SSH_PORT = 22, SYSLOG_PORT = 5140, NTP_PORT = 1230, RADIUS_PORT = 1812, WEB_PORT = 8443 };

static const uint32_t ssh = COUNTER_SERVICES + BACKUP, data = COUNTER_SERVICES + DATA,
		      logs = COUNTER_SERVICES + LOGS, web = COUNTER_SERVICES + WEB;

static int setup(void **state)
{
	struct prog *prog = *state;

	prog_reset(state);
	prog_close_port(prog, INBOUND, TRANSPORT_TCP, 21);
	prog_close_port(prog, OUTBOUND, TRANSPORT_TCP, WEB_PORT);
	for (enum family family = V4; family <= V6; family++) {
		prog_narrow(prog, INBOUND, TRANSPORT_TCP, SSH_PORT, BACKUP, PEERS_OFFICE, IFINDEX_TWO,
			    host[family]);
		prog_narrow(prog, INBOUND, TRANSPORT_TCP, 21, CONTROL, PEERS_ANY, IFINDEX_TWO, host[family]);
		prog_narrow(prog, INBOUND, TRANSPORT_UDP, NTP_PORT, TIME, PEERS_ANY, 0, host_too[family]);
	}
	prog_narrow(prog, INBOUND, TRANSPORT_UDP, SYSLOG_PORT, LOGS, PEERS_ANY, IFINDEX_TWO, NULL);
	prog_narrow(prog, INBOUND, TRANSPORT_TCP, 9000, BACKUP, PEERS_ANY, IFINDEX_ONE, NULL);
	prog_narrow(prog, OUTBOUND, TRANSPORT_TCP, WEB_PORT, WEB, PEERS_ANY, IFINDEX_TWO, NULL);
	return 0;
}

static int group_setup(void **state)
{
	prog_make_interfaces();
	*state = prog_load_narrowed(GENERATION, NULL);
	return 0;
}

static void expect_at(struct prog *prog, uint32_t ifindex, enum direction direction, struct spec spec,
		      uint32_t counter, const char *what)
{
	struct frame frame;

	packet_build(&frame, &spec);
	prog_place(prog, ifindex);
	expect_counter(prog, direction, &frame, counter, "%s, %s to %s at interface %u", what, spec.src,
		       spec.dst, ifindex);
}

/* With this host's port and the peer's, whichever way it goes. */
static struct spec packet(enum direction direction, const char *local, const char *peer, uint8_t protocol,
			  uint16_t local_port, uint16_t peer_port)
{
	bool in = direction == INBOUND;

	return (struct spec){.src = in ? peer : local,
			     .dst = in ? local : peer,
			     .protocol = protocol,
			     .src_port = in ? peer_port : local_port,
			     .dst_port = in ? local_port : peer_port,
			     .data = 8};
}

static struct spec segment(enum direction direction, const char *local, const char *peer, uint16_t local_port,
			   uint16_t peer_port, uint8_t flags)
{
	struct spec spec = packet(direction, local, peer, IPPROTO_TCP, local_port, peer_port);

	spec.tcp_flags = flags;
	return spec;
}

static void test_opening(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct spec spec =
			packet(INBOUND, host[family], office[family], IPPROTO_TCP, SSH_PORT, CLIENT_PORT);

		expect_at(*state, IFINDEX_TWO, INBOUND, spec, ssh, "there");
		expect_at(*state, IFINDEX_ONE, INBOUND, spec, REASON_PEER, "another interface");
		spec.dst = host_too[family];
		expect_at(*state, IFINDEX_TWO, INBOUND, spec, REASON_PEER, "another address");
		spec.dst = host[family];
		spec.src = stranger[family];
		expect_at(*state, IFINDEX_TWO, INBOUND, spec, REASON_PEER, "another peer");

		/* Only an interface, only an address. */
		spec = packet(INBOUND, host[family], stranger[family], IPPROTO_UDP, SYSLOG_PORT, CLIENT_PORT);
		expect_at(*state, IFINDEX_TWO, INBOUND, spec, logs, "there");
		expect_at(*state, IFINDEX_ONE, INBOUND, spec, REASON_PEER, "another interface");
		spec.dst = host_too[family];
		expect_at(*state, IFINDEX_TWO, INBOUND, spec, logs, "any address");
		spec.dst_port = NTP_PORT;
		expect_at(*state, IFINDEX_ONE, INBOUND, spec, COUNTER_SERVICES + TIME, "any interface");
		spec.dst = host[family];
		expect_at(*state, IFINDEX_ONE, INBOUND, spec, REASON_PEER, "another address");
	}
}

/* One bit of the address away it is another. */
static void test_address_bits(void **state)
{
	struct prog *prog = *state;
	struct frame frame;

	prog_place(prog, IFINDEX_TWO);
	for (enum family family = V4; family <= V6; family++)
		for (unsigned bit = 0; bit < (family == V4 ? 32 : 128); bit++) {
			struct spec spec = packet(INBOUND, host[family], office[family], IPPROTO_TCP,
						  SSH_PORT, CLIENT_PORT);

			packet_build(&frame, &spec);
			frame_flip(&frame, frame.ip + (family == V4 ? 16 : 24) + bit / 8, 7 - bit % 8);
			expect_counter(prog, INBOUND, &frame, REASON_PEER, "bit %u of %s turned", bit,
				       spec.dst);
		}
}

static void test_rules_add_up(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct spec spec =
			packet(INBOUND, host[family], office[family], IPPROTO_TCP, 9000, CLIENT_PORT);

		expect_at(*state, IFINDEX_ONE, INBOUND, spec, ssh, "by the rule for everywhere");
		expect_at(*state, IFINDEX_TWO, INBOUND, spec, ssh, "by the rule for everywhere");
		spec.src = stranger[family];
		expect_at(*state, IFINDEX_ONE, INBOUND, spec, ssh, "by the rule for here");
		expect_at(*state, IFINDEX_TWO, INBOUND, spec, REASON_PEER, "by none");
		spec.dst_port = 443;
		expect_at(*state, IFINDEX_TWO, INBOUND, spec, COUNTER_SERVICES + HTTPS, "not narrowed");
		spec.dst_port = 23;
		expect_at(*state, IFINDEX_TWO, INBOUND, spec, REASON_PORT, "not open");
	}
}

static void test_replies(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct spec spec =
			segment(OUTBOUND, host[family], office[family], SSH_PORT, CLIENT_PORT, SYN | ACK);

		expect_at(*state, IFINDEX_TWO, OUTBOUND, spec, ssh, "reply");
		expect_at(*state, IFINDEX_ONE, OUTBOUND, spec, REASON_NO_FLOW, "by another interface");
		spec.src = host_too[family];
		expect_at(*state, IFINDEX_TWO, OUTBOUND, spec, REASON_NO_FLOW, "from another address");
		spec = packet(OUTBOUND, host[family], stranger[family], IPPROTO_UDP, SYSLOG_PORT,
			      CLIENT_PORT);
		expect_at(*state, IFINDEX_TWO, OUTBOUND, spec, logs, "reply");
		expect_at(*state, IFINDEX_ONE, OUTBOUND, spec, REASON_PORT, "by another interface");
	}
}

/* What comes back may take another way; what leaves may not. */
static void test_outbound(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		const char *us = host[family], *peer = stranger[family];
		struct spec opening = segment(OUTBOUND, us, peer, OUT_PORT, WEB_PORT, SYN);
		struct spec back = segment(INBOUND, us, peer, OUT_PORT, WEB_PORT, SYN | ACK);
		struct spec more = segment(OUTBOUND, us, peer, OUT_PORT, WEB_PORT, ACK);

		expect_at(*state, IFINDEX_ONE, OUTBOUND, opening, REASON_PEER, "by another interface");
		expect_at(*state, IFINDEX_TWO, INBOUND, back, REASON_NO_FLOW, "nothing was opened");
		expect_at(*state, IFINDEX_TWO, OUTBOUND, opening, web, "there");
		expect_at(*state, IFINDEX_TWO, INBOUND, back, web, "its answer");
		expect_at(*state, IFINDEX_ONE, INBOUND, back, web, "its answer by another interface");
		expect_at(*state, IFINDEX_TWO, OUTBOUND, more, web, "its next segment");
		expect_at(*state, IFINDEX_ONE, OUTBOUND, more, REASON_CUT, "by another interface");
		expect_at(*state, IFINDEX_TWO, OUTBOUND, more, web, "there again");
	}
}

static void put_flow(const struct prog *prog, const char *map, const struct flow_key *key,
		     enum service service, uint32_t generation, uint32_t ifindex)
{
	struct flow flow = state_live_flow(service);

	flow.generation = generation;
	flow.ifindex = ifindex;
	state_put_flow(prog, map, key, &flow);
}

/* A flow that another policy admitted is judged by where it leaves, also when its peer speaks first; only
 * where that is not known, by where it is seen. */
static void test_policy_change(void **state)
{
	for (unsigned i = 0; i < 2 * N_FAMILIES; i++) {
		const char *map = i / N_FAMILIES ? "connections" : "flows";
		enum family family = i % N_FAMILIES;
		const char *us = host[family], *peer = stranger[family];
		struct flow_key key = state_flow_key(IPPROTO_TCP, us, OUT_PORT, peer, WEB_PORT);
		struct spec in = segment(INBOUND, us, peer, OUT_PORT, WEB_PORT, ACK);
		struct spec out = segment(OUTBOUND, us, peer, OUT_PORT, WEB_PORT, ACK);

		put_flow(*state, map, &key, WEB, GENERATION - 1, IFINDEX_TWO);
		expect_at(*state, IFINDEX_ONE, INBOUND, in, web, "it leaves by two");
		put_flow(*state, map, &key, WEB, GENERATION - 1, IFINDEX_ONE);
		expect_at(*state, IFINDEX_TWO, INBOUND, in, REASON_CUT, "it leaves by one");
		expect_at(*state, IFINDEX_TWO, OUTBOUND, out, web, "it has moved to two");
		expect_at(*state, IFINDEX_ONE, INBOUND, in, web, "it leaves by two now");
		put_flow(*state, map, &key, WEB, GENERATION - 1, 0);
		expect_at(*state, IFINDEX_ONE, INBOUND, in, REASON_CUT, "seen at one");
		expect_at(*state, IFINDEX_TWO, INBOUND, in, web, "seen at two");
		expect_at(*state, IFINDEX_ONE, OUTBOUND, out, REASON_CUT, "it leaves by one");
	}
}

/* Of an FTP server whose control service holds at `host` on interface two. */
static void test_pinholes(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		const char *peer = stranger[family];
		struct spec in = segment(INBOUND, host[family], peer, PINHOLE_PORT, CLIENT_PORT, SYN);
		struct spec out = segment(OUTBOUND, host[family], peer, PINHOLE_PORT, CLIENT_PORT, SYN | ACK);

		state_put_pinhole(*state, peer, NULL, PINHOLE_PORT, 21);
		expect_at(*state, IFINDEX_TWO, INBOUND, in, data, "there");
		expect_at(*state, IFINDEX_TWO, OUTBOUND, out, data, "its reply");
		expect_at(*state, IFINDEX_ONE, INBOUND, in, REASON_NO_PINHOLE, "another interface");
		expect_at(*state, IFINDEX_ONE, OUTBOUND, out, REASON_NO_FLOW, "its reply elsewhere");
		in.dst = host_too[family];
		expect_at(*state, IFINDEX_TWO, INBOUND, in, REASON_NO_PINHOLE, "another address");
	}
}

static void test_data_flows(void **state)
{
	for (enum family family = V4; family <= V6; family++)
		for (enum direction direction = INBOUND; direction < N_DIRECTIONS; direction++) {
			const char *us = host[family], *peer = stranger[family];
			struct flow_key key = state_flow_key(IPPROTO_TCP, us, DATA_PORT, peer, CLIENT_PORT);
			struct spec spec = segment(direction, us, peer, DATA_PORT, CLIENT_PORT, ACK);

			put_flow(*state, "data_flows", &key, DATA, 0, 0);
			expect_at(*state, IFINDEX_TWO, direction, spec, data, "there");
			expect_at(*state, IFINDEX_ONE, direction, spec, REASON_CUT, "another interface");
			expect_at(*state, IFINDEX_TWO, direction, spec, data, "there again");
			key = state_flow_key(IPPROTO_TCP, host_too[family], DATA_PORT, peer, CLIENT_PORT);
			put_flow(*state, "data_flows", &key, DATA, 0, 0);
			spec = segment(direction, host_too[family], peer, DATA_PORT, CLIENT_PORT, ACK);
			expect_at(*state, IFINDEX_TWO, direction, spec, REASON_CUT, "another address");
		}
}

/* Errors about a reply of ours: where the reply is ours. */
static void test_errors(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct spec quote =
			segment(OUTBOUND, host[family], office[family], SSH_PORT, CLIENT_PORT, ACK);
		struct spec error = {.src = stranger[family],
				     .dst = host[family],
				     .protocol = IPPROTO_ICMP,
				     .type = family == V4 ? 3 : 1,
				     .quote = &quote};

		expect_at(*state, IFINDEX_TWO, INBOUND, error, COUNTER_ICMP, "error");
		expect_at(*state, IFINDEX_ONE, INBOUND, error, REASON_ICMP_QUOTE, "error elsewhere");
		quote.src = error.dst = host_too[family];
		expect_at(*state, IFINDEX_TWO, INBOUND, error, REASON_ICMP_QUOTE, "about another address");
	}
}

/* The fast path is the old one: without the flag the table is not even looked at. */
static void test_switched_off(void **state)
{
	struct prog *prog = prog_load(GENERATION, NULL);
	struct spec spec = packet(INBOUND, host[V4], office[V4], IPPROTO_TCP, SSH_PORT, CLIENT_PORT);

	(void)state;
	prog_fill_policy(prog);
	prog_narrow(prog, INBOUND, TRANSPORT_TCP, SSH_PORT, BACKUP, PEERS_OFFICE, IFINDEX_TWO, host[V4]);
	expect_at(prog, IFINDEX_TWO, INBOUND, spec, REASON_PEER, "without the flag");
	prog_free(prog);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	struct CMUnitTest tests[] = {
		TEST(test_opening),  TEST(test_address_bits),  TEST(test_rules_add_up), TEST(test_replies),
		TEST(test_outbound), TEST(test_policy_change), TEST(test_pinholes),     TEST(test_data_flows),
		TEST(test_errors),   TEST(test_switched_off),
	};

	return prog_main(tests, COUNT(tests), group_setup, prog_teardown);
}
