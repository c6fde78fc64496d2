/* SPDX-License-Identifier: GPL-2.0-only */
/* The logs of the data path, read without consuming them, and their entries as text and JSON. */
#ifndef POSTERN_EVENTS_H
#define POSTERN_EVENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "abi.h"
#include "datapath.h"

/* How far a reader is in one of the logs; zero where it begins. */
struct log_cursor {
	uint64_t seen;         /* sequence number of the last event that is dealt with */
	uint64_t waited_until; /* what is missing up to here has been waited for, and is lost */
};

/* Copies the events behind `cursor` to `ret` (room for `size`), in order of sequence, and returns how
 * many. `log` was read before `head`, so what may have been overwritten meanwhile is known and counted
 * in *lost. What is just being written is waited for once: it is left to the next call. */
size_t log_take(struct log_cursor *cursor, const struct event *log, size_t size, uint64_t head,
		struct event *ret, uint64_t *lost);

/* By time, and those of one time by sequence. */
void events_order(struct event *events, size_t n);

struct event_reader; /* opaque */

struct event_reader *event_reader_new(const struct datapath *datapath); /* NULL: out of memory */
void event_reader_free(struct event_reader *reader);

/* What is new since the last call, in order of time; *ret belongs to the reader, until the next call.
 * *ret_lost counts what was overwritten before it could be read. Returns 0 or -errno. */
int event_reader_next(struct event_reader *reader, const struct event **ret, size_t *ret_n,
		      uint64_t *ret_lost);

/* What turns the times of events into real time. */
int64_t events_clock_offset(void);

/* One line each, its end included. */
void event_print(const struct event *event, int64_t clock_offset, FILE *stream);
json_t *event_to_json(const struct event *event, int64_t clock_offset);

#endif
