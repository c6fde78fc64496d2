// SPDX-License-Identifier: GPL-2.0-only
/* Active FTP: a SYN that no rule lets out leaves where its socket was seen to connect to a client of its
 * process, and becomes a flow that lives as long as the control service admits the client. */
#include <errno.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "state.h"

enum { CLIENT_DATA_PORT = 45000, SESSION = 77, COOKIES = 200, COOKIES_AT_ONCE = 4096 };

/* The cookie that a socket gets when it is asked for it: the next of its CPU. */
static uint64_t next_cookie(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(uint64_t);
	uint64_t cookie;

	assert_return_code(fd, errno);
	assert_return_code(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size), errno);
	close(fd);
	return cookie;
}

/* A test run has a socket of its own, with the next cookie of its CPU or one of those soon after. */
static void put_actives(const struct prog *prog, const struct active *active)
{
	uint64_t first;

	/* A CPU takes so many at once: not just before the end of them. */
	do
		first = next_cookie() + 1;
	while (first % COOKIES_AT_ONCE > COOKIES_AT_ONCE - COOKIES);
	for (uint64_t cookie = first; cookie < first + COOKIES; cookie++)
		assert_return_code(bpf_map_update_elem(prog_map(prog, "actives"), &cookie, active, BPF_ANY),
				   errno);
}

static void drop_actives(const struct prog *prog)
{
	uint64_t cookie;

	while (!bpf_map_get_next_key(prog_map(prog, "actives"), NULL, &cookie))
		assert_return_code(bpf_map_delete_elem(prog_map(prog, "actives"), &cookie), errno);
}

static void set_session(const struct prog *prog, bool is_live)
{
	struct session session = {.control_port = 21};
	uint64_t cookie = SESSION;

	if (is_live)
		bpf_map_update_elem(prog_map(prog, "sessions"), &cookie, &session, BPF_ANY);
	else
		bpf_map_delete_elem(prog_map(prog, "sessions"), &cookie);
}

static void set_control(const struct prog *prog, enum peer_set peers, uint8_t more_flags)
{
	uint32_t key = port_index(INBOUND, TRANSPORT_TCP, 21);
	struct port_rule rule;

	prog_open_port(prog, INBOUND, TRANSPORT_TCP, 21, CONTROL, peers);
	assert_return_code(bpf_map_lookup_elem(prog_map(prog, "ports"), &key, &rule), errno);
	rule.flags |= more_flags;
	assert_return_code(bpf_map_update_elem(prog_map(prog, "ports"), &key, &rule, BPF_ANY), errno);
}

static struct active good(enum family family)
{
	return (struct active){.client = addr_of(stranger[family]),
			       .session = SESSION,
			       .port = CLIENT_DATA_PORT,
			       .control_port = 21,
			       .service = DATA};
}

static struct spec to_client(enum family family, uint8_t tcp_flags)
{
	return (struct spec){.src = host[family],
			     .dst = stranger[family],
			     .protocol = IPPROTO_TCP,
			     .src_port = 20,
			     .dst_port = CLIENT_DATA_PORT,
			     .tcp_flags = tcp_flags};
}

/* The verdict on the client's address: a counter. Explain knows no sockets, and has no part in it. */
static uint32_t verdict_on(const struct prog *prog, enum direction direction, const struct spec *spec)
{
	struct counts before, after;
	struct frame frame;

	packet_build(&frame, spec);
	prog_counts(prog, &before);
	prog_run(prog, direction, &frame);
	prog_counts(prog, &after);
	for (uint32_t i = 0; i < COUNTERS_SEEN; i++)
		if (after.values[direction][i].packets != before.values[direction][i].packets)
			return i;
	return 0;
}

static void expect(const struct prog *prog, enum direction direction, struct spec spec, uint32_t counter,
		   const char *what)
{
	uint32_t got = verdict_on(prog, direction, &spec);

	if (got != counter)
		fail_msg("%s: %s, not %s", what, prog_counter_name(got), prog_counter_name(counter));
}

static int setup(void **state)
{
	const struct sched_param lowest = {.sched_priority = 1};
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	/* Nor does anybody else take cookies there meanwhile. */
	if (sched_setaffinity(0, sizeof(one), &one) || sched_setscheduler(0, SCHED_FIFO, &lowest))
		return -1;
	return prog_setup(state);
}

static int reset(void **state)
{
	int r = prog_reset(state);

	drop_actives(*state);
	set_session(*state, true);
	set_control(*state, PEERS_ANY, PORT_ACTIVE);
	return r;
}

