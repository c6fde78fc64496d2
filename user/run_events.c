// SPDX-License-Identifier: GPL-2.0-only
// Writes events to standard output and to the journal, without being held up by either's readers.
#include "run_events.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syslog.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "cleanup.h"
#include "events.h"
#include "names.h"

enum { MAX_FIELDS = 24 };
static const uint64_t second_ns = 1000000000;

struct run_events {
	const char *instance;
	bool json;
	bool to_stdout;
	uint64_t second;  /* of the newest denial */
	unsigned denials; /* reported in it */
	uint64_t denials_lost;
	uint64_t lines_lost;
};

static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat status;

	return stream && sscanf(stream, "%ju:%ju", &device, &inode) == 2 && fstat(fd, &status) == 0 &&
	       status.st_dev == device && status.st_ino == inode;
}

struct run_events *run_events_new(const char *instance, bool json)
{
	struct run_events *events = calloc(1, sizeof(*events));

	if (!events)
		return NULL;
	events->instance = instance;
	events->json = json;
	events->to_stdout = !is_journal(STDOUT_FILENO);
	return events;
}

void run_events_free(struct run_events *events)
{
	free(events);
}

/* A pipe that can be polled for takes PIPE_BUF bytes at once, and no event is that long. */
static void write_line(struct run_events *events, const char *text, size_t size)
{
	struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};

	if (poll(&fd, 1, 0) == 1 && fd.revents & (POLLERR | POLLNVAL))
		events->to_stdout = false;
	else if (!(fd.revents & POLLOUT) || write(STDOUT_FILENO, text, size) != (ssize_t)size)
		events->lines_lost++;
}

static int priority_of(const struct event *event)
{
	switch (event->kind) {
	case EVENT_PINHOLE_REFUSED:
	case EVENT_ROGUE_LISTENER:
	case EVENT_TLS_STALE:
		return LOG_WARNING;
	case EVENT_APPLIED:
	case EVENT_DOWN:
		return LOG_NOTICE;
	default:
		return LOG_INFO;
	}
}

/* "POSTERN_CLIENT_PORT=1024" of the member client_port; NULL: out of memory. */
static char *format_field(const char *key, const json_t *value)
{
	char *text = NULL;
	int n = json_is_integer(value)
			? asprintf(&text, "POSTERN_%s=%" JSON_INTEGER_FORMAT, key, json_integer_value(value))
			: asprintf(&text, "POSTERN_%s=%s", key, json_string_value(value));

	for (char *c = text; n >= 0 && *c != '='; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	return n < 0 ? NULL : text;
}

static void send_fields(const struct run_events *events, const struct event *event, json_t *object,
			const char *message)
{
	struct iovec fields[MAX_FIELDS];
	char *texts[MAX_FIELDS] = {NULL};
	const char *key;
	json_t *value;
	int n = 0;

	if (asprintf(&texts[n], "MESSAGE=%s", message) >= 0)
		n++;
	if (asprintf(&texts[n], "PRIORITY=%d", priority_of(event)) >= 0)
		n++;
	if (asprintf(&texts[n], "POSTERN_INSTANCE=%s", events->instance) >= 0)
		n++;
	if (asprintf(&texts[n], "SYSLOG_IDENTIFIER=postern") >= 0)
		n++;
	json_object_foreach(object, key, value)
	{
		/* The journal has a time of its own. */
		if (n == MAX_FIELDS || strcmp(key, "time") == 0 ||
		    !(json_is_string(value) || json_is_integer(value)))
			continue;
		texts[n] = format_field(key, value);
		if (texts[n])
			n++;
	}
	for (int i = 0; i < n; i++)
		fields[i] = (struct iovec){.iov_base = texts[i], .iov_len = strlen(texts[i])};
	/* Where there is no journal this does nothing. */
	sd_journal_sendv(fields, n);
	for (int i = 0; i < n; i++)
		free(texts[i]);
}

static bool is_wanted(struct run_events *events, const struct event *event)
{
	uint64_t second = event->time_ns / second_ns;

	if (event->kind != EVENT_DENY)
		return true;
	if (second != events->second) {
		events->second = second;
		events->denials = 0;
	}
	if (events->denials < RUN_DENIALS_PER_SECOND) {
		events->denials++;
		return true;
	}
	events->denials_lost++;
	return false;
}

/* As text, with its end; the caller frees. NULL: out of memory. */
static char *format_text(const struct event *event, int64_t clock_offset)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	event_print(event, clock_offset, stream);
	if (fclose(stream) == 0)
		return text;
	free(text);
	return NULL;
}

void run_events_report(struct run_events *events, const struct event *event, int64_t clock_offset)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *json = NULL;
	json_t *object;
	char *message;

	if (!is_wanted(events, event))
		return;
	text = format_text(event, clock_offset);
	object = event_to_json(event, clock_offset);
	json = object ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	if (text && json) {
		if (events->to_stdout && events->json) {
			size_t size = strlen(json);

			/* Room for the line's end is where the NUL is. */
			json[size] = '\n';
			write_line(events, json, size + 1);
			json[size] = '\0';
		} else if (events->to_stdout) {
			write_line(events, text, strlen(text));
		}
		message = strchr(text, ' ');
		text[strcspn(text, "\n")] = '\0';
		send_fields(events, event, object, message ? message + 1 : text);
	}
	json_decref(object);
}

void run_events_take_lost(struct run_events *events, uint64_t *ret_denials, uint64_t *ret_lines)
{
	*ret_denials = events->denials_lost;
	*ret_lines = events->lines_lost;
	events->denials_lost = events->lines_lost = 0;
}
