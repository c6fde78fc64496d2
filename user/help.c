// SPDX-License-Identifier: GPL-2.0-only
// Prints help from the tables that the command line is read by.
#include <stdio.h>

#include "help.h"

#ifndef POSTERN_SYSCONFDIR
#define POSTERN_SYSCONFDIR "/etc"
#endif

static void print_options(const struct option_help *options)
{
	for (; options && options->name; options++) {
		char left[64];

		snprintf(left, sizeof(left), "%s%s%s", options->name, options->argument ? " " : "",
			 options->argument ? options->argument : "");
		printf("  %-24s %s\n", left, options->text);
	}
}

void help_print(const struct command *const *commands, size_t n, const struct option_help *options)
{
	puts("Usage: postern [OPTION]... COMMAND [ARGUMENT]...\n"
	     "Filters what reaches this host and leaves it: shut by default, opened by a policy.\n\n"
	     "Commands:");
	for (size_t i = 0; i < n; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	puts("\nOptions, before or after the command:");
	print_options(options);
	puts("\nPOLICY is " POSTERN_SYSCONFDIR "/postern/INSTANCE.yaml where none is given.\n"
	     "Exit status: 0 done; 1 it failed; 2 the command line or the policy is wrong; 3 a test or a\n"
	     "strict check did not hold.");
}

void help_print_command(const struct command *command, const struct option_help *common)
{
	printf("Usage: postern [OPTION]... %s%s%s\n%s\n", command->name, *command->synopsis ? " " : "",
	       command->synopsis, command->summary);
	if (command->options && command->options->name) {
		puts("\nOptions:");
		print_options(command->options);
	}
	puts("\nOptions of every command:");
	print_options(common);
	if (command->details)
		printf("\n%s\n", command->details);
	if (command->print_details)
		command->print_details();
	if (command->needs_root)
		puts("\nNeeds root.");
}
