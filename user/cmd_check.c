// SPDX-License-Identifier: GPL-2.0-only
// `postern check`: whether a policy is right, and what about it is unwise.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "command.h"
#include "describe.h"
#include "lint.h"
#include "options.h"
#include "output.h"

enum { OPTION_STRICT };

static const struct option_help options[] = {
	[OPTION_STRICT] = {"--strict", NULL, "exit with 3 where there are warnings"},
	{NULL, NULL, NULL},
};

/* The ports that stay open without a pinhole: said where a policy is judged, not only warned about. */
static json_t *exceptions(const struct policy *policy)
{
	json_t *list = json_array();
	bool has_pinholes = false;

	for (size_t i = 0; policy && i < policy->n_ftp; i++) {
		const struct ftp_server *server = &policy->ftp[i];
		char ports[PORTS_TEXT_SIZE];

		if (server->pinholes == FTP_PINHOLES_STATIC)
			json_array_append_new(
				list,
				json_sprintf("ftp %s: pinholes: static: ports %s are always open to "
					     "whom the control services admit",
					     server->name,
					     describe_ranges(server->passive, server->n_passive, ports)));
		else
			has_pinholes = true;
	}
	if (has_pinholes)
		json_array_append_new(list,
				      json_string("a pinhole that is added by hand (postern pinhole add) "
						  "needs only a listener at the passive port"));
	return list;
}

static int print_json(const struct loaded *loaded, json_t *excepted)
{
	json_t *warnings = json_array();
	size_t n_errors = diags_count(loaded->diags, DIAG_ERROR);
	const char *warning;

	for (size_t i = 0; (warning = diags_warning(loaded->diags, i)); i++)
		json_array_append_new(warnings, json_bytes(warning, strlen(warning)));
	return json_print(json_pack("{s:b, s:I, s:o, s:o}", "ok", n_errors == 0, "errors",
				    (json_int_t)n_errors, "warnings", warnings, "exceptions", excepted),
			  0);
}

static void print_text(const struct loaded *loaded, const char *path, json_t *excepted)
{
	size_t n_warnings = diags_count(loaded->diags, DIAG_WARNING), i;
	json_t *line;

	if (diags_count(loaded->diags, DIAG_ERROR) == 0) {
		printf("%s: ok, %zu warning%s\n", path, n_warnings, n_warnings == 1 ? "" : "s");
		json_array_foreach(excepted, i, line) printf("exception: %s\n", json_string_value(line));
	}
	json_decref(excepted);
}

static int run(const struct context *context, int argc, char **argv)
{
	struct option_reader reader = {.command = &cmd_check, .argc = argc, .argv = argv};
	struct loaded loaded CLEANUP(loaded_clear) = {0};
	char buf[POLICY_PATH_SIZE];
	const char *path = NULL;
	bool strict = false;
	int option, status;

	while ((option = option_next(&reader)) != OPTION_END) {
		if (option == OPTION_WRONG)
			return EXIT_USAGE;
		if (option == OPTION_STRICT)
			strict = true;
		else if (path)
			return option_extra(&cmd_check, reader.value);
		else
			path = reader.value;
	}
	path = path ? path : policy_default_path(context, buf);
	status = policy_from_file(path, NULL, &loaded);
	if (status == EXIT_FAILED)
		return status;
	if (status == EXIT_DONE)
		lint(loaded.policy, loaded.diags);
	diags_print(loaded.diags, stderr);
	if (strict && status == EXIT_DONE && diags_count(loaded.diags, DIAG_WARNING) > 0)
		status = EXIT_NOT_HELD;
	if (!context->json)
		print_text(&loaded, path, exceptions(loaded.policy));
	else if (print_json(&loaded, exceptions(loaded.policy)) != EXIT_DONE)
		return EXIT_FAILED;
	return status;
}

const struct command cmd_check = {
	.name = "check",
	.synopsis = "[POLICY] [--strict]",
	.summary = "say whether a policy is right, and what about it is unwise",
	.details = "Errors and warnings go to standard error as FILE:LINE:COLUMN. An exception, on standard\n"
		   "output, is a way to a passive port that needs no FTP session.",
	.options = options,
	.run = run,
};
