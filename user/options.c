// SPDX-License-Identifier: GPL-2.0-only
// Reads a command's arguments by its option table.
#include <stdio.h>
#include <string.h>

#include "near.h"
#include "options.h"

enum { CANDIDATES_MAX = 63 };

const struct option_help *option_find(const struct option_help *options, const char *argument,
				      const char **ret_value)
{
	for (; options && options->name; options++) {
		size_t length = strlen(options->name);

		if (strncmp(argument, options->name, length) != 0)
			continue;
		if (argument[length] == '\0') {
			*ret_value = NULL;
			return options;
		}
		if (strncmp(options->name, "--", 2) == 0 && argument[length] == '=') {
			*ret_value = argument + length + 1;
			return options;
		}
		if (length == 2 && options->argument && options->name[1] != '-') {
			*ret_value = argument + length;
			return options;
		}
	}
	return NULL;
}

static int wrong(const struct command *command)
{
	fprintf(stderr, "Try 'postern %s --help'.\n", command->name);
	return OPTION_WRONG;
}

static int unknown(const struct command *command, const char *argument)
{
	const char *names[CANDIDATES_MAX + 1] = {"--json", "--instance", "--netns", "--help"};
	const char *nearest;
	size_t n = 4;

	for (const struct option_help *o = command->options; o && o->name && n < CANDIDATES_MAX; o++)
		names[n++] = o->name;
	nearest = near_find_word(argument, names);
	fprintf(stderr, "postern %s: unknown option '%s'", command->name, argument);
	if (nearest)
		fprintf(stderr, ", did you mean '%s'?", nearest);
	fputc('\n', stderr);
	return wrong(command);
}

int option_next(struct option_reader *reader)
{
	const struct command *command = reader->command;
	const struct option_help *option;
	const char *argument, *value;

	if (++reader->index >= reader->argc)
		return OPTION_END;
	argument = reader->argv[reader->index];
	if (!reader->only_operands && strcmp(argument, "--") == 0) {
		reader->only_operands = true;
		return option_next(reader);
	}
	if (reader->only_operands || argument[0] != '-' || argument[1] == '\0') {
		reader->value = argument;
		return OPTION_OPERAND;
	}
	option = option_find(command->options, argument, &value);
	if (!option)
		return unknown(command, argument);
	if (value && !option->argument) {
		fprintf(stderr, "postern %s: option '%s' takes no value\n", command->name, option->name);
		return wrong(command);
	}
	if (!value && option->argument) {
		if (reader->index + 1 >= reader->argc) {
			fprintf(stderr, "postern %s: option '%s' needs a value: %s\n", command->name,
				option->name, option->argument);
			return wrong(command);
		}
		value = reader->argv[++reader->index];
	}
	reader->value = value;
	return (int)(option - command->options);
}

int option_extra(const struct command *command, const char *operand)
{
	fprintf(stderr, "postern %s: unexpected argument '%s'\n", command->name, operand);
	wrong(command);
	return EXIT_USAGE;
}

int option_none(const struct command *command, int argc, char **argv)
{
	struct option_reader reader = {.command = command, .argc = argc, .argv = argv};

	switch (option_next(&reader)) {
	case OPTION_END:
		return EXIT_DONE;
	case OPTION_OPERAND:
		return option_extra(command, reader.value);
	default:
		return EXIT_USAGE;
	}
}
