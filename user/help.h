/* SPDX-License-Identifier: GPL-2.0-only */
/* Help, of the program and of each command, on standard output. */
#ifndef POSTERN_HELP_H
#define POSTERN_HELP_H

#include <stddef.h>

#include "cmd.h"

void help_print(const struct command *const *commands, size_t n, const struct option_help *options);
/* `common` are the options of every command. */
void help_print_command(const struct command *command, const struct option_help *common);

#endif
