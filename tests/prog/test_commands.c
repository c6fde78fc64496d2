// SPDX-License-Identifier: GPL-2.0-only
/* What clients send on control connections is read for PASV and EPSV where a session is there, in the order
 * of its sequence numbers, and nowhere else. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "../../bpf/command_line.bpf.h"
#include "state.h"

enum { FIRST = 0xfffffffe, FRAME_BYTES = 512 }; /* the numbers begin anew within the first command */

static int setup(void **state)
{
	const struct port_rule control = {
		.service = CONTROL, .flags = PORT_OPEN | PORT_ANY | PORT_CONTROL, .peers = PEERS_ANY};
	struct prog *prog = prog_load_as(GENERATION, GENERATION_REPLY, NULL, NULL, 0);
	uint32_t index = port_index(INBOUND, TRANSPORT_TCP, 21);

	prog_fill_policy(prog);
	assert_return_code(bpf_map_update_elem(prog_map(prog, "ports"), &index, &control, BPF_ANY), errno);
	*state = prog;
	return 0;
}

static struct flow_key key_of(enum family family)
{
	return state_flow_key(IPPROTO_TCP, host[family], 21, stranger[family], CLIENT_PORT);
}

static void begin(const struct prog *prog, enum family family)
{
	const struct commands commands = {.reader.next = FIRST};
	struct flow_key key = key_of(family);

	assert_return_code(bpf_map_update_elem(prog_map(prog, "session_commands"), &key, &commands, BPF_ANY),
			   errno);
}

static struct commands commands_of(const struct prog *prog, enum family family)
{
	struct commands commands = {0};
	struct flow_key key = key_of(family);

	assert_return_code(bpf_map_lookup_elem(prog_map(prog, "session_commands"), &key, &commands), errno);
	return commands;
}

/* The client sends; `at` is where in its stream. */
static void say_in(const struct prog *prog, struct spec spec, uint32_t at, const char *text)
{
	uint32_t sequence = htonl((uint32_t)FIRST + at);
	struct frame frame;

	spec.data = (uint16_t)strlen(text);
	packet_build(&frame, &spec);
	memcpy(frame.bytes + frame.transport + 4, &sequence, sizeof(sequence));
	memcpy(frame.bytes + frame.length - spec.data, text, spec.data);
	prog_run(prog, INBOUND, &frame);
}

static struct spec segment(enum family family)
{
	return (struct spec){.src = stranger[family],
			     .dst = host[family],
			     .protocol = IPPROTO_TCP,
			     .src_port = CLIENT_PORT,
			     .dst_port = 21,
			     .tcp_flags = PSH | ACK};
}

static void say(const struct prog *prog, enum family family, uint32_t at, const char *text)
{
	say_in(prog, segment(family), at, text);
}

static void expect_asked(const struct prog *prog, enum family family, uint32_t asked, uint32_t bytes,
			 const char *what)
{
	struct commands commands = commands_of(prog, family);

	if (commands.reader.asked != asked || commands.reader.next != (uint32_t)FIRST + bytes)
		fail_msg("%s, family %d: asked %u, %u bytes read", what, family, commands.reader.asked,
			 commands.reader.next - (uint32_t)FIRST);
}

static void test_in_order(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		begin(*state, family);
		say(*state, family, 0, "PASV\r\n");
		expect_asked(*state, family, 1, 6, "one");
		say(*state, family, 6, "NOOP\r\nEPSV\r\nPASV\r\n");
		expect_asked(*state, family, 3, 24, "several in a segment");
		say(*state, family, 24, "P");
		say(*state, family, 25, "ASV\r");
		expect_asked(*state, family, 4, 29, "split");
		say(*state, family, 29, "\n");
		expect_asked(*state, family, 4, 30, "its end");
	}
}

