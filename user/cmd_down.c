// SPDX-License-Identifier: GPL-2.0-only
// `postern down`: takes an instance out of force.
#include <errno.h>
#include <stdio.h>

#include "apply.h"
#include "options.h"
#include "output.h"

static const struct option_help options[] = {
	{"--force", NULL,
	 "even where its filters (--egress clsact) cannot be removed: their network namespace is another "
	 "one"},
	{NULL, NULL, NULL},
};

static int run(const struct context *context, int argc, char **argv)
{
	struct option_reader reader = {.command = &cmd_down, .argc = argc, .argv = argv};
	struct failure failure = {""};
	bool force = false;
	int option;

	while ((option = option_next(&reader)) != OPTION_END) {
		if (option == OPTION_WRONG)
			return EXIT_USAGE;
		if (option == OPTION_OPERAND)
			return option_extra(&cmd_down, reader.value);
		force = true;
	}
	if (apply_down(context->instance, force, &failure)) {
		fprintf(stderr, "postern: %s\n", failure.text);
		return EXIT_FAILED;
	}
	if (context->json)
		return json_print(json_pack("{s:s, s:b}", "instance", context->instance, "down", 1), 0);
	printf("instance '%s' is down: its interfaces are not filtered any more\n", context->instance);
	return EXIT_DONE;
}

const struct command cmd_down = {
	.name = "down",
	.synopsis = "[--force]",
	.summary = "detach and remove everything of the instance: nothing is filtered then",
	.options = options,
	.needs_root = true,
	.run = run,
};
