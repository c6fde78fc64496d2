// SPDX-License-Identifier: GPL-2.0-only
/* Loads the filter programs and runs frames through them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "abi.h"
#include "datapath_frags.h"
#include "datapath_ranges.h"
#include "filter.skel.h"
#include "prog.h"
#include "prog_clear.h"

enum {
	XDP_VERDICT_DENY = 1,
	XDP_VERDICT_ALLOW = 2,
	TC_VERDICT_DENY = 2,
	TC_VERDICT_ALLOW = -1,
	NARROWINGS = 64
};

/* All maps that outlive a policy: what bpf/state_maps.bpf.h defines. */
static const char *const state_maps[] = {
	"settings",    "ftp_ports",      "ftp_servers", "sessions", "session_commands", "pinholes",
	"listeners",   "rogues",         "open_ports",  "flows",    "data_flows",       "flow_sockets",
	"connections", "fragment_peers", "actives",     "counters", "socket_traces",    "totals",
	"events",      "denials",        "event_heads", "samples",
};

struct prog {
	struct filter_bpf *skeleton;
	uint32_t ifindex;       /* where frames are run; 0: wherever */
	struct compiled *zones; /* what its tables of ranges are filled with */
	struct prog *next;      /* see prog_next(); NULL until it is asked for */
};

static int print_warnings(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

static void share_state(struct filter_bpf *skeleton, const struct prog *state_of)
{
	for (size_t i = 0; i < COUNT(state_maps); i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(skeleton->obj, state_maps[i]);

		assert_non_null(map);
		assert_return_code(bpf_map__reuse_fd(map, prog_map(state_of, state_maps[i])), errno);
	}
}

/* `open_tcp_ports`: NULL for all, which leaves them to the rules. */
static struct prog *load(uint32_t generation, uint32_t flags, const struct port_bits *open_tcp_ports,
			 const struct prog *state_of, const struct prog_prefix *prefixes, size_t n)
{
	struct prog *prog = calloc(1, sizeof(*prog));

	assert_non_null(prog);
	prog->zones = zones_compile(prefixes, n);
	libbpf_set_print(print_warnings);
	prog->skeleton = filter_bpf__open();
	assert_non_null(prog->skeleton);
	prog->skeleton->rodata->generation = generation;
	prog->skeleton->rodata->flags = zones_flags(prog->zones) | flags;
	if (open_tcp_ports)
		memcpy((void *)&prog->skeleton->rodata->open_tcp_ports, open_tcp_ports,
		       sizeof(*open_tcp_ports));
	assert_return_code(bpf_map__set_max_entries(prog->skeleton->maps.narrowings, NARROWINGS), errno);
	ranges_prepare(prog->skeleton, prog->zones);
	filter_take_frags(prog->skeleton);
	prog_make_clearable(prog->skeleton->obj);
	if (state_of)
		share_state(prog->skeleton, state_of);
	assert_int_equal(filter_bpf__load(prog->skeleton), 0);
	assert_int_equal(ranges_fill(prog->skeleton, prog->zones), 0);
	return prog;
}

struct prog *prog_load_as(uint32_t generation, uint32_t flags, const struct prog *state_of,
			  const struct prog_prefix *prefixes, size_t n)
{
	return load(generation, flags, NULL, state_of, prefixes, n);
}

struct prog *prog_load_closed(uint32_t generation, uint16_t port)
{
	struct port_bits open;

	memset(&open, 0xff, sizeof(open));
	open.bytes[port / 8] &= (uint8_t) ~(1u << port % 8);
	return load(generation, 0, &open, NULL, NULL, 0);
}

struct prog *prog_load_zones(uint32_t generation, const struct prog *state_of,
			     const struct prog_prefix *prefixes, size_t n)
{
	return prog_load_as(generation, 0, state_of, prefixes, n);
}

void prog_place(struct prog *prog, uint32_t ifindex)
{
	prog->ifindex = ifindex;
}

void prog_free(struct prog *prog)
{
	if (!prog)
		return;
	prog_free(prog->next);
	filter_bpf__destroy(prog->skeleton);
	zones_free(prog->zones);
	free(prog);
}

bool prog_takes_frags(const struct prog *prog)
{
	return prog->skeleton->rodata->has_frags;
}

int prog_map(const struct prog *prog, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(prog->skeleton->obj, name);

	if (fd < 0)
		fail_msg("no map `%s`", name);
	return fd;
}

/* Back to what prog_load() gave, but for the maps named. */
static void clear(const struct prog *prog, const char *const kept[], size_t n_kept)
{
	prog_clear_maps(prog->skeleton->obj, kept, n_kept);
	assert_int_equal(ranges_fill(prog->skeleton, prog->zones), 0);
}

struct prog *prog_next(struct prog *prog)
{
	if (prog->next)
		clear(prog->next, state_maps, COUNT(state_maps));
	else
		prog->next = prog_load(GENERATION + 1, prog);
	return prog->next;
}

int prog_setup(void **state)
{
	struct prog *prog = prog_load(GENERATION, NULL);

	prog_fill_policy(prog);
	*state = prog;
	return 0;
}

int prog_reset(void **state)
{
	struct prog *prog = *state;

	clear(prog, NULL, 0);
	prog->ifindex = 0;
	prog_fill_policy(prog);
	return 0;
}

int prog_teardown(void **state)
{
	prog_free(*state);
	return 0;
}

static uint32_t test_run(const struct bpf_program *program, const void *bytes, size_t size, void *context,
			 size_t context_size)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = bytes, .data_size_in = (uint32_t)size,
		    .ctx_in = context, .ctx_size_in = (uint32_t)context_size);
	int error = bpf_prog_test_run_opts(bpf_program__fd(program), &options);

	if (error)
		fail_msg("the kernel refuses to run %s on %zu bytes: %s", bpf_program__name(program), size,
			 strerror(-error));
	return options.retval;
}

