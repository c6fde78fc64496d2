// SPDX-License-Identifier: GPL-2.0-only
/* A full map of flows denies what would need room in it, and keeps all that it has; so does that of whom
 * fragments are let in from. */
#include <errno.h>
#include <stdlib.h>

#include <bpf/bpf.h>

#include "state.h"

static void fill_flows(const struct prog *prog)
{
	uint32_t n = MAX_FLOWS - 1;
	struct flow_key *keys = calloc(n, sizeof(*keys));
	struct flow *flows = calloc(n, sizeof(*flows));

	assert_non_null(keys);
	assert_non_null(flows);
	for (uint32_t i = 0; i < n; i++) {
		keys[i] = state_flow_key(IPPROTO_TCP, host[V4], 1, relay[V4], 25);
		keys[i].local.word[0] = i + 1;
		flows[i] = state_live_flow(MAIL);
	}
	assert_return_code(bpf_map_update_batch(prog_map(prog, "flows"), keys, flows, &n, NULL), errno);
	assert_int_equal(n, MAX_FLOWS - 1);
	free(keys);
	free(flows);
}

/* The last place goes to the first who comes; then nothing more is opened, and nothing is pushed out. */
static void test_full(void **state)
{
	struct spec first = {.src = host[V6],
			     .dst = relay[V6],
			     .protocol = IPPROTO_TCP,
			     .src_port = 50000,
			     .dst_port = 25};
	struct flow_key key = state_flow_key(IPPROTO_TCP, first.src, 50000, first.dst, 25);
	struct counts before, after;
	struct frame frame;
	struct flow flow;

	fill_flows(*state);
	packet_build(&frame, &first);
	expect_service(*state, OUTBOUND, &frame, MAIL, "the last place");
	prog_counts(*state, &before);
	for (unsigned i = 0; i < 4; i++) {
		struct spec more = {.src = host[i % 2],
				    .dst = relay[i % 2],
				    .src_port = 50001,
				    .dst_port = 53,
				    .protocol = i / 2 ? IPPROTO_TCP : IPPROTO_UDP};

		packet_build(&frame, &more);
		assert_false(prog_run(*state, OUTBOUND, &frame));
	}
	prog_counts(*state, &after);
	assert_int_equal(after.values[OUTBOUND][REASON_FLOWS_FULL].packets -
				 before.values[OUTBOUND][REASON_FLOWS_FULL].packets,
			 4);
	assert_true(state_get_flow(*state, "flows", &key, &flow));
	assert_int_equal(state_n_entries(*state, "flows"), MAX_FLOWS);
	assert_int_equal(state_n_entries(*state, "fragment_peers"), 0);
	packet_build(&frame, &first);
	expect_service(*state, OUTBOUND, &frame, MAIL, "a SYN sent again has its place");
}

static void fill_fragment_peers(const struct prog *prog)
{
	uint32_t n = MAX_FRAGMENT_PEERS;
	struct addr *keys = calloc(n, sizeof(*keys));
	struct fragment_peer *peers = calloc(n, sizeof(*peers));

	assert_non_null(keys);
	assert_non_null(peers);
	for (uint32_t i = 0; i < n; i++) {
		keys[i] = addr_of(stranger[V6]);
		keys[i].word[3] = i;
		peers[i].seen_ns = state_now();
	}
	assert_return_code(bpf_map_update_batch(prog_map(prog, "fragment_peers"), keys, peers, &n, NULL),
			   errno);
	free(keys);
	free(peers);
}

/* What does not fit is sent and answered all the same; only its later fragments are not let in. */
static void test_full_of_fragment_peers(void **state)
{
	fill_fragment_peers(*state);
	for (enum family family = V4; family <= V6; family++) {
		struct spec sent = {.src = host[family],
				    .dst = relay[family],
				    .protocol = IPPROTO_UDP,
				    .src_port = 50000,
				    .dst_port = 53};
		struct spec later = {
			.src = relay[family], .dst = host[family], .protocol = IPPROTO_UDP, .data = 40};
		struct frame frame;

		packet_build(&frame, &sent);
		expect_service(*state, OUTBOUND, &frame, DNS, "sent");
		expect_service(*state, OUTBOUND, &frame, DNS, "sent again");
		spec_fragment(&later, 185, false);
		packet_build(&frame, &later);
		expect_counter(*state, INBOUND, &frame, REASON_FRAGMENT, "later fragment");
		assert_int_equal(state_n_entries(*state, "fragment_peers"), MAX_FRAGMENT_PEERS);
		assert_int_equal(state_fragment_peer_seen(*state, relay[family]), 0);
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_full, prog_reset),
		cmocka_unit_test_setup(test_full_of_fragment_peers, prog_reset),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
