// SPDX-License-Identifier: GPL-2.0-only
// `postern pinhole`: adds and removes pinholes by hand.
#include <endian.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "command.h"
#include "instance_names.h"
#include "options.h"
#include "output.h"
#include "pinhole_manual.h"
#include "value.h"

#define MS_NS 1000000ull
#define LIFETIME_DEFAULT_NS (30 * 1000 * MS_NS)
#define LIFETIME_MIN_NS (100 * MS_NS)
#define LIFETIME_MAX_NS (3600 * 1000 * MS_NS)

enum { OPTION_FROM, OPTION_PORT, OPTION_FOR };

static const struct option_help options[] = {
	[OPTION_FROM] = {"--from", "ADDR", "the client"},
	[OPTION_PORT] = {"--port", "N", "the passive port, from 1024 on"},
	[OPTION_FOR] = {"--for", "DURATION", "add: how long it waits for the client (default: 30s)"},
	{NULL, NULL, NULL},
};

struct arguments {
	const char *action, *from, *port, *lifetime;
	struct manual_request request;
};

static int say(const char *text)
{
	fprintf(stderr, "postern pinhole: %s\nTry 'postern pinhole --help'.\n", text);
	return EXIT_USAGE;
}

static int wrong(const char *what, const char *value, const char *expected)
{
	fprintf(stderr, "postern pinhole: %s%s%s: expected %s\nTry 'postern pinhole --help'.\n", what,
		*what ? " " : "", value, expected);
	return EXIT_USAGE;
}

static int take_arguments(struct arguments *arguments, int argc, char **argv)
{
	struct option_reader reader = {.command = &cmd_pinhole, .argc = argc, .argv = argv};
	int option;

	while ((option = option_next(&reader)) != OPTION_END) {
		if (option == OPTION_WRONG)
			return EXIT_USAGE;
		if (option == OPTION_OPERAND && arguments->action)
			return option_extra(&cmd_pinhole, reader.value);
		if (option == OPTION_OPERAND)
			arguments->action = reader.value;
		else if (option == OPTION_FROM)
			arguments->from = reader.value;
		else if (option == OPTION_PORT)
			arguments->port = reader.value;
		else
			arguments->lifetime = reader.value;
	}
	return EXIT_DONE;
}

/* An address that packets can come from: see "denied sources" of the data path. */
static bool can_be_client(const struct addr *addr)
{
	const uint8_t *bytes = (const uint8_t *)addr->word;
	struct addr high = *addr;

	if (value_addr_is_ipv4(addr))
		return bytes[12] != 0 && bytes[12] != 127 && bytes[12] < 224;
	high.word[3] &= ~htobe32(1);
	return bytes[0] != 0xff && !value_addr_equal(&high, &(struct addr){0});
}

static int check_arguments(struct arguments *arguments)
{
	struct manual_request *request = &arguments->request;
	uint64_t lifetime_ns = LIFETIME_DEFAULT_NS;
	bool is_add;

	if (!arguments->action)
		return say("it takes add or del");
	is_add = strcmp(arguments->action, "add") == 0;
	if (!is_add && strcmp(arguments->action, "del") != 0)
		return wrong("", arguments->action, "add or del");
	if (!arguments->from || !arguments->port)
		return say("it takes --from ADDR and --port N");
	if (value_parse_addr(arguments->from, &request->client))
		return wrong("--from", arguments->from, "an address");
	if (!can_be_client(&request->client))
		return wrong("--from", arguments->from, "an address that a client can have");
	if (value_parse_port(arguments->port, &request->port) || request->port < MIN_CLAIMED_PORT)
		return wrong("--port", arguments->port, "a port from 1024 to 65535");
	if (arguments->lifetime && !is_add)
		return say("del takes no --for");
	if (arguments->lifetime && (value_parse_duration(arguments->lifetime, &lifetime_ns) ||
				    lifetime_ns < LIFETIME_MIN_NS || lifetime_ns > LIFETIME_MAX_NS))
		return wrong("--for", arguments->lifetime, "a duration from 100ms to 1h, such as 30s");
	request->lifetime_ns = lifetime_ns;
	return EXIT_DONE;
}

static int print_added(const struct context *context, const struct datapath *datapath,
		       const struct manual_request *request, const struct manual_answer *answer)
{
	CLEANUP_FREE struct service_name *services = instance_services(datapath);
	char client[ADDR_TEXT_SIZE], local[ADDR_TEXT_SIZE], duration[DURATION_TEXT_SIZE];
	bool is_any = value_addr_equal(&answer->local, &(struct addr){0});
	const char *server = services ? server_of_service(services, answer->service) : NULL;

	value_format_addr(&request->client, client);
	if (context->json)
		return json_print(json_pack("{s:s, s:i, s:s?, s:s?, s:s, s:I}", "client", client, "port",
					    request->port, "server", server, "local",
					    is_any ? NULL : value_format_addr(&answer->local, local),
					    "origin", "manual", "expires_in_ms",
					    (json_int_t)(request->lifetime_ns / MS_NS)),
				  0);
	printf("opened port %u for %s, for one connection within %s\n", request->port, client,
	       format_duration(request->lifetime_ns, duration));
	return EXIT_DONE;
}

static int add(const struct context *context, const struct datapath *datapath,
	       const struct arguments *arguments)
{
	struct manual_answer answer;
	struct failure failure = {""};

	if (pinhole_add(context->instance, datapath, &arguments->request, &answer, &failure)) {
		fprintf(stderr, "postern pinhole: %s\n", failure.text);
		return EXIT_FAILED;
	}
	return print_added(context, datapath, &arguments->request, &answer);
}

static int del(const struct context *context, const struct arguments *arguments)
{
	const struct manual_request *request = &arguments->request;
	struct failure failure = {""};
	char client[ADDR_TEXT_SIZE];
	uint32_t closed;

	if (pinhole_del(context->instance, request, &closed, &failure)) {
		fprintf(stderr, "postern pinhole: %s\n", failure.text);
		return EXIT_FAILED;
	}
	value_format_addr(&request->client, client);
	if (context->json)
		return json_print(json_pack("{s:s, s:i, s:i}", "client", client, "port", request->port,
					    "closed", (int)closed),
				  0);
	printf("closed port %u for %s\n", request->port, client);
	return EXIT_DONE;
}

static int run(const struct context *context, int argc, char **argv)
{
	struct datapath *datapath CLEANUP(datapath_cleanup) = NULL;
	struct arguments arguments = {0};
	int status = take_arguments(&arguments, argc, argv);

	if (status == EXIT_DONE)
		status = check_arguments(&arguments);
	if (status == EXIT_DONE)
		status = instance_open(context, &datapath);
	if (status)
		return status;
	return strcmp(arguments.action, "add") == 0 ? add(context, datapath, &arguments)
						    : del(context, &arguments);
}

const struct command cmd_pinhole = {
	.name = "pinhole",
	.synopsis = "add|del --from ADDR --port N [--for DURATION]",
	.summary = "add a pinhole by hand, or remove one",
	.details = "The port must be a passive port of an FTP server, and something must listen there; the\n"
		   "client needs no FTP session. The pinhole is used up by its first connection and closes\n"
		   "with the listener. del closes what the client has open at the port, whoever opened it.",
	.options = options,
	.needs_root = true,
	.run = run,
};