bool prog_run_forwarded(const struct prog *prog, const struct frame *frame, uint32_t ingress_ifindex)
{
	struct __sk_buff skb = {.ingress_ifindex = ingress_ifindex, .ifindex = prog->ifindex};
	bool has_context = ingress_ifindex || prog->ifindex;
	int verdict = (int)test_run(prog->skeleton->progs.egress, frame->bytes, frame->length,
				    has_context ? &skb : NULL, has_context ? sizeof(skb) : 0);

	assert_true(verdict == TC_VERDICT_ALLOW || verdict == TC_VERDICT_DENY);
	return verdict == TC_VERDICT_ALLOW;
}

uint32_t prog_action(const struct prog *prog, const struct frame *frame)
{
	struct xdp_md xdp = {.data_end = frame->length, .ingress_ifindex = prog->ifindex};

	return test_run(prog->skeleton->progs.ingress, frame->bytes, frame->length,
			prog->ifindex ? &xdp : NULL, prog->ifindex ? sizeof(xdp) : 0);
}

bool prog_run(const struct prog *prog, enum direction direction, const struct frame *frame)
{
	uint32_t verdict;

	if (direction == OUTBOUND)
		return prog_run_forwarded(prog, frame, 0);
	verdict = prog_action(prog, frame);
	assert_true(verdict == XDP_VERDICT_ALLOW || verdict == XDP_VERDICT_DENY);
	return verdict == XDP_VERDICT_ALLOW;
}

uint32_t prog_explain(const struct prog *prog, enum direction direction, const struct frame *frame)
{
	struct {
		struct explain_head head;
		uint8_t bytes[FRAME_MAX];
	} made = {.head = {.ifindex = prog->ifindex}};

	memcpy(made.bytes, frame->bytes, frame->length);
	return test_run(direction == INBOUND ? prog->skeleton->progs.explain_inbound
					     : prog->skeleton->progs.explain_outbound,
			&made, sizeof(made.head) + frame->length, NULL, 0);
}
