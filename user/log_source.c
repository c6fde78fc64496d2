// SPDX-License-Identifier: GPL-2.0-only
// Joins where a log is to what its lines say.
#include "log_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log_file.h"
#include "log_journal.h"

_Static_assert((int)LINE_BUFFER_SIZE == (int)LOG_LINE_MAX, "a line that fits can be matched");

static const uint64_t look_ns = UINT64_C(1000000) * LOG_FILE_LOOK_MS;

struct log_source {
	const struct ftp_log *log;
	struct log_format *format;
	struct log_file *file;       /* NULL: it is in the journal */
	struct log_journal *journal; /* NULL: it is a file, or there is no journal at present */
	uint64_t dropped;            /* in journals that were closed */
	struct log_counts counts;    /* without what was dropped before it was a line */
	void (*take)(void *context, const struct log_hint *hint); /* while it is read */
	void *context;
};

void log_source_free(struct log_source *source)
{
	if (!source)
		return;
	log_format_free(source->format);
	log_file_free(source->file);
	log_journal_free(source->journal);
	free(source);
}

int log_source_new(const struct ftp_log *log, struct log_source **ret, struct failure *failure)
{
	struct log_source *source = calloc(1, sizeof(*source));
	struct failure later;
	int r;

	if (!source)
		return -ENOMEM;
	source->log = log;
	r = log_format_new(log->format, &source->format, failure);
	if (r == 0 && log->file)
		r = log_file_new(log->file, &source->file);
	else if (r == 0)
		/* Why there is none, the first read says. */
		log_journal_new(log->journal, NULL, &source->journal, &later);
	if (r < 0) {
		log_source_free(source);
		return r;
	}
	*ret = source;
	return 0;
}

void log_source_poll(const struct log_source *source, uint64_t now_ns, struct pollfd *ret,
		     uint64_t *ret_at_ns)
{
	uint64_t at_us = UINT64_MAX;

	*ret = (struct pollfd){.fd = -1, .events = POLLIN};
	*ret_at_ns = now_ns + look_ns;
	if (source->file) {
		ret->fd = log_file_fd(source->file);
	} else if (source->journal) {
		ret->fd = log_journal_fd(source->journal, &ret->events, &at_us);
		if (at_us < *ret_at_ns / 1000)
			*ret_at_ns = at_us * 1000;
	}
}

static void take_line(void *context, const char *line, size_t size)
{
	struct log_source *source = context;
	struct log_hint hint;

	source->counts.lines++;
	switch (log_line_read(source->format, line, size, &hint)) {
	case LOG_NOTHING:
		break;
	case LOG_HINT:
		source->counts.hints++;
		source->take(source->context, &hint);
		break;
	case LOG_UNUSABLE:
		source->counts.unusable++;
		break;
	case LOG_TOO_MUCH:
		source->counts.too_much++;
	}
}

static int read_file(struct log_source *source, uint64_t now_ns, struct failure *failure)
{
	int r = log_file_read(source->file, now_ns, take_line, source);

	if (r == -EPERM)
		return failure_set(failure, r, "everybody may write to it, so no line of it is believed");
	if (r == -EINVAL)
		return failure_set(failure, r, "it is not a regular file");
	return r < 0 ? failure_set(failure, r, "%s", strerror(-r)) : r;
}

static int read_journal(struct log_source *source, struct failure *failure)
{
	int r = 0;

	if (!source->journal)
		r = log_journal_new(source->log->journal, NULL, &source->journal, failure);
	if (r < 0)
		return r;
	r = log_journal_read(source->journal, take_line, source);
	if (r >= 0)
		return r;
	source->dropped += log_journal_dropped(source->journal);
	log_journal_free(source->journal);
	source->journal = NULL;
	return failure_set(failure, r, "the journal cannot be read: %s", strerror(-r));
}

int log_source_read(struct log_source *source, uint64_t now_ns,
		    void (*take)(void *context, const struct log_hint *hint), void *context,
		    struct failure *failure)
{
	source->take = take;
	source->context = context;
	return source->file ? read_file(source, now_ns, failure) : read_journal(source, failure);
}

void log_source_counts(const struct log_source *source, struct log_counts *ret)
{
	*ret = source->counts;
	ret->too_much += source->dropped;
	if (source->file)
		ret->too_much += log_file_dropped(source->file);
	if (source->journal)
		ret->too_much += log_journal_dropped(source->journal);
}
