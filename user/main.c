// SPDX-License-Identifier: GPL-2.0-only
// The program: the command table, and the options that every command has.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi.h"
#include "cmd.h"
#include "datapath.h"
#include "help.h"
#include "near.h"
#include "options.h"

#ifndef POSTERN_VERSION
#define POSTERN_VERSION "0.1.0"
#endif

static const struct command *const commands[] = {
	&cmd_check, &cmd_show,     &cmd_test,     &cmd_apply,   &cmd_confirm,
	&cmd_down,  &cmd_status,   &cmd_pinholes, &cmd_pinhole, &cmd_sessions,
	&cmd_flows, &cmd_counters, &cmd_events,   &cmd_explain, &cmd_run,
};
enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

enum { GLOBAL_INSTANCE, GLOBAL_NETNS, GLOBAL_JSON, GLOBAL_HELP, GLOBAL_H, GLOBAL_VERSION };

static const struct option_help global_options[] = {
	[GLOBAL_INSTANCE] = {"--instance", "NAME", "the instance to work on (default: default)"},
	[GLOBAL_NETNS] = {"--netns", "NAME|PATH", "work in this network namespace"},
	[GLOBAL_JSON] = {"--json", NULL, "print JSON"},
	[GLOBAL_HELP] = {"--help", NULL, "print help, also of a command"},
	[GLOBAL_H] = {"-h", NULL, "the same"},
	[GLOBAL_VERSION] = {"--version", NULL, "print the version"},
	{NULL, NULL, NULL},
};

struct invocation {
	struct context context;
	bool help;
	bool version;
	const struct command *command;
};

static const struct command *find_command(const char *name)
{
	const char *names[N_COMMANDS + 1] = {NULL};
	const char *nearest;

	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
		names[i] = commands[i]->name;
	}
	nearest = near_find_word(name, names);
	fprintf(stderr, "postern: unknown command '%s'", name);
	if (nearest)
		fprintf(stderr, ", did you mean '%s'?", nearest);
	fputs("\nTry 'postern --help'.\n", stderr);
	return NULL;
}

/* bpffs refuses names with dots, so these are stricter than the names in a policy. */
static bool is_instance_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	size_t length = strlen(name);

	return length > 0 && length < NAME_SIZE && name[0] != '-' && strspn(name, allowed) == length;
}

/* Takes argv[*index] where it is an option of every command. Returns 1 taken, 0 it is none, -EINVAL. */
static int take_global(struct invocation *invocation, int argc, char **argv, int *index)
{
	const char *value;
	const struct option_help *option = option_find(global_options, argv[*index], &value);

	if (!option)
		return 0;
	if (value && !option->argument) {
		fprintf(stderr, "postern: option '%s' takes no value\n", option->name);
		return -EINVAL;
	}
	if (!value && option->argument) {
		if (*index + 1 >= argc) {
			fprintf(stderr, "postern: option '%s' needs a value: %s\n", option->name,
				option->argument);
			return -EINVAL;
		}
		value = argv[++*index];
	}
	switch (option - global_options) {
	case GLOBAL_INSTANCE:
		invocation->context.instance = value;
		break;
	case GLOBAL_NETNS:
		invocation->context.netns = value;
		break;
	case GLOBAL_JSON:
		invocation->context.json = true;
		break;
	case GLOBAL_VERSION:
		invocation->version = true;
		break;
	default:
		invocation->help = true;
	}
	return 1;
}

/* Moves the command and what is its own to the front of argv; returns how many, or -EINVAL. */
static int take_arguments(struct invocation *invocation, int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++) {
		const struct command *command = invocation->command;
		const struct option_help *own;
		const char *value;
		int r;

		if (command && strcmp(argv[i], "--") == 0) {
			while (i < argc)
				argv[n++] = argv[i++];
			break;
		}
		own = command ? option_find(command->options, argv[i], &value) : NULL;
		r = own ? 0 : take_global(invocation, argc, argv, &i);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		if (!command && argv[i][0] == '-') {
			fprintf(stderr, "postern: unknown option '%s'\nTry 'postern --help'.\n", argv[i]);
			return -EINVAL;
		}
		if (!command) {
			invocation->command = find_command(argv[i]);
			if (!invocation->command)
				return -EINVAL;
		}
		argv[n++] = argv[i];
		if (own && own->argument && !value && i + 1 < argc)
			argv[n++] = argv[++i];
	}
	argv[n] = NULL;
	return n;
}

static int enter_netns(const char *netns)
{
	char path[4096];
	int fd, r = 0;

	if (strchr(netns, '/'))
		snprintf(path, sizeof(path), "%s", netns);
	else
		snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0) {
		r = -errno;
		fprintf(stderr, "postern: network namespace %s: %s\n", path, strerror(-r));
	}
	if (fd >= 0)
		close(fd);
	return r;
}

static int run(struct invocation *invocation, int argc, char **argv)
{
	const struct command *command = invocation->command;

	if (!is_instance_name(invocation->context.instance)) {
		fprintf(stderr,
			"postern: '%s' cannot name an instance: letters, digits, '-' and '_', "
			"shorter than %d\n",
			invocation->context.instance, NAME_SIZE);
		return EXIT_USAGE;
	}
	if (command->needs_root && geteuid() != 0) {
		fprintf(stderr, "postern %s: must be run as root\n", command->name);
		return EXIT_FAILED;
	}
	if (invocation->context.netns && enter_netns(invocation->context.netns) < 0)
		return EXIT_FAILED;
	return command->run(&invocation->context, argc, argv);
}

int main(int argc, char **argv)
{
	struct invocation invocation = {.context.instance = "default"};
	int status = EXIT_DONE;
	int n = take_arguments(&invocation, argc, argv);

	datapath_init(getenv("POSTERN_DEBUG") != NULL);
	if (n < 0)
		return EXIT_USAGE;
	if (invocation.help && invocation.command) {
		help_print_command(invocation.command, global_options);
	} else if (invocation.help) {
		help_print(commands, N_COMMANDS, global_options);
	} else if (invocation.version) {
		puts("postern " POSTERN_VERSION);
	} else if (!invocation.command) {
		fputs("postern: a command is missing\nTry 'postern --help'.\n", stderr);
		return EXIT_USAGE;
	} else {
		status = run(&invocation, n, argv);
	}
	/* A reader that has seen enough and closed the pipe is no failure. */
	errno = 0;
	if ((fflush(stdout) != 0 || ferror(stdout)) && errno != EPIPE) {
		fprintf(stderr, "postern: standard output: %s\n", errno ? strerror(errno) : "write error");
		return EXIT_FAILED;
	}
	return status;
}
