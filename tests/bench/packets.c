// SPDX-License-Identifier: GPL-2.0-only
// Nanoseconds that a program takes for a packet, above a bare program of its kind in the same run.
// Usage: packets ROUNDS REPEAT; stdin: "NAME|PROGRAM|drop or pass|FRAME|TARGET", or a heading.
#include "bench.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdio.h>
#include <string.h>

struct program {
	int fd;
	int expected; /* what it returns */
	int bare;
	int bare_returns;
};

struct packet_case {
	struct line line;
	struct program program;
	struct frame frame;
	struct series whole;
	struct series bare;
};

static double run(int program, const struct frame *frame, long repeat, int expected, const char *name)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes, .data_size_in = frame->size,
		    .repeat = repeat);

	if (bpf_prog_test_run_opts(program, &options))
		die("%s: BPF_PROG_TEST_RUN: %s", name, strerror(errno));
	if ((int)options.retval != expected)
		die("%s: the program returns %d, not %d", name, (int)options.retval, expected);
	return options.duration;
}

static struct program program_get(const char *where, const char *verdict)
{
	struct program program = {.fd = program_open(where)};
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	bool passes = strcmp(verdict, "pass") == 0;

	if (bpf_obj_get_info_by_fd(program.fd, &info, &size))
		die("%s: %s", where, strerror(errno));
	if (info.type == BPF_PROG_TYPE_XDP) {
		program.expected = passes ? XDP_PASS : XDP_DROP;
		program.bare_returns = XDP_DROP;
		program.bare = program_xdp(XDP_DROP);
	} else {
		program.expected = passes ? TC_ACT_UNSPEC : TC_ACT_SHOT;
		program.bare_returns = TC_ACT_SHOT;
		program.bare = program_tc(TC_ACT_SHOT);
	}
	return program;
}

static bool is_heading(const struct packet_case *item)
{
	return !*item->line.fields[1];
}

static void measure(struct packet_case *item, long repeat)
{
	const struct program *program = &item->program;

	series_add(&item->bare,
		   run(program->bare, &item->frame, repeat, program->bare_returns, "the bare program"));
	series_add(&item->whole,
		   run(program->fd, &item->frame, repeat, program->expected, item->line.fields[0]));
}

/* The least is what a packet costs when nothing else is in the way; it is what a target is held against. */
static void print(const struct packet_case *item)
{
	const struct series *whole = &item->whole, *bare = &item->bare;

	values_print(item->line.fields[0], series_min(whole) - series_min(bare),
		     series_median(whole) - series_median(bare), series_median(bare), item->line.fields[4]);
}

int main(int argc, char **argv)
{
	static struct packet_case cases[MAX_CASES];
	size_t n = 0;
	long rounds, repeat;

	if (argc != 3)
		die("usage: packets ROUNDS REPEAT");
	rounds = number_of(argv[1]);
	repeat = number_of(argv[2]);
	while (n < MAX_CASES && line_read(&cases[n].line)) {
		struct packet_case *item = &cases[n++];

		if (is_heading(item))
			continue;
		item->program = program_get(item->line.fields[1], item->line.fields[2]);
		frame_build(&item->frame, item->line.fields[3]);
	}
	stay_in_front();
	for (long round = 0; round < rounds; round++) {
		for (size_t i = 0; i < n; i++) {
			if (!is_heading(&cases[i]))
				measure(&cases[i], repeat);
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (is_heading(&cases[i]))
			printf("%s\n", cases[i].line.fields[0]);
		else
			print(&cases[i]);
	}
	return 0;
}
