// SPDX-License-Identifier: GPL-2.0-only
/* What a frame must meet: one verdict, from explain and from the real program, and one counter that rises. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "names.h"
#include "prog.h"

const char *prog_counter_name(uint32_t counter)
{
	static const char *const services[N_SERVICES] = {
		[HTTPS] = "https", [CONTROL] = "control", [BACKUP] = "backup", [INTERNAL] = "internal",
		[LOGS] = "logs",   [TIME] = "time",       [DATA] = "data",     [WEB] = "web",
		[MAIL] = "mail",   [DNS] = "dns",         [RADIUS] = "radius",
	};

	if (counter < N_REASONS)
		return reason_name(counter);
	if (counter == COUNTER_LINK || counter == COUNTER_ICMP)
		return counter == COUNTER_LINK ? "link" : "icmp";
	if (counter == COUNTER_FRAGMENTS)
		return "fragments";
	if (counter < COUNTER_SERVICES || counter >= COUNTERS_SEEN)
		return "nothing known";
	return services[counter - COUNTER_SERVICES];
}

void prog_counts(const struct prog *prog, struct counts *ret)
{
	int fd = prog_map(prog, "counters"), n_cpus = libbpf_num_possible_cpus();
	uint32_t keys[N_DIRECTIONS * COUNTERS_SEEN], next, n = COUNT(keys);
	struct counter_value cpus[COUNT(keys) * n_cpus];

	memset(ret, 0, sizeof(*ret));
	assert_return_code(bpf_map_lookup_batch(fd, NULL, &next, keys, cpus, &n, NULL), errno);
	assert_int_equal(n, COUNT(keys));
	for (enum direction direction = INBOUND; direction < N_DIRECTIONS; direction++) {
		for (uint32_t i = 0; i < COUNTERS_SEEN * (uint32_t)n_cpus; i++) {
			uint32_t counter = i / n_cpus, index = counter_index(direction, counter);

			assert_int_equal(keys[index], index);
			ret->values[direction][counter].packets += cpus[index * n_cpus + i % n_cpus].packets;
			ret->values[direction][counter].bytes += cpus[index * n_cpus + i % n_cpus].bytes;
		}
	}
}

/* Whether only `counter` went up, by one frame; else says what did. */
static bool only_counted(const struct counts *before, const struct counts *after, enum direction direction,
			 uint32_t counter, uint32_t bytes)
{
	bool right = true;

	for (uint32_t i = 0; i < N_DIRECTIONS * COUNTERS_SEEN; i++) {
		uint32_t d = i / COUNTERS_SEEN, c = i % COUNTERS_SEEN;
		uint64_t packets = after->values[d][c].packets - before->values[d][c].packets;
		uint64_t more = after->values[d][c].bytes - before->values[d][c].bytes;
		bool wanted = d == direction && c == counter;

		if (packets == wanted && more == (wanted ? bytes : 0))
			continue;
		right = false;
		print_error("%s `%s` rose by %llu packets, %llu bytes\n",
			    d == INBOUND ? "inbound" : "outbound", prog_counter_name(c),
			    (unsigned long long)packets, (unsigned long long)more);
	}
	return right;
}

void prog_expect(const struct prog *prog, enum direction direction, const struct frame *frame,
		 uint32_t counter, const char *file, int line, const char *format, ...)
{
	struct counts before, after;
	uint32_t explained;
	char what[160];
	bool admitted;
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	prog_counts(prog, &before);
	explained = prog_explain(prog, direction, frame);
	admitted = prog_run(prog, direction, frame);
	prog_counts(prog, &after);
	if (only_counted(&before, &after, direction, counter, frame->length) && explained == counter &&
	    admitted == (counter >= COUNTER_LINK))
		return;
	print_error("%s %s: %s, explained as `%s`; wanted `%s`\n",
		    direction == INBOUND ? "inbound" : "outbound", what, admitted ? "admitted" : "denied",
		    prog_counter_name(explained), prog_counter_name(counter));
	_fail(file, line);
}
