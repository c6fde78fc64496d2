// SPDX-License-Identifier: GPL-2.0-only
// `postern confirm`: keeps what `apply --confirm` put in force.
#include <stdio.h>

#include "apply.h"
#include "options.h"
#include "output.h"

static int run(const struct context *context, int argc, char **argv)
{
	struct failure failure = {""};
	int status = option_none(&cmd_confirm, argc, argv);

	if (status)
		return status;
	if (apply_confirm(context->instance, &failure)) {
		fprintf(stderr, "postern: %s\n", failure.text);
		return EXIT_FAILED;
	}
	if (context->json)
		return json_print(json_pack("{s:s, s:b}", "instance", context->instance, "confirmed", 1), 0);
	puts("confirmed");
	return EXIT_DONE;
}

const struct command cmd_confirm = {
	.name = "confirm",
	.synopsis = "",
	.summary = "keep what 'apply --confirm' put in force",
	.needs_root = true,
	.run = run,
};
