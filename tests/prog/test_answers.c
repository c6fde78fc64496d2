// SPDX-License-Identifier: GPL-2.0-only
/* Our own answers to what this host may not send come back to it; nothing else passes for one. */
#include <errno.h>

#include <bpf/bpf.h>

#include "state.h"

enum { PORT = 1813 };

static int setup(void **state)
{
	struct prog *prog = prog_load_as(GENERATION, GENERATION_REJECT_OUTBOUND, NULL, NULL, 0);

	prog_fill_policy(prog);
	*state = prog;
	return 0;
}

static struct flow_key denied(enum family family, uint8_t protocol)
{
	return state_flow_key(protocol, host[family], OUT_PORT, stranger[family], PORT);
}

/* As if it had just been denied and answered. */
static void put_answer(const struct prog *prog, const struct flow_key *key)
{
	uint64_t now = state_now();

	assert_return_code(bpf_map_update_elem(prog_map(prog, "answers"), key, &now, BPF_ANY), errno);
}

static bool answers(const struct prog *prog, const struct spec *spec)
{
	struct frame frame;

	packet_build(&frame, spec);
	return prog_run(prog, INBOUND, &frame);
}

static void test_datagram(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct flow_key key = denied(family, IPPROTO_UDP);
		struct spec datagram = {.src = host[family],
					.dst = stranger[family],
					.protocol = IPPROTO_UDP,
					.src_port = OUT_PORT,
					.dst_port = PORT};
		struct spec other_port = datagram, other_peer = datagram;
		struct spec error = {.src = stranger[family],
				     .dst = host[family],
				     .protocol = IPPROTO_ICMP,
				     .type = family == V4 ? 3 : 1,
				     .code = family == V4 ? 3 : 4,
				     .quote = &datagram};
		struct spec too_big = error, other = error;

		assert_false(answers(*state, &error));
		put_answer(*state, &key);
		too_big.type = family == V4 ? 3 : 2;
		too_big.code = family == V4 ? 4 : 0;
		assert_false(answers(*state, &too_big));
		other_port.dst_port++;
		other.quote = &other_port;
		assert_false(answers(*state, &other));
		other_peer.dst = stranger_too[family];
		other.quote = &other_peer;
		assert_false(answers(*state, &other));
		assert_true(answers(*state, &error));
		assert_false(answers(*state, &error)); /* once */
	}
}

/* Unknown to us, or of a flow that the policy has cut. */
static void test_connection(void **state)
{
	for (unsigned i = 0; i < 2 * N_FAMILIES; i++) {
		enum family family = i / 2;
		struct flow_key key = denied(family, IPPROTO_TCP);
		struct flow flow = state_live_flow(WEB);
		struct spec reset = {.src = stranger[family],
				     .dst = host[family],
				     .protocol = IPPROTO_TCP,
				     .src_port = PORT,
				     .dst_port = OUT_PORT,
				     .tcp_flags = RST | ACK};
		struct spec data = reset;

		flow.generation = GENERATION - 1;
		if (i % 2)
			state_put_flow(*state, "flows", &key, &flow);
		assert_false(answers(*state, &reset));
		put_answer(*state, &key);
		data.tcp_flags = ACK;
		assert_false(answers(*state, &data));
		assert_true(answers(*state, &reset));
		assert_false(answers(*state, &reset));
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datagram),
		cmocka_unit_test(test_connection),
	};

	return prog_main(tests, COUNT(tests), setup, prog_teardown);
}
