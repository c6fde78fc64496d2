/* SPDX-License-Identifier: GPL-2.0-only */
/* The arguments of a command, read by the same table that its help is printed from. */
#ifndef POSTERN_OPTIONS_H
#define POSTERN_OPTIONS_H

#include "cmd.h"

struct option_reader {
	const struct command *command;
	int argc;
	char **argv;
	int index;          /* of the last argument that was read; starts as 0, the command's name */
	bool only_operands; /* "--" was read */
	const char *value;  /* of the option or operand that was read */
};

enum {
	OPTION_END = -1,
	OPTION_OPERAND = -2,
	OPTION_WRONG = -3, /* said why on stderr: the command returns EXIT_USAGE */
};

/* The next option's index in the command's table, or one of the above. Takes "--name VALUE",
 * "--name=VALUE", "-n VALUE" and "-nVALUE". */
int option_next(struct option_reader *reader);

/* For commands without options: EXIT_DONE, or EXIT_USAGE where there is an argument (said on stderr). */
int option_none(const struct command *command, int argc, char **argv);

/* For commands with a single operand that is given twice: says so on stderr, returns EXIT_USAGE. */
int option_extra(const struct command *command, const char *operand);

/* The option that `argument` names, NULL if none; *ret_value is what is glued to it, or NULL. */
const struct option_help *option_find(const struct option_help *options, const char *argument,
				      const char **ret_value);

#endif
