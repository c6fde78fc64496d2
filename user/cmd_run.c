// SPDX-License-Identifier: GPL-2.0-only
// `postern run`: puts a policy in force and stays.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cleanup.h"
#include "command_apply.h"
#include "options.h"
#include "output.h"
#include "pins.h"
#include "run.h"

enum { OPTION_INTERFACE };

static const struct option_help options[] = {
	[OPTION_INTERFACE] = OPTION_HELP_INTERFACE,
	{NULL, NULL, NULL},
};

struct arguments {
	const char *path;
	struct interface_names interfaces;
};

static int take_arguments(struct arguments *arguments, int argc, char **argv)
{
	struct option_reader reader = {.command = &cmd_run, .argc = argc, .argv = argv};
	int option;

	while ((option = option_next(&reader)) != OPTION_END) {
		if (option == OPTION_WRONG)
			return EXIT_USAGE;
		if (option == OPTION_OPERAND) {
			if (arguments->path)
				return option_extra(&cmd_run, reader.value);
			arguments->path = reader.value;
		} else if (interface_names_add(&arguments->interfaces, reader.value)) {
			return EXIT_USAGE;
		}
	}
	return EXIT_DONE;
}

/* Two would report every event twice, and claim each line of a log twice. */
static int claim(const struct context *context, int *ret)
{
	*ret = pins_claim(context->instance);
	if (*ret != -EWOULDBLOCK)
		return EXIT_DONE;
	fprintf(stderr, "postern: another 'postern run' of instance '%s' is there\n", context->instance);
	return EXIT_FAILED;
}

/* Who asks for a reload during the first apply is answered after it, by run_child_signals(). */
static void hold_reloads(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int run(const struct context *context, int argc, char **argv)
{
	struct arguments arguments = {0};
	char buf[POLICY_PATH_SIZE];
	struct run_request request = {.context = context, .began_ns = boot_time_ns()};
	CLEANUP_FD int claimed = -1;
	int status = take_arguments(&arguments, argc, argv);

	if (status == EXIT_DONE)
		status = claim(context, &claimed);
	if (status)
		return status;
	hold_reloads();
	request.path = arguments.path ? arguments.path : policy_default_path(context, buf);
	request.interfaces = interface_names_get(&arguments.interfaces);
	status = run_apply(&request);
	if (status == EXIT_DONE && claimed < 0) /* the instance is new */
		status = claim(context, &claimed);
	return status ? status : run_daemon(&request);
}

const struct command cmd_run = {
	.name = "run",
	.synopsis = "[POLICY] [-i IF]...",
	.summary = "put a policy in force and stay: report events, read the logs of FTP servers",
	.details = "SIGHUP reads the policy again: a wrong one changes nothing. SIGTERM ends it. What is in\n"
		   "force stays, and goes on without it; only what logs tell is not learned any more.",
	.options = options,
	.needs_root = true,
	.run = run,
};
