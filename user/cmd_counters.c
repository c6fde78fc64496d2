// SPDX-License-Identifier: GPL-2.0-only
// `postern counters`: packets by service, and by the reason they were denied for.
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "cleanup.h"
#include "command.h"
#include "names.h"
#include "output.h"
#include "tally.h"

/* A service of the policy may be called as what is counted without one: they are one line then. */
static void add_service(json_t *services, const char *name, const struct counter_value *value)
{
	json_t *existing = json_object_get(services, name);
	json_int_t packets = json_integer_value(json_object_get(existing, "packets"));
	json_int_t bytes = json_integer_value(json_object_get(existing, "bytes"));

	json_object_set_new(services, name,
			    json_pack("{s:I, s:I}", "packets", packets + (json_int_t)value->packets, "bytes",
				      bytes + (json_int_t)value->bytes));
}

static json_t *json_direction(const struct tally *tally, enum direction direction)
{
	json_t *services = json_object(), *denied = json_object();

	for (unsigned i = N_REASONS; i < N_COUNTERS; i++) {
		const char *name = tally_service(tally, i);

		if (name)
			add_service(services, name, tally_of(tally, direction, i));
	}
	for (unsigned i = REASON_NONE + 1; i < N_REASONS; i++)
		json_object_set_new(denied, reason_name(i),
				    json_integer((json_int_t)tally_of(tally, direction, i)->packets));
	return json_pack("{s:o, s:o}", "services", services, "denied", denied);
}

static void add_row(struct table *table, const char *kind, enum direction direction, const char *name,
		    const struct counter_value *value)
{
	if (!name || value->packets == 0)
		return;
	table_add(table, "%s", direction_name(direction));
	table_add(table, "%s", kind);
	table_add(table, "%s", name);
	table_add(table, "%" PRIu64, (uint64_t)value->packets);
	table_add(table, "%" PRIu64, (uint64_t)value->bytes);
}

static int print_text(const struct tally *tally)
{
	static const char *const headings[] = {"DIRECTION", "VERDICT", "SERVICE OR REASON",
					       ">PACKETS",  ">BYTES",  NULL};
	struct table *table = table_new(headings);

	for (unsigned direction = 0; table && direction < N_DIRECTIONS; direction++) {
		for (unsigned i = N_REASONS; i < N_COUNTERS; i++)
			add_row(table, "allowed", direction, tally_service(tally, i),
				tally_of(tally, direction, i));
		for (unsigned i = REASON_NONE + 1; i < N_REASONS; i++)
			add_row(table, "denied", direction, reason_name(i), tally_of(tally, direction, i));
	}
	return table_finish(table);
}

static int show(const struct context *context, const struct datapath *datapath)
{
	CLEANUP_FREE struct tally *tally = tally_read(datapath);

	if (!tally)
		return EXIT_FAILED;
	if (!context->json)
		return print_text(tally);
	return json_print(json_pack("{s:o, s:o}", "inbound", json_direction(tally, INBOUND), "outbound",
				    json_direction(tally, OUTBOUND)),
			  0);
}

static int run(const struct context *context, int argc, char **argv)
{
	return instance_show(context, &cmd_counters, argc, argv, show);
}

const struct command cmd_counters = {
	.name = "counters",
	.synopsis = "",
	.summary = "print packets by service, and by the reason they were denied for",
	.details =
		"The table leaves out what counted nothing; JSON has every service and reason. The reasons\n"
		"are explained by 'postern events --help'.",
	.needs_root = true,
	.run = run,
};