static void test_what_is_not_next(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct spec other = segment(family);

		begin(*state, family);
		say(*state, family, 0, "NOOP\r\n");
		other.src_port++;
		say_in(*state, other, 6, "PASV\r\n");
		other = segment(family);
		other.src = stranger_too[family];
		say_in(*state, other, 6, "PASV\r\n");
		other = segment(family);
		other.vlan_tags = 1;
		say_in(*state, other, 6, "PASV\r\n");
		other = segment(family);
		other.tcp_flags = SYN | FIN;
		say_in(*state, other, 6, "PASV\r\n");
		expect_asked(*state, family, 0, 6, "another's, in no plain frame, denied");
		say(*state, family, 6, "PASV\r\n");
		expect_asked(*state, family, 1, 12, "the next");
	}
}

/* Sent again, what was read need not be what the socket took. */
static void test_sent_again(void **state)
{
	static const uint32_t places[] = {0, 3, 5, 7};

	for (unsigned i = 0; i < COUNT(places) * N_FAMILIES; i++) {
		enum family family = i % N_FAMILIES;

		begin(*state, family);
		say(*state, family, 0, "NOOP\r\n");
		say(*state, family, places[i / N_FAMILIES], "PASV\r\n");
		assert_int_equal(commands_of(*state, family).reader.state, COMMAND_LOST);
		say(*state, family, 6, "PASV\r\n");
		assert_int_equal(commands_of(*state, family).reader.asked, 0);
	}
}

/* Invariant: no packet makes state. */
static void test_no_session(void **state)
{
	for (enum family family = V4; family <= V6; family++)
		say(*state, family, 0, "PASV\r\n");
	assert_int_equal(state_n_entries(*state, "session_commands"), 0);
}

/* A SYN is nobody's command: who forges one shall not end the reading of a session. */
static void test_syn(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct spec syn = segment(family);

		syn.tcp_flags = SYN;
		begin(*state, family);
		say_in(*state, syn, 0, "PASV\r\n");
		say_in(*state, syn, 100, "PASV\r\n");
		syn.tcp_flags = SYN | ECE | CWR;
		say_in(*state, syn, 0, "PASV\r\n");
		say_in(*state, syn, 100, "PASV\r\n");
		expect_asked(*state, family, 0, 0, "in a SYN");
		say(*state, family, 0, "PASV\r\n");
		expect_asked(*state, family, 1, 6, "behind a forged SYN");
	}
}

static void test_tls(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		begin(*state, family);
		say(*state, family, 0, "AUTH TLS\r\n");
		say(*state, family, 10, "\x16\x03\x01\nPASV\r\n");
		say(*state, family, 20, "PASV\r\n");
		assert_int_equal(commands_of(*state, family).reader.asked, 0);
	}
}

/* As much as is looked at of one segment, and a byte more. */
static void test_length(void **state)
{
	char text[FRAME_BYTES + 2];

	memset(text, 'x', sizeof(text));
	memcpy(text + FRAME_BYTES - 7, "\nPASV\r\n", 8);
	for (enum family family = V4; family <= V6; family++) {
		begin(*state, family);
		say(*state, family, 0, text);
		expect_asked(*state, family, 1, FRAME_BYTES, "a long one");
		begin(*state, family);
		text[FRAME_BYTES] = 'x';
		text[FRAME_BYTES + 1] = '\0';
		say(*state, family, 0, text);
		assert_int_equal(commands_of(*state, family).reader.state, COMMAND_LOST);
		text[FRAME_BYTES] = '\0';
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_no_session, setup),
		cmocka_unit_test_setup(test_in_order, setup),
		cmocka_unit_test_setup(test_what_is_not_next, setup),
		cmocka_unit_test_setup(test_syn, setup),
		cmocka_unit_test_setup(test_tls, setup),
		cmocka_unit_test_setup(test_sent_again, setup),
		cmocka_unit_test_setup(test_length, setup),
	};

	return prog_main(tests, COUNT(tests), NULL, NULL);
}
