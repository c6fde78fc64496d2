// SPDX-License-Identifier: GPL-2.0-only
/* Loads every BPF program, the filter with each flag that changes its code, and says how far each stays from
 * the verifier's limits. Usage: margins [--list | VARIANT]: the names of the variants, one of them, or all.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "abi.h"
#include "adopt.skel.h"
#include "datapath_cast.h"
#include "datapath_frags.h"
#include "filter.skel.h"
#include "manual.skel.h"
#include "margins.h"
#include "sockets.skel.h"
#include "tls.skel.h"

enum { LOG_STATS = 4, LOG_SIZE = 65536, MAX_PROGRAMS = 16 };

enum { REJECT = GENERATION_REJECT_INBOUND | GENERATION_REJECT_OUTBOUND };

enum object { FILTER, SOCKETS, ADOPT, MANUAL, TLS };

static const struct variant {
	const char *name;
	enum object object;
	uint32_t flags; /* FILTER: enum generation_flag; SOCKETS: 1 where file tables are read by casts */
} variants[] = {
	{"filter", FILTER, 0},
	{"filter, audit", FILTER, GENERATION_AUDIT},
	{"filter, reject inbound", FILTER, GENERATION_REJECT_INBOUND},
	{"filter, reject outbound", FILTER, GENERATION_REJECT_OUTBOUND},
	{"filter, block", FILTER, GENERATION_BLOCK},
	{"filter, narrowed", FILTER, GENERATION_NARROWED},
	{"filter, replies", FILTER, GENERATION_REPLY},
	{"filter, all", FILTER, REJECT | GENERATION_BLOCK | GENERATION_NARROWED | GENERATION_REPLY},
	{"sockets", SOCKETS, 0},
	{"sockets, cast", SOCKETS, 1},
	{"adopt", ADOPT, 0},
	{"manual", MANUAL, 0},
	{"tls", TLS, 0},
};

static int print_warnings(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stdout, format, args) : 0;
}

/* The windows of a policy with many zones: without them the verifier would remove the search for an address.
 */
static void set_policy(struct filter_bpf *filter, uint32_t flags)
{
	const struct range_window in_first_half = {.common_high = 10ull << 56,
						   .skip = 8,
						   .bits = MAX_WINDOW_BITS},
				  in_second_half = {.common_high = 0x20010db800000000,
						    .common_low = 1ull << 62,
						    .skip = 70,
						    .bits = MAX_WINDOW_BITS};

	filter_take_frags(filter);
	filter->rodata->flags = flags;
	filter->rodata->zone_window4 = in_first_half;
	filter->rodata->zone_window6 = in_second_half;
	filter->rodata->block_window4 = in_first_half;
	filter->rodata->block_window6 = in_second_half;
}

/* The object's skeleton lives until the process ends. NULL: errno says why. */
static struct bpf_object *open_object(const struct variant *variant)
{
	struct filter_bpf *filter;
	struct sockets_bpf *sockets;
	struct adopt_bpf *adopt;
	struct manual_bpf *manual;
	struct tls_bpf *tls;

	switch (variant->object) {
	case FILTER:
		filter = filter_bpf__open();
		if (filter)
			set_policy(filter, variant->flags);
		return filter ? filter->obj : NULL;
	case SOCKETS:
		sockets = sockets_bpf__open();
		if (sockets)
			sockets->rodata->can_cast = variant->flags && kernel_can_cast();
		return sockets ? sockets->obj : NULL;
	case ADOPT:
		adopt = adopt_bpf__open();
		return adopt ? adopt->obj : NULL;
	case MANUAL:
		manual = manual_bpf__open();
		return manual ? manual->obj : NULL;
	default:
		tls = tls_bpf__open();
		if (tls && libbpf_find_vmlinux_btf_id("sock_send_length", BPF_TRACE_RAW_TP) < 0) {
			bpf_program__set_autoload(tls->progs.tls_send_1, false);
			bpf_program__set_autoload(tls->progs.tls_send_2, false);
		}
		return tls ? tls->obj : NULL;
	}
}

/* Prints a line for the program. False where its stack is too deep for the kernels that count in steps of 32.
 */
static bool print_program(const struct bpf_program *program, const struct btf *btf, const char *log)
{
	const char *stack = strstr(log, "stack depth "), *processed = strstr(log, "processed ");
	uint32_t depths[MAX_FUNCTIONS], n_depths = 0;
	struct chain chain = {0};
	int error;

	for (const char *at = stack ? stack + strlen("stack depth ") - 1 : NULL;
	     at && n_depths < MAX_FUNCTIONS;) {
		char *end;

		depths[n_depths++] = (uint32_t)strtoul(at + 1, &end, 10);
		at = *end == '+' ? end : NULL;
	}
	error = chain_deepest(bpf_program__fd(program), btf, depths, n_depths, &chain);
	printf("#   %-18s %7lu instructions processed, ", bpf_program__name(program),
	       processed ? strtoul(processed + strlen("processed "), NULL, 10) : 0ul);
	if (error) {
		printf("cannot tell its stack: %s\n", strerror(-error));
		return false;
	}
	printf("stack %3u of %d:", chain.bytes, STACK_LIMIT);
	for (uint32_t i = 0; i < chain.n_frames; i++)
		printf("%s %s %u", i ? "," : "", chain.names[i], chain.frame_bytes[i]);
	printf("\n");
	return chain.bytes <= STACK_LIMIT;
}

/* What the verifier said of the program that it refused, the last that it was given. */
static void print_refusal(char (*logs)[LOG_SIZE], size_t n)
{
	while (n && !*logs[n - 1])
		n--;
	if (!n)
		return;
	for (const char *line = strtok(logs[n - 1], "\n"); line; line = strtok(NULL, "\n"))
		printf("#   %s\n", line);
}

static bool load_variant(const struct variant *variant)
{
	static char logs[MAX_PROGRAMS][LOG_SIZE];
	struct bpf_object *object = open_object(variant);
	struct bpf_program *program;
	bool right = object;
	size_t n = 0;

	bpf_object__for_each_program(program, object)
	{
		bpf_program__set_log_level(program, LOG_STATS);
		*logs[n] = '\0';
		bpf_program__set_log_buf(program, logs[n++], LOG_SIZE);
	}
	if (!right || bpf_object__load(object)) {
		printf("not ok load: %s: %s\n", variant->name, strerror(errno));
		print_refusal(logs, n);
		return false;
	}
	n = 0;
	bpf_object__for_each_program(program, object)
	{
		if (bpf_program__autoload(program))
			right = print_program(program, bpf_object__btf(object), logs[n]) && right;
		n++;
	}
	printf("%s load: %s\n", right ? "ok" : "not ok", variant->name);
	return right;
}

static int list_variants(void)
{
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
		puts(variants[i].name);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0;

	if (argc > 1 && !strcmp(argv[1], "--list"))
		return list_variants();
	libbpf_set_print(print_warnings);
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		if (argc > 1 && strcmp(argv[1], variants[i].name))
			continue;
		if (load_variant(&variants[i]))
			passed++;
		else
			failed++;
	}
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed || !passed;
}
