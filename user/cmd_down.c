// SPDX-License-Identifier: GPL-2.0-only
// `postern down`: takes an instance out of force.
#include <errno.h>
#include <stdio.h>

#include "apply.h"
#include "options.h"

static int run(const struct context *context, int argc, char **argv)
{
	struct failure failure = {""};
	int status = option_none(&cmd_down, argc, argv);

	if (status)
		return status;
	if (apply_down(context->instance, &failure)) {
		fprintf(stderr, "postern: %s\n", failure.text);
		return EXIT_FAILED;
	}
	if (!context->json)
		printf("instance '%s' is down: its interfaces are not filtered any more\n",
		       context->instance);
	return EXIT_DONE;
}

const struct command cmd_down = {
	.name = "down",
	.synopsis = "",
	.summary = "detach and remove everything of the instance: nothing is filtered then",
	.needs_root = true,
	.run = run,
};
