/* SPDX-License-Identifier: GPL-2.0-only */
/* Where `postern run` reports events: on standard output, and in the systemd journal. */
#ifndef POSTERN_RUN_EVENTS_H
#define POSTERN_RUN_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"

enum { RUN_DENIALS_PER_SECOND = 100 /* that are reported; what pinholes do always is */ };

struct run_events; /* opaque */

/* `json`: objects on standard output in place of text. Standard output that is the journal itself gets
 * nothing: what is sent there has fields (see systemd.exec(5), $JOURNAL_STREAM). NULL: out of memory. */
struct run_events *run_events_new(const char *instance, bool json);
void run_events_free(struct run_events *events);

/* Reports one event. Standard output that nobody reads is not waited for. */
void run_events_report(struct run_events *events, const struct event *event, int64_t clock_offset);

/* What was left out since the last call: denials beyond the limit, and lines that standard output did not
 * take.
 */
void run_events_take_lost(struct run_events *events, uint64_t *ret_denials, uint64_t *ret_lines);

#endif
