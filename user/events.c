// SPDX-License-Identifier: GPL-2.0-only
// Follows the logs of the data path: finds what is new and counts what was lost.
#include <stdlib.h>

#include "clock.h"
#include "events.h"

enum { LOG_EVENTS, LOG_DENIALS, N_LOGS };
/* Each log as a whole, and again where it was overwritten between two looks. */
enum { FOUND_MAX = 2 * ((int)N_EVENTS + (int)N_DENIALS) };

struct event_reader {
	const struct datapath *datapath;
	struct log_cursor cursors[N_LOGS];
	struct event *log; /* as the kernel has it: room for the larger one */
	struct event *found;
	bool begun;
};

size_t log_take(struct log_cursor *cursor, const struct event *log, size_t size, uint64_t head,
		struct event *ret, uint64_t *lost)
{
	size_t n = 0;

	if (head > size && cursor->seen < head - size) {
		*lost += head - size - cursor->seen;
		cursor->seen = head - size;
	}
	while (cursor->seen < head) {
		uint64_t sequence = cursor->seen + 1;
		const struct event *event = &log[sequence % size];

		if (event->sequence == sequence) {
			ret[n++] = *event;
		} else if (sequence > cursor->waited_until) {
			cursor->waited_until = head;
			break;
		} else {
			++*lost;
		}
		cursor->seen = sequence;
	}
	return n;
}

struct event_reader *event_reader_new(const struct datapath *datapath)
{
	struct event_reader *reader = calloc(1, sizeof(*reader));
	const size_t larger = (size_t)N_EVENTS > (size_t)N_DENIALS ? (size_t)N_EVENTS : (size_t)N_DENIALS;

	if (!reader)
		return NULL;
	reader->datapath = datapath;
	reader->log = calloc(larger, sizeof(*reader->log));
	reader->found = calloc(FOUND_MAX, sizeof(*reader->found));
	if (!reader->log || !reader->found) {
		event_reader_free(reader);
		return NULL;
	}
	return reader;
}

void event_reader_free(struct event_reader *reader)
{
	if (!reader)
		return;
	free(reader->log);
	free(reader->found);
	free(reader);
}

static int by_time(const void *a, const void *b)
{
	const struct event *left = a, *right = b;

	if (left->time_ns != right->time_ns)
		return left->time_ns < right->time_ns ? -1 : 1;
	if (left->sequence != right->sequence)
		return left->sequence < right->sequence ? -1 : 1;
	return 0;
}

void events_order(struct event *events, size_t n)
{
	qsort(events, n, sizeof(*events), by_time);
}

/* Appends what is new in one log. */
static int take(struct event_reader *reader, unsigned which, size_t *n, uint64_t *lost)
{
	const struct datapath *datapath = reader->datapath;
	struct event_heads heads;
	uint64_t head;
	int r = which == LOG_EVENTS ? datapath_read_events(datapath, reader->log)
				    : datapath_read_denials(datapath, reader->log);

	if (r == 0)
		r = datapath_event_heads(datapath, &heads);
	if (r < 0)
		return r;
	head = which == LOG_EVENTS ? heads.events : heads.denials;
	*n += log_take(&reader->cursors[which], reader->log, which == LOG_EVENTS ? N_EVENTS : N_DENIALS, head,
		       reader->found + *n, lost);
	return 0;
}

int event_reader_next(struct event_reader *reader, const struct event **ret, size_t *ret_n,
		      uint64_t *ret_lost)
{
	struct event_heads heads;
	uint64_t lost = 0;
	size_t n = 0;
	int r = datapath_event_heads(reader->datapath, &heads);

	/* The logs are large: they are read only where something was written. */
	if (r == 0 && heads.events > reader->cursors[LOG_EVENTS].seen)
		r = take(reader, LOG_EVENTS, &n, &lost);
	if (r == 0 && heads.denials > reader->cursors[LOG_DENIALS].seen)
		r = take(reader, LOG_DENIALS, &n, &lost);
	/* A reader that comes once does not wait for what is just being written: a second look will do. */
	if (r == 0 && !reader->begun) {
		reader->begun = true;
		r = take(reader, LOG_EVENTS, &n, &lost);
		if (r == 0)
			r = take(reader, LOG_DENIALS, &n, &lost);
	}
	if (r < 0)
		return r;
	events_order(reader->found, n);
	*ret = reader->found;
	*ret_n = n;
	*ret_lost = lost;
	return 0;
}

int64_t events_clock_offset(void)
{
	return (int64_t)(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME));
}
