/* SPDX-License-Identifier: GPL-2.0-only */
/* Puts a policy file in force, for the commands that do. */
#ifndef POSTERN_COMMAND_APPLY_H
#define POSTERN_COMMAND_APPLY_H

#include "apply.h"
#include "command.h"

/* The option -i, for the commands' tables. */
#define OPTION_HELP_INTERFACE                                                                                \
	{                                                                                                    \
		"-i", "IF", "filter this interface instead of those the policy lists (repeatable)"           \
	}

/* What -i has named, ended by NULL. */
struct interface_names {
	char *names[MAX_INTERFACES + 1];
	size_t n;
};

/* Takes one more, which must live as long. EXIT_DONE, or EXIT_USAGE where there are too many (said on
 * stderr). */
int interface_names_add(struct interface_names *names, const char *name);
/* As policy_from_file() wants them: NULL where there are none. */
char *const *interface_names_get(const struct interface_names *names);

/* Reads the file, says what is wrong or unwise about it, and puts it in force; request->policy and ->sources
 * are set from it. `interfaces` as in policy_from_file(). Has said why on stderr where it does not return
 * EXIT_DONE; then nothing has changed. The caller clears `ret` in any case. */
int policy_apply(const char *path, char *const *interfaces, struct apply_request *request, struct loaded *ret,
		 struct apply_result *result);

#endif
