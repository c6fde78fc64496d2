// SPDX-License-Identifier: GPL-2.0-only
// `postern sessions`: the control connections of FTP clients.
#include <jansson.h>
#include <stdio.h>

#include "cleanup.h"
#include "command.h"
#include "instance_names.h"
#include "output.h"

static uint64_t age_ns(const struct session *session, uint64_t now)
{
	return now > session->since_ns ? now - session->since_ns : 0;
}

static int print_json(const struct session_entry *entries, size_t n, const struct server_ports *servers)
{
	json_t *list = json_array();
	uint64_t now = boot_time_ns();
	char client[ADDR_TEXT_SIZE], local[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < n; i++) {
		const struct session *session = &entries[i].session;

		json_array_append_new(list,
				      json_pack("{s:s, s:i, s:s?, s:s, s:i, s:i, s:I}", "client",
						value_format_addr(&session->client, client), "client_port",
						session->client_port, "server",
						server_of_port(servers, session->socket_port), "local",
						value_format_addr(&session->local, local), "control_port",
						session->control_port, "socket_port", session->socket_port,
						"since_ms", (json_int_t)(age_ns(session, now) / 1000000)));
	}
	return json_print(list, 0);
}

static int print_text(const struct session_entry *entries, size_t n, const struct server_ports *servers)
{
	static const char *const headings[] = {"CLIENT", ">PORT", "SERVER", ">CONTROL PORT", ">SINCE", NULL};
	struct table *table = table_new(headings);
	uint64_t now = boot_time_ns();
	char text[ADDR_TEXT_SIZE], duration[DURATION_TEXT_SIZE];

	for (size_t i = 0; table && i < n; i++) {
		const struct session *session = &entries[i].session;
		const char *server = server_of_port(servers, session->socket_port);

		table_add(table, "%s", value_format_addr(&session->client, text));
		table_add(table, "%u", session->client_port);
		table_add(table, "%s", server ? server : "-");
		table_add(table, "%u", session->control_port);
		table_add(table, "%s", format_duration(age_ns(session, now), duration));
	}
	return table_finish(table);
}

static int show(const struct context *context, const struct datapath *datapath)
{
	CLEANUP_FREE struct server_ports *servers = NULL;
	CLEANUP_FREE struct session_entry *entries = NULL;
	size_t n = 0;
	int r;

	servers = instance_servers(datapath);
	if (!servers)
		return EXIT_FAILED;
	r = datapath_sessions(datapath, &entries, &n);
	if (r < 0)
		return instance_failed("sessions", r);
	return context->json ? print_json(entries, n, servers) : print_text(entries, n, servers);
}

static int run(const struct context *context, int argc, char **argv)
{
	return instance_show(context, &cmd_sessions, argc, argv, show);
}

const struct command cmd_sessions = {
	.name = "sessions",
	.synopsis = "",
	.summary = "list the control connections of FTP clients",
	.details = "In JSON, since_ms is how long ago the connection was accepted.",
	.needs_root = true,
	.run = run,
};
