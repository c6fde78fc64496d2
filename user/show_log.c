// SPDX-License-Identifier: GPL-2.0-only
// The logs of FTP servers, as a table and as JSON.
#include "show_log.h"

#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "cmd.h"
#include "log_line.h"
#include "output.h"

static const char *const watch_names[] = {[FTP_WATCH_SOCKET] = "socket",
					  [FTP_WATCH_REPLY] = "reply",
					  [FTP_WATCH_TLS] = "tls",
					  [FTP_WATCH_LOG] = "log"};
enum { N_WATCH_NAMES = sizeof(watch_names) / sizeof(watch_names[0]) };

static bool has_log(const struct ftp_server *server)
{
	return server->log.file || server->log.journal;
}

const char *show_watch(unsigned watch, char text[static WATCH_TEXT_SIZE])
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

int show_log_print(const struct policy *policy)
{
	static const char *const headings[] = {"FTP SERVER", "LOG", "FORMAT", "READ", NULL};
	struct table *table;
	bool any = false;

	for (size_t i = 0; i < policy->n_ftp; i++)
		any = any || has_log(&policy->ftp[i]);
	if (!any)
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

void show_log_add(const struct ftp_server *server, json_t *object)
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
