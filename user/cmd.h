/* SPDX-License-Identifier: GPL-2.0-only */
/* The command table: what main.c dispatches on and help is printed from. */
#ifndef POSTERN_CMD_H
#define POSTERN_CMD_H

#include <stdbool.h>

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,   /* said why on stderr, changed nothing */
	EXIT_USAGE = 2,    /* the command line or the policy is wrong */
	EXIT_NOT_HELD = 3, /* a test, a strict check or an expectation */
};

/* The options before the command. */
struct context {
	const char *instance; /* never NULL */
	const char *netns;    /* NULL: ours */
	bool json;
};

struct option_help {
	const char *name;     /* "--confirm", "-i"; NULL ends the table */
	const char *argument; /* "SECONDS"; NULL: it takes none */
	const char *text;
};

struct command {
	const char *name;
	const char *synopsis;              /* behind the name: "[POLICY] [--strict]" */
	const char *summary;               /* one line */
	const char *details;               /* more for --help, or NULL */
	void (*print_details)(void);       /* the same for what is printed from tables, or NULL */
	const struct option_help *options; /* may be NULL */
	bool needs_root;
	int (*run)(const struct context *context, int argc, char **argv); /* argv[0] is the name */
};

extern const struct command cmd_apply, cmd_check, cmd_confirm, cmd_counters, cmd_down, cmd_events,
	cmd_explain, cmd_flows, cmd_pinhole, cmd_pinholes, cmd_sessions, cmd_run, cmd_show, cmd_status,
	cmd_test;

#endif
