// SPDX-License-Identifier: GPL-2.0-only
// Reads messages from the systemd journal.
#include "log_journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "log_line.h"

enum { MESSAGE_FIELD_SIZE = sizeof("MESSAGE=") - 1 /* what comes before the text of a message */ };

struct log_journal {
	sd_journal *journal;
	uint64_t dropped;
};

bool log_journal_is_unit(const char *name)
{
	static const char *const types[] = {".service", ".scope", ".socket", ".mount", NULL};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && dot != name && types[i]; i++)
		if (strcmp(dot, types[i]) == 0)
			return true;
	return false;
}

void log_journal_free(struct log_journal *journal)
{
	if (!journal)
		return;
	sd_journal_close(journal->journal);
	free(journal);
}

static int add_match(sd_journal *journal, const char *name)
{
	char match[320];
	int n = snprintf(match, sizeof(match), "%s=%s",
			 log_journal_is_unit(name) ? "_SYSTEMD_UNIT" : "SYSLOG_IDENTIFIER", name);

	return (size_t)n < sizeof(match) ? sd_journal_add_match(journal, match, 0) : -ENAMETOOLONG;
}

/* Behind the last message; where there is none yet, all that will be there are new. */
static int seek_end(sd_journal *journal)
{
	int r = sd_journal_seek_tail(journal);

	if (r >= 0)
		r = sd_journal_previous(journal);
	return r == 0 ? sd_journal_seek_head(journal) : r;
}

static bool has_files(sd_journal *journal)
{
	return sd_journal_has_runtime_files(journal) > 0 || sd_journal_has_persistent_files(journal) > 0;
}

static int open_journal(const char *name, const char *folder, struct log_journal *ret,
			struct failure *failure)
{
	int r = folder ? sd_journal_open_directory(&ret->journal, folder, 0)
		       : sd_journal_open(&ret->journal, SD_JOURNAL_LOCAL_ONLY);

	if (r < 0)
		return failure_set(failure, r, "the journal cannot be opened: %s", strerror(-r));
	if (!folder && !has_files(ret->journal))
		return failure_set(failure, -ENODATA,
				   "this host has no systemd journal that can be read "
				   "(/run/log/journal, /var/log/journal)");
	/* One byte more than a line may have tells that it is too long. */
	r = sd_journal_set_data_threshold(ret->journal, MESSAGE_FIELD_SIZE + LOG_LINE_MAX + 1);
	if (r >= 0)
		r = add_match(ret->journal, name);
	/* From here on it tells of what comes. */
	if (r >= 0)
		r = sd_journal_get_fd(ret->journal);
	if (r >= 0)
		r = seek_end(ret->journal);
	return r < 0 ? failure_set(failure, r, "the journal cannot be read: %s", strerror(-r)) : 0;
}

int log_journal_new(const char *name, const char *folder, struct log_journal **ret, struct failure *failure)
{
	struct log_journal *journal = calloc(1, sizeof(*journal));
	int r = journal ? open_journal(name, folder, journal, failure) : -ENOMEM;

	if (r < 0) {
		log_journal_free(journal);
		return r;
	}
	*ret = journal;
	return 0;
}

int log_journal_fd(const struct log_journal *journal, short *ret_events, uint64_t *ret_at_us)
{
	int events = sd_journal_get_events(journal->journal);

	*ret_events = (short)(events < 0 ? 0 : events);
	if (sd_journal_get_timeout(journal->journal, ret_at_us) < 0)
		*ret_at_us = UINT64_MAX;
	return sd_journal_get_fd(journal->journal);
}

static void take_message(struct log_journal *journal, line_taker *take, void *context)
{
	const void *data;
	size_t size;

	/* A message that is damaged, or has no text, says nothing. */
	if (sd_journal_get_data(journal->journal, "MESSAGE", &data, &size) < 0 || size < MESSAGE_FIELD_SIZE)
		return;
	size -= MESSAGE_FIELD_SIZE;
	if (size > LOG_LINE_MAX)
		journal->dropped++;
	else
		take(context, (const char *)data + MESSAGE_FIELD_SIZE, size);
}

int log_journal_read(struct log_journal *journal, line_taker *take, void *context)
{
	int r = sd_journal_process(journal->journal);

	for (int i = 0; r >= 0 && i < LOG_JOURNAL_TURN; i++) {
		r = sd_journal_next(journal->journal);
		if (r == 0)
			return 0;
		if (r > 0)
			take_message(journal, take, context);
	}
	return r < 0 ? r : 1;
}

uint64_t log_journal_dropped(const struct log_journal *journal)
{
	return journal->dropped;
}