static void test_opens(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct active active = good(family);
		struct spec syn = to_client(family, SYN), answer = syn;

		expect(*state, OUTBOUND, syn, REASON_PORT, "nothing known of it");
		put_actives(*state, &active);
		answer.src = syn.dst;
		answer.dst = syn.src;
		answer.src_port = syn.dst_port;
		answer.dst_port = syn.src_port;
		answer.tcp_flags = SYN | ACK;
		expect(*state, INBOUND, answer, REASON_NO_FLOW, "before its SYN");
		expect(*state, OUTBOUND, syn, COUNTER_SERVICES + DATA, "its SYN");
		expect(*state, OUTBOUND, syn, COUNTER_SERVICES + DATA, "its SYN again");
		expect(*state, INBOUND, answer, COUNTER_SERVICES + DATA, "the answer");
		expect(*state, OUTBOUND, to_client(family, ACK), COUNTER_SERVICES + DATA, "data");
		assert_int_equal(state_n_entries(*state, "flows"), family + 1);
		drop_actives(*state);
	}
}

static void test_refuses(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct active other_client = good(family), other_port = good(family);
		struct active active = good(family);

		other_client.client = addr_of(stranger_too[family]);
		put_actives(*state, &other_client);
		expect(*state, OUTBOUND, to_client(family, SYN), REASON_PORT, "for another client");
		other_port.port--;
		put_actives(*state, &other_port);
		expect(*state, OUTBOUND, to_client(family, SYN), REASON_PORT, "for another port");
		put_actives(*state, &active);
		set_session(*state, false);
		expect(*state, OUTBOUND, to_client(family, SYN), REASON_PORT, "without its session");
		set_session(*state, true);
		set_control(*state, PEERS_ANY, 0);
		expect(*state, OUTBOUND, to_client(family, SYN), REASON_PORT, "of a server without it");
		set_control(*state, PEERS_OFFICE, PORT_ACTIVE);
		expect(*state, OUTBOUND, to_client(family, SYN), REASON_PORT, "to whom control is denied");
		set_control(*state, PEERS_ANY, PORT_ACTIVE);
		assert_int_equal(state_n_entries(*state, "flows"), family);
		expect(*state, OUTBOUND, to_client(family, SYN), COUNTER_SERVICES + DATA, "as it should be");
		drop_actives(*state);
	}
}

/* Once for each connection. */
static void test_reports(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct active bounce = good(family);
		uint64_t before = state_heads(*state).events;
		struct addr victim = addr_of(stranger[family]);
		struct event event;
		uint32_t key;

		bounce.client = addr_of(stranger_too[family]);
		bounce.refusal = REFUSED_BOUNCE;
		put_actives(*state, &bounce);
		expect(*state, OUTBOUND, to_client(family, SYN), REASON_PORT, "a bounce");
		assert_int_equal(state_heads(*state).events, before + 1);
		key = (uint32_t)((before + 1) % N_EVENTS);
		assert_return_code(bpf_map_lookup_elem(prog_map(*state, "events"), &key, &event), errno);
		assert_int_equal(event.kind, EVENT_PINHOLE_REFUSED);
		assert_int_equal(event.reason, REFUSED_BOUNCE);
		assert_memory_equal(&event.peer, &bounce.client, sizeof(event.peer));
		assert_memory_equal(&event.local, &victim, sizeof(event.local));
		assert_int_equal(event.local_port, CLIENT_DATA_PORT);
		drop_actives(*state);
	}
}

/* What the policy that comes next thinks of it. */
static void test_next_policy(void **state)
{
	static const struct {
		enum peer_set peers;
		uint8_t flags;
		uint32_t counter;
	} cases[] = {
		{PEERS_ANY, PORT_ACTIVE, COUNTER_SERVICES + DATA},
		{PEERS_ANY, 0, REASON_CUT},
		{PEERS_OFFICE, PORT_ACTIVE, REASON_CUT},
	};
	struct prog *next = prog_next(*state);

	for (unsigned i = 0; i < COUNT(cases) * N_FAMILIES; i++) {
		enum family family = i % N_FAMILIES;
		struct active active = good(family);

		reset(state);
		put_actives(*state, &active);
		expect(*state, OUTBOUND, to_client(family, SYN), COUNTER_SERVICES + DATA, "its SYN");
		prog_fill_policy(next);
		set_control(next, cases[i / N_FAMILIES].peers, cases[i / N_FAMILIES].flags);
		expect(next, OUTBOUND, to_client(family, ACK), cases[i / N_FAMILIES].counter, "afterwards");
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_opens, reset),
		cmocka_unit_test_setup(test_refuses, reset),
		cmocka_unit_test_setup(test_reports, reset),
		cmocka_unit_test_setup(test_next_policy, reset),
	};

	return prog_main(tests, COUNT(tests), setup, prog_teardown);
}
