// SPDX-License-Identifier: GPL-2.0-only
// The key `log` of an FTP server: a file or the journal, and what its lines look like.
#include "policy_yaml_reader.h"

#include <limits.h>
#include <string.h>

#include "log_line.h"

enum { FILE_KEY, JOURNAL, FORMAT, N_KEYS };
enum { MAX_JOURNAL_NAME = 255 }; /* of a unit, as systemd has it */

static const char *format_at(const void *from, size_t i)
{
	(void)from;
	return log_format_name(i);
}

/* A word near a known format is that one misspelt; a pattern holds more than letters. */
static bool is_misspelt(struct reader *reader, const struct node *node)
{
	const char *name;

	if (strspn(node->text, "abcdefghijklmnopqrstuvwxyz-") != strlen(node->text))
		return false;
	for (size_t i = 0; (name = log_format_name(i)); i++)
		if (strcmp(node->text, name) == 0)
			return false;
	reader_unknown(reader, node, "log format", reader_nearest(reader, node->text, format_at, NULL));
	return true;
}

static void read_format(struct reader *reader, const struct node *node, struct ftp_log *log)
{
	const char *text = reader_text(reader, node, "a log format or a pattern");
	struct log_format *format = NULL;
	struct failure failure = {""};

	if (!text || is_misspelt(reader, node))
		return;
	if (log_format_new(text, &format, &failure) == 0)
		log->format = reader_strdup(reader, text);
	else if (*failure.text)
		reader_error(reader, node, "%s", failure.text);
	else
		reader->out_of_memory = true;
	log_format_free(format);
}

static void read_file(struct reader *reader, const struct node *node, struct ftp_log *log)
{
	const char *text = reader_text(reader, node, "the name of a file");

	if (!text)
		return;
	if (*text != '/')
		reader_error(reader, node, "the file of a log must be an absolute path, found '%s'", text);
	else if (text[strlen(text) - 1] == '/' || strlen(text) >= PATH_MAX)
		reader_error(reader, node, "'%s' cannot be the name of a file", text);
	else
		log->file = reader_strdup(reader, text);
}

static void read_journal(struct reader *reader, const struct node *node, struct ftp_log *log)
{
	const char *text = reader_text(reader, node, "a unit (NAME.service) or a syslog identifier");

	if (!text)
		return;
	if (*text == '\0' || *text == '/' || strlen(text) > MAX_JOURNAL_NAME)
		reader_error(reader, node,
			     "expected a unit (NAME.service) or a syslog identifier, found '%s'", text);
	else
		log->journal = reader_strdup(reader, text);
}

static void read_source(struct reader *reader, const struct node *node, struct ftp_log *log)
{
	struct field keys[] = {[FILE_KEY] = {.name = "file"},
			       [JOURNAL] = {.name = "journal"},
			       [FORMAT] = {.name = "format", .required = true},
			       [N_KEYS] = {0}};

	if (!reader_fields(reader, node, "'log'", keys))
		return;
	if (keys[FILE_KEY].key && keys[JOURNAL].key)
		reader_error(reader, keys[JOURNAL].key, "'log' has either 'file' or 'journal', not both");
	else if (!keys[FILE_KEY].key && !keys[JOURNAL].key && !keys[FILE_KEY].misspelt &&
		 !keys[JOURNAL].misspelt)
		reader_error(reader, node, "'log' needs 'file' or 'journal'");
	if (keys[FILE_KEY].value)
		read_file(reader, keys[FILE_KEY].value, log);
	if (keys[JOURNAL].value)
		read_journal(reader, keys[JOURNAL].value, log);
	if (keys[FORMAT].value)
		read_format(reader, keys[FORMAT].value, log);
}

void read_log(struct reader *reader, const struct field *log, const struct field *watch,
	      struct ftp_server *server)
{
	if (log->key) {
		server->log.place = log->key->place;
		read_source(reader, log->value, &server->log);
	} else if (server->watch & 1u << FTP_WATCH_LOG && !log->misspelt) {
		reader_error(reader, watch->key, "'watch: log' needs 'log', which says where the log is");
	}
}
