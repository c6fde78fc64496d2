// SPDX-License-Identifier: GPL-2.0-only
// FTP servers and their logs, as tables and as JSON.
#include "show_ftp.h"

#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "cmd.h"
#include "describe.h"
#include "log_line.h"
#include "output.h"

static const char *const tls_names[] = {
	[FTP_TLS_REQUIRED] = "required",
	[FTP_TLS_OPTIONAL] = "optional",
	[FTP_TLS_NONE] = "none",
};

static const char *const pinholes_names[] = {
	[FTP_PINHOLES_SESSION] = "session",
	[FTP_PINHOLES_STATIC] = "static",
	[FTP_PINHOLES_CLIENTS] = "clients",
};

static const char *const owner_names[] = {
	[OWNER_EXE] = "exe",
	[OWNER_USER] = "user",
	[OWNER_CGROUP] = "cgroup",
};

static const char *const watch_names[] = {[FTP_WATCH_SOCKET] = "socket",
					  [FTP_WATCH_REPLY] = "reply",
					  [FTP_WATCH_TLS] = "tls",
					  [FTP_WATCH_LOG] = "log"};
enum {
	N_WATCH_NAMES = sizeof(watch_names) / sizeof(watch_names[0]),
	WATCH_TEXT_SIZE = 32, /* all of them, separated by commas */
	PEER_TEXT_SIZE = 24
};

static bool any_server(const struct policy *policy, bool (*has)(const struct ftp_server *server))
{
	for (size_t i = 0; i < policy->n_ftp; i++)
		if (has(&policy->ftp[i]))
			return true;
	return false;
}

static bool has_log(const struct ftp_server *server)
{
	return server->log.file || server->log.journal;
}

/* The ways to watch, as the policy calls them. */
static const char *watch_text(unsigned watch, char text[static WATCH_TEXT_SIZE])
{
	size_t used = 0;

	*text = '\0';
	for (unsigned i = 0; i < N_WATCH_NAMES; i++)
		if (watch & 1u << i)
			used += (size_t)snprintf(text + used, WATCH_TEXT_SIZE - used, "%s%s", used ? "," : "",
						 watch_names[i]);
	return text;
}

/* Own patterns are long; the policy has them. */
static const char *format_name(const char *format)
{
	const char *name;

	for (size_t i = 0; (name = log_format_name(i)); i++)
		if (strcmp(name, format) == 0)
			return name;
	return "own pattern";
}

static void add_source(struct table *table, const struct ftp_log *log)
{
	const char *name = log->file ? log->file : log->journal;
	CLEANUP_FREE char *text = malloc(ESCAPED_SIZE(strlen(name)));

	table_add(table, "%s%s",
		  log->file ? "" : "journal: ", text ? escape_bytes(name, strlen(name), text) : "?");
}

int show_ftp_print(const struct policy *policy)
{
	static const char *const headings[] = {"FTP SERVER", "CONTROL", "TLS",    "PASSIVE", "PINHOLES",
					       "TTL",        "WATCH",   "ACTIVE", NULL};
	struct table *table;

	if (policy->n_ftp == 0)
		return EXIT_DONE;
	table = table_new(headings);
	putchar('\n');
	for (size_t i = 0; table && i < policy->n_ftp; i++) {
		const struct ftp_server *server = &policy->ftp[i];
		char ports[PORTS_TEXT_SIZE], ttl[DURATION_TEXT_SIZE], watch[WATCH_TEXT_SIZE],
			control[512] = "";

		for (size_t j = 0, used = 0; j < server->n_control && used < sizeof(control); j++)
			used += (size_t)snprintf(control + used, sizeof(control) - used, "%s%s", j ? "," : "",
						 policy->services[server->control[j]].name);
		table_add(table, "%s", server->name);
		table_add(table, "%s", control);
		table_add(table, "%s", tls_names[server->tls]);
		table_add(table, "%s", describe_ranges(server->passive, server->n_passive, ports));
		table_add(table, "%s", pinholes_names[server->pinholes]);
		table_add(table, "%s",
			  server->pinholes == FTP_PINHOLES_STATIC ? "-"
								  : format_duration(server->ttl_ns, ttl));
		table_add(table, "%s",
			  server->pinholes == FTP_PINHOLES_STATIC ? "-" : watch_text(server->watch, watch));
		table_add(table, "%s", server->active ? "on" : "off");
	}
	return table_finish(table);
}

