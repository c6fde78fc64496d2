// SPDX-License-Identifier: GPL-2.0-only
// `postern status`: what is in force and what it did.
#include <stdio.h>

#include "cleanup.h"
#include "command.h"
#include "options.h"
#include "output.h"
#include "status.h"

static int run(const struct context *context, int argc, char **argv)
{
	struct datapath *datapath CLEANUP(datapath_cleanup) = NULL;
	struct status status CLEANUP(status_clear) = {0};
	struct failure ignored;
	int r = option_none(&cmd_status, argc, argv);

	if (r != EXIT_DONE)
		return r;
	/* What keeps the state from being read keeps the instance from being opened, and is said there. */
	if (apply_state_wait(context->instance, &status.state, &ignored))
		status.state = APPLY_WHOLE;
	if (status.state == APPLY_HALF_MADE) {
		fprintf(stderr,
			"postern: nothing is in force: the first apply of instance '%s' was interrupted, and "
			"its "
			"interfaces may be shut; 'postern down' or 'postern apply' cleans up\n",
			context->instance);
		return EXIT_FAILED;
	}
	r = instance_open(context, &datapath);
	if (r == EXIT_DONE)
		r = status_read(datapath, context->instance, &status);
	if (r != EXIT_DONE)
		return r;
	if (context->json)
		return json_print(status_to_json(&status), 0);
	status_print(&status, stdout);
	return EXIT_DONE;
}

const struct command cmd_status = {
	.name = "status",
	.synopsis = "",
	.summary = "print what is in force and what it did",
	.details = "Exits with 1 where nothing is in force. recursion_misses counts socket events that a "
		   "program\n"
		   "was too busy to see; what it would have missed is repaired from the traffic.",
	.needs_root = true,
	.run = run,
};
