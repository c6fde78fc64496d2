// SPDX-License-Identifier: GPL-2.0-only
/* Echo requests that are denied leave others their part of what is answered. */
#include <errno.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "state.h"

enum { SAMPLE_PINGS = 1, PLENTY = 1000 }; /* state_maps.bpf.h */

static int setup(void **state)
{
	const struct prog_prefix blocked[] = {zones_prefix("198.51.100.7/32", ZONE_BLOCKED),
					      zones_prefix("2001:db8:99::7/128", ZONE_BLOCKED)};
	const struct port_rule ping = {.flags = PORT_OPEN | PORT_ANY};
	uint32_t index = protocol_index(INBOUND, IPPROTO_ICMP);
	struct prog *prog = prog_load_zones(GENERATION, NULL, blocked, COUNT(blocked));

	prog_fill_policy(prog);
	assert_return_code(bpf_map_update_elem(prog_map(prog, "protocols"), &index, &ping, BPF_ANY), errno);
	*state = prog;
	return 0;
}

static struct allowance *allowances_new(void)
{
	struct allowance *all = calloc((size_t)libbpf_num_possible_cpus(), sizeof(*all));

	assert_non_null(all);
	return all;
}

static void give_plenty(const struct prog *prog)
{
	struct allowance *all = allowances_new();

	for (int i = 0; i < libbpf_num_possible_cpus(); i++)
		all[i].left = PLENTY;
	assert_return_code(
		bpf_map_update_elem(prog_map(prog, "samples"), &(uint32_t){SAMPLE_PINGS}, all, BPF_ANY),
		errno);
	free(all);
}

/* By all CPUs together. */
static uint32_t taken(const struct prog *prog)
{
	struct allowance *all = allowances_new();
	uint32_t sum = 0;

	assert_return_code(bpf_map_lookup_elem(prog_map(prog, "samples"), &(uint32_t){SAMPLE_PINGS}, all),
			   errno);
	for (int i = 0; i < libbpf_num_possible_cpus(); i++)
		sum += PLENTY - all[i].left;
	free(all);
	return sum;
}

static void test_denied(void **state)
{
	for (enum family family = V4; family <= V6; family++) {
		struct spec echo = {.src = stranger_too[family],
				    .dst = host[family],
				    .protocol = IPPROTO_ICMP,
				    .type = family == V4 ? 8 : 128};
		struct frame frame;

		give_plenty(*state);
		packet_build(&frame, &echo);
		expect_counter(*state, INBOUND, &frame, COUNTER_PING, "anybody's");
		assert_int_equal(taken(*state), 1);
		echo.src = stranger[family];
		packet_build(&frame, &echo);
		expect_counter(*state, INBOUND, &frame, REASON_BLOCKED, "a blocked one's");
		assert_int_equal(taken(*state), 1);
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {cmocka_unit_test(test_denied)};

	return prog_main(tests, COUNT(tests), setup, prog_teardown);
}
