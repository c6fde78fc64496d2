// SPDX-License-Identifier: GPL-2.0-only
// `postern explain`: the verdict on one connection, and what stands behind it.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "command.h"
#include "judge.h"
#include "local_addr.h"
#include "names.h"
#include "options.h"
#include "output.h"

enum { OPTION_FROM, OPTION_TO, OPTION_AT, OPTION_ON, OPTION_EXPECT };

static const struct option_help options[] = {
	[OPTION_FROM] = {"--from", "ADDR", "inbound: who would connect"},
	[OPTION_TO] = {"--to", "ADDR", "outbound: whom this host would connect to"},
	[OPTION_AT] = {"--at", "ADDR", "this host's own address (default: what the routes choose)"},
	[OPTION_ON] = {"--on", "IF", "the interface that it comes in or leaves by"},
	[OPTION_EXPECT] = {"--expect", "allow|deny", "exit with 3 where the verdict is another one"},
	{NULL, NULL, NULL},
};

enum { DIRECTION, TARGET, POLICY, N_OPERANDS };

struct arguments {
	const char *operands[N_OPERANDS];
	size_t n_operands;
	const char *from, *to, *at, *on, *expect;
	struct explain_question question;
};

static int wrong(const char *what, const char *value, const char *expected)
{
	fprintf(stderr, "postern explain: %s%s%s: expected %s\nTry 'postern explain --help'.\n", what,
		*what ? " " : "", value, expected);
	return EXIT_USAGE;
}

static int say(const char *text)
{
	fprintf(stderr, "postern explain: %s\nTry 'postern explain --help'.\n", text);
	return EXIT_USAGE;
}

static int take_option(struct arguments *arguments, int option, const char *value)
{
	switch (option) {
	case OPTION_FROM:
		arguments->from = value;
		return EXIT_DONE;
	case OPTION_TO:
		arguments->to = value;
		return EXIT_DONE;
	case OPTION_AT:
		arguments->at = value;
		return EXIT_DONE;
	case OPTION_ON:
		arguments->on = value;
		return EXIT_DONE;
	case OPTION_EXPECT:
		if (strcmp(value, "allow") != 0 && strcmp(value, "deny") != 0)
			return wrong("--expect", value, "allow or deny");
		arguments->expect = value;
		return EXIT_DONE;
	default:
		return EXIT_USAGE;
	}
}

static int take_arguments(struct arguments *arguments, int argc, char **argv)
{
	struct option_reader reader = {.command = &cmd_explain, .argc = argc, .argv = argv};
	int option;

	while ((option = option_next(&reader)) != OPTION_END) {
		int status = EXIT_DONE;

		if (option == OPTION_WRONG)
			return EXIT_USAGE;
		if (option != OPTION_OPERAND)
			status = take_option(arguments, option, reader.value);
		else if (arguments->n_operands == N_OPERANDS)
			status = option_extra(&cmd_explain, reader.value);
		else
			arguments->operands[arguments->n_operands++] = reader.value;
		if (status)
			return status;
	}
	return arguments->n_operands > TARGET ? EXIT_DONE : say("it takes a direction and a port");
}

/* Without --at, of the policy in force the routes know best; of another one any address will do. */
static int take_local(const struct arguments *arguments, struct explain_question *question)
{
	bool in_force = !arguments->operands[POLICY];

	if (!arguments->at) {
		if (!in_force || local_addr_find(&question->peer, &question->local))
			question->local = explain_local(&question->peer);
		return EXIT_DONE;
	}
	question->names_local = true;
	if (value_parse_addr(arguments->at, &question->local))
		return wrong("--at", arguments->at, "an address");
	if (value_addr_is_ipv4(&question->local) != value_addr_is_ipv4(&question->peer))
		return say("--at and the peer must be of the same family");
	return EXIT_DONE;
}

