// SPDX-License-Identifier: GPL-2.0-only
// Reads the policy and opens the instance that a command works on, and says why where it cannot.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "command.h"
#include "options.h"
#include "pins.h"
#include "policy_yaml.h"

#ifndef POSTERN_SYSCONFDIR
#define POSTERN_SYSCONFDIR "/etc"
#endif

void loaded_clear(struct loaded *loaded)
{
	policy_free(loaded->policy);
	diags_free(loaded->diags);
	source_set_free(loaded->sources);
	*loaded = (struct loaded){0};
}

void datapath_cleanup(struct datapath **datapath)
{
	datapath_close(*datapath);
}

const char *policy_default_path(const struct context *context, char *buf)
{
	snprintf(buf, POLICY_PATH_SIZE, POSTERN_SYSCONFDIR "/postern/%s.yaml", context->instance);
	return buf;
}

static int load(const char *path, struct loaded *loaded)
{
	int r;

	loaded->diags = diags_new();
	r = loaded->diags ? policy_load(loaded->sources, path, loaded->diags, &loaded->policy) : -ENOMEM;
	if (r == 0)
		return EXIT_DONE;
	/* Where the policy is wrong, diags tell; anything else is said here. */
	if (!loaded->diags || diags_count(loaded->diags, DIAG_ERROR) == 0) {
		fprintf(stderr, "postern: %s: %s\n", path, strerror(-r));
		return EXIT_FAILED;
	}
	return EXIT_USAGE;
}

int policy_from_file(const char *path, char *const *interfaces, struct loaded *ret)
{
	*ret = (struct loaded){.sources = source_set_new()};
	if (!ret->sources || (interfaces && source_set_interfaces(ret->sources, interfaces))) {
		fputs("postern: out of memory\n", stderr);
		return EXIT_FAILED;
	}
	return load(path, ret);
}

int policy_from_instance(const struct datapath *datapath, struct loaded *ret)
{
	CLEANUP_FREE char *text = NULL;
	size_t size;
	int r, status;

	*ret = (struct loaded){0};
	r = datapath_policy(datapath, &text, &size);
	if (r == 0)
		r = source_set_parse(text, size, &ret->sources);
	if (r == 0 && !source_set_main(ret->sources))
		r = -EINVAL;
	if (r < 0)
		return instance_failed("the policy in force", r);
	status = load(source_set_main(ret->sources), ret);
	if (status == EXIT_USAGE) {
		diags_print(ret->diags, stderr);
		fputs("postern: the policy in force cannot be read by this version of postern\n", stderr);
		return EXIT_FAILED;
	}
	return status;
}

int instance_open(const struct context *context, struct datapath **ret)
{
	struct failure failure = {""};
	int r = datapath_open(context->instance, ret, &failure);

	if (r == 0)
		return EXIT_DONE;
	if (r == -ENOENT) {
		pins_no_instance(context->instance, &failure);
		fprintf(stderr, "postern: %s\n", failure.text);
	} else {
		fprintf(stderr, "postern: instance '%s': %s%s%s\n", context->instance, failure.text,
			failure.text[0] ? ": " : "",
			r == -EPROTO ? "put in force by another version of postern" : strerror(-r));
	}
	return EXIT_FAILED;
}

int instance_show(const struct context *context, const struct command *command, int argc, char **argv,
		  int (*show)(const struct context *context, const struct datapath *datapath))
{
	struct datapath *datapath CLEANUP(datapath_cleanup) = NULL;
	int status = option_none(command, argc, argv);

	if (status == EXIT_DONE)
		status = instance_open(context, &datapath);
	return status == EXIT_DONE ? show(context, datapath) : status;
}

int instance_failed(const char *what, int error)
{
	fprintf(stderr, "postern: %s: %s\n", what, strerror(-error));
	return EXIT_FAILED;
}