/* Whether it has any of what show_ftp_print_clients() shows. */
static bool has_clients(const struct ftp_server *server)
{
	return server->n_sockets || server->peer.host_bits4 || server->peer.host_bits6 ||
	       server->owner.kind != OWNER_ANY;
}

static const char *peer_text(const struct ftp_peer *peer, char text[static PEER_TEXT_SIZE])
{
	if (!peer->host_bits4 && !peer->host_bits6)
		return "exact";
	snprintf(text, PEER_TEXT_SIZE, "v4/%d,v6/%d", 32 - peer->host_bits4, 128 - peer->host_bits6);
	return text;
}

static void add_owner(struct table *table, const struct ftp_owner *owner)
{
	CLEANUP_FREE char *text = owner->name ? malloc(ESCAPED_SIZE(strlen(owner->name))) : NULL;

	if (!owner->name)
		table_add(table, "any");
	else
		table_add(table, "%s: %s", owner_names[owner->kind],
			  text ? escape_bytes(owner->name, strlen(owner->name), text) : "?");
}

int show_ftp_print_clients(const struct policy *policy)
{
	static const char *const headings[] = {"FTP SERVER", "SOCKETS", "PEER", "OWNER", NULL};
	struct table *table;

	if (!any_server(policy, has_clients))
		return EXIT_DONE;
	table = table_new(headings);
	putchar('\n');
	for (size_t i = 0; table && i < policy->n_ftp; i++) {
		const struct ftp_server *server = &policy->ftp[i];
		char ports[PORTS_TEXT_SIZE], peer[PEER_TEXT_SIZE];

		if (!has_clients(server))
			continue;
		table_add(table, "%s", server->name);
		table_add(table, "%s",
			  server->n_sockets ? describe_ranges(server->sockets, server->n_sockets, ports)
					    : "-");
		table_add(table, "%s", peer_text(&server->peer, peer));
		add_owner(table, &server->owner);
	}
	return table_finish(table);
}

int show_ftp_print_logs(const struct policy *policy)
{
	static const char *const headings[] = {"FTP SERVER", "LOG", "FORMAT", "READ", NULL};
	struct table *table;

	if (!any_server(policy, has_log))
		return EXIT_DONE;
	table = table_new(headings);
	putchar('\n');
	for (size_t i = 0; table && i < policy->n_ftp; i++) {
		const struct ftp_server *server = &policy->ftp[i];

		if (!has_log(server))
			continue;
		table_add(table, "%s", server->name);
		add_source(table, &server->log);
		table_add(table, "%s", format_name(server->log.format));
		table_add(table, "%s",
			  server->watch & 1u << FTP_WATCH_LOG ? "by postern run"
							      : "no: watch does not list log");
	}
	return table_finish(table);
}

static void add_log(const struct ftp_server *server, json_t *object)
{
	const struct ftp_log *log = &server->log;
	json_t *watch = json_array();

	for (unsigned i = 0; i < N_WATCH_NAMES; i++)
		if (server->watch & 1u << i)
			json_array_append_new(watch, json_string(watch_names[i]));
	json_object_set_new(object, "watch", watch);
	json_object_set_new(object, "log",
			    has_log(server) ? json_pack("{s:s?, s:s?, s:s}", "file", log->file, "journal",
							log->journal, "format", log->format)
					    : json_null());
}

json_t *show_ftp_json(const struct policy *policy)
{
	json_t *list = json_array();

	for (size_t i = 0; i < policy->n_ftp; i++) {
		const struct ftp_server *server = &policy->ftp[i];
		json_t *control = json_array(), *json;

		for (size_t j = 0; j < server->n_control; j++)
			json_array_append_new(control,
					      json_string(policy->services[server->control[j]].name));
		json = json_pack("{s:s, s:o, s:s, s:o, s:s, s:I, s:b}", "name", server->name, "control",
				 control, "tls", tls_names[server->tls], "passive",
				 json_ranges(server->passive, server->n_passive), "pinholes",
				 pinholes_names[server->pinholes], "ttl_ms",
				 (json_int_t)(server->ttl_ns / 1000000), "active", server->active);
		if (server->n_sockets)
			json_object_set_new(json, "sockets", json_ranges(server->sockets, server->n_sockets));
		json_object_set_new(json, "peer",
				    json_pack("{s:i, s:i}", "v4", 32 - server->peer.host_bits4, "v6",
					      128 - server->peer.host_bits6));
		if (server->owner.name)
			json_object_set_new(
				json, "owner",
				json_pack("{s:s}", owner_names[server->owner.kind], server->owner.name));
		add_log(server, json);
		json_array_append_new(list, json);
	}
	return list;
}