static int take_question(struct arguments *arguments)
{
	const char *const *operands = arguments->operands;
	struct explain_question *question = &arguments->question;
	bool is_inbound = strcmp(operands[DIRECTION], "inbound") == 0;
	const char *peer = is_inbound ? arguments->from : arguments->to;

	if (!is_inbound && strcmp(operands[DIRECTION], "outbound") != 0)
		return wrong("", operands[DIRECTION], "inbound or outbound");
	question->direction = is_inbound ? INBOUND : OUTBOUND;
	question->on = arguments->on;
	if (explain_parse_target(operands[TARGET], &question->transport, &question->port))
		return wrong("", operands[TARGET], "tcp/PORT or udp/PORT, PORT from 1 to 65535");
	if (!peer || (arguments->from && arguments->to))
		return say(is_inbound ? "inbound needs --from ADDR, and takes no --to"
				      : "outbound needs --to ADDR, and takes no --from");
	if (value_parse_addr(peer, &question->peer))
		return wrong(is_inbound ? "--from" : "--to", peer, "an address");
	return take_local(arguments, question);
}

static int open_judge(const struct context *context, const char *path, struct loaded *loaded,
		      struct judge **ret)
{
	struct datapath *datapath CLEANUP(datapath_cleanup) = NULL;
	struct failure failure = {""};
	int status, r;

	if (path) {
		status = policy_from_file(path, NULL, loaded);
		if (status == EXIT_USAGE)
			diags_print(loaded->diags, stderr);
	} else {
		status = instance_open(context, &datapath);
		if (status == EXIT_DONE)
			status = policy_from_instance(datapath, loaded);
	}
	if (status)
		return status;
	r = path ? judge_load(loaded->policy, ret, &failure)
		 : judge_open(context->instance, datapath, loaded->policy, ret, &failure);
	if (r)
		fprintf(stderr, "postern: %s\n", failure.text);
	return r == 0 ? EXIT_DONE : r == -E2BIG ? EXIT_USAGE : EXIT_FAILED;
}

static void print_text(const struct explanation *explanation)
{
	CLEANUP_FREE char *where = explain_format_place(&explanation->where);
	const char *dependence = explain_format_dependence(explanation);
	char text[EXPLAIN_TEXT_SIZE];

	puts(explain_format_verdict(explanation, text));
	if (!explanation->is_allowed)
		printf("reason: %s\n", reason_text(explanation->verdict));
	if (explanation->rule)
		printf("rule: %s\n", explanation->rule);
	if (where)
		printf("where: %s\n", where);
	if (dependence)
		printf("note: %s\n", dependence);
	if (explanation->is_audited)
		puts("note: mode audit: the packet passes all the same, and the deny is only reported");
}

static int run(const struct context *context, int argc, char **argv)
{
	struct arguments arguments = {0};
	struct loaded loaded CLEANUP(loaded_clear) = {0};
	struct judge *judge CLEANUP(judge_cleanup) = NULL;
	struct explanation explanation CLEANUP(explanation_clear) = {0};
	struct failure failure = {""};
	int status = take_arguments(&arguments, argc, argv);

	if (status == EXIT_DONE)
		status = take_question(&arguments);
	if (status == EXIT_DONE)
		status = open_judge(context, arguments.operands[POLICY], &loaded, &judge);
	if (status)
		return status;
	if (arguments.on && !judge_has_interface(judge, arguments.on))
		return wrong("--on", arguments.on, "an interface of the policy");
	if (judge_ask(judge, &arguments.question, &explanation, &failure)) {
		fprintf(stderr, "postern: %s\n", failure.text);
		return EXIT_FAILED;
	}
	if (context->json)
		status = json_print(explain_json(&explanation), 0);
	else
		print_text(&explanation);
	if (status == EXIT_DONE && arguments.expect &&
	    explanation.is_allowed != (strcmp(arguments.expect, "allow") == 0)) {
		fflush(stdout);
		fprintf(stderr, "postern explain: expected %s\n", arguments.expect);
		return EXIT_NOT_HELD;
	}
	return status;
}

const struct command cmd_explain = {
	.name = "explain",
	.synopsis = "inbound|outbound tcp/PORT|udp/PORT --from|--to ADDR [POLICY] [OPTION]...",
	.summary = "say whether a connection may be opened, and what decides that",
	.details =
		"Without POLICY, the one in force is asked: open pinholes count then. The verdict is the\n"
		"kernel's own: nothing is sent, counted or remembered. Of a deny, the rule is the one that\n"
		"names the port but does not admit the peer, or does so elsewhere on this host. Without "
		"--on, a\n"
		"packet of a policy with several interfaces is on none of them.",
	.options = options,
	.needs_root = true,
	.run = run,
};
