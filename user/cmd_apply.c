// SPDX-License-Identifier: GPL-2.0-only
// `postern apply`: puts a policy in force and exits.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "command_apply.h"
#include "options.h"
#include "output.h"
#include "value.h"

enum { OPTION_INTERFACE, OPTION_XDP, OPTION_EGRESS, OPTION_DRY_RUN, OPTION_CONFIRM, OPTION_FORCE };

enum { MAX_CONFIRM_SECONDS = 24 * 60 * 60 };

static const struct option_help options[] = {
	[OPTION_INTERFACE] = OPTION_HELP_INTERFACE,
	[OPTION_XDP] = {"--xdp", "auto|native|generic",
			"how to attach inbound (default: native where it works)"},
	[OPTION_EGRESS] = {"--egress", "auto|tcx|clsact",
			   "how to attach outbound (default: tcx where it works)"},
	[OPTION_DRY_RUN] = {"--dry-run", NULL, "load it into the kernel, but do not put it in force"},
	[OPTION_CONFIRM] = {"--confirm", "SECONDS",
			    "go back by itself unless 'postern confirm' comes in time"},
	[OPTION_FORCE] = {"--force", NULL, "even if it cuts the session you are in"},
	{NULL, NULL, NULL},
};

struct arguments {
	const char *path;
	struct interface_names interfaces;
	struct apply_request request;
	bool force;
};

static int wrong(const char *option, const char *value, const char *expected)
{
	fprintf(stderr, "postern: %s %s: expected %s\n", option, value, expected);
	return EXIT_USAGE;
}

/* The index of `text` among the words ("a|b|c"), or -1. */
static int choose(const char *text, const char *const *words)
{
	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], text) == 0)
			return i;
	}
	return -1;
}

static int take_option(struct arguments *arguments, int option, const char *value)
{
	static const char *const xdp[] = {"auto", "native", "generic", NULL};
	static const char *const egress[] = {"auto", "tcx", "clsact", NULL};
	uint64_t seconds;
	int choice;

	switch (option) {
	case OPTION_INTERFACE:
		return interface_names_add(&arguments->interfaces, value);
	case OPTION_XDP:
		choice = choose(value, xdp);
		if (choice < 0)
			return wrong("--xdp", value, options[OPTION_XDP].argument);
		arguments->request.xdp = choice;
		return EXIT_DONE;
	case OPTION_EGRESS:
		choice = choose(value, egress);
		if (choice < 0)
			return wrong("--egress", value, options[OPTION_EGRESS].argument);
		arguments->request.egress = choice;
		return EXIT_DONE;
	case OPTION_CONFIRM:
		if (value_parse_number(value, 1, MAX_CONFIRM_SECONDS, &seconds))
			return wrong("--confirm", value, "a number of seconds, 1 to 86400");
		arguments->request.confirm_seconds = seconds;
		return EXIT_DONE;
	case OPTION_DRY_RUN:
		arguments->request.dry_run = true;
		return EXIT_DONE;
	default:
		arguments->force = true;
		return EXIT_DONE;
	}
}

static int take_arguments(struct arguments *arguments, int argc, char **argv)
{
	struct option_reader reader = {.command = &cmd_apply, .argc = argc, .argv = argv};
	int option;

	while ((option = option_next(&reader)) != OPTION_END) {
		int status = EXIT_DONE;

		if (option == OPTION_WRONG)
			return EXIT_USAGE;
		if (option != OPTION_OPERAND)
			status = take_option(arguments, option, reader.value);
		else if (arguments->path)
			status = option_extra(&cmd_apply, reader.value);
		else
			arguments->path = reader.value;
		if (status)
			return status;
	}
	arguments->request.may_cut_session = arguments->force || arguments->request.confirm_seconds;
	return EXIT_DONE;
}

static int print_json(const struct apply_result *result, const struct diags *diags)
{
	json_t *interfaces = json_array(), *warnings = json_array();
	const char *warning;

	for (size_t i = 0; i < result->n_interfaces; i++)
		json_array_append_new(interfaces, json_bytes(result->interfaces[i].name,
							     sizeof(result->interfaces[i].name)));
	for (size_t i = 0; (warning = diags_warning(diags, i)); i++)
		json_array_append_new(warnings, json_bytes(warning, strlen(warning)));
	return json_print(json_pack("{s:b, s:o, s:o}", "changed", result->changed, "interfaces", interfaces,
				    "warnings", warnings),
			  0);
}

static void print_text(const struct apply_request *request, const struct apply_result *result,
		       const char *path)
{
	if (!result->changed) {
		printf("%s: nothing changed: it is in force already%s\n", path,
		       request->confirm_seconds ? "; there is nothing to confirm" : "");
		return;
	}
	printf("%s: %s on", path, request->dry_run ? "would be in force" : "in force");
	for (size_t i = 0; i < result->n_interfaces; i++) {
		const struct interface_value *interface = &result->interfaces[i];

		if (request->dry_run)
			printf("%s %s", i ? "," : "", interface->name);
		else
			printf("%s %s (xdp %s, egress %s)", i ? "," : "", interface->name,
			       interface->xdp_generic ? "generic" : "native",
			       interface->clsact ? "clsact" : "tcx");
	}
	putchar('\n');
	if (request->confirm_seconds && !request->dry_run)
		printf("'postern confirm' keeps it; in %u s it goes back by itself\n",
		       request->confirm_seconds);
}

/* Where nobody reads it no passive port opens by it, and the transfers that wait for that hang. */
static void note_logs(const struct policy *policy, struct diags *diags)
{
	static const char text[] =
		"its log is read by 'postern run' alone: without it nothing is learned from it";

	for (size_t i = 0; i < policy->n_ftp; i++) {
		if (!(policy->ftp[i].watch & 1U << FTP_WATCH_LOG))
			continue;
		fprintf(stderr, "postern: warning: ftp %s: %s\n", policy->ftp[i].name, text);
		diags_add(diags, DIAG_WARNING, policy->ftp[i].place, "ftp %s: %s", policy->ftp[i].name, text);
	}
}

static int run(const struct context *context, int argc, char **argv)
{
	struct arguments arguments = {.request = {.instance = context->instance, .began_ns = boot_time_ns()}};
	struct loaded loaded CLEANUP(loaded_clear) = {0};
	struct apply_result *result CLEANUP_FREE = calloc(1, sizeof(*result));
	char buf[POLICY_PATH_SIZE];
	int status = take_arguments(&arguments, argc, argv);

	if (status)
		return status;
	if (!result)
		return EXIT_FAILED;
	if (!arguments.path)
		arguments.path = policy_default_path(context, buf);
	status = policy_apply(arguments.path, interface_names_get(&arguments.interfaces), &arguments.request,
			      &loaded, result);
	if (status)
		return status;
	note_logs(loaded.policy, loaded.diags);
	if (context->json)
		return print_json(result, loaded.diags);
	print_text(&arguments.request, result, arguments.path);
	return EXIT_DONE;
}

const struct command cmd_apply = {
	.name = "apply",
	.synopsis = "[POLICY] [-i IF]... [OPTION]...",
	.summary = "put a policy in force and exit",
	.details = "Links, programs and maps stay pinned under /sys/fs/bpf/postern: nothing of postern needs "
		   "to run.",
	.options = options,
	.needs_root = true,
	.run = run,
};
