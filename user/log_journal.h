/* SPDX-License-Identifier: GPL-2.0-only */
/* The systemd journal as a log: the messages of one unit or one syslog identifier, from now on. */
#ifndef POSTERN_LOG_JOURNAL_H
#define POSTERN_LOG_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"
#include "line_buffer.h"

enum { LOG_JOURNAL_TURN = 256 /* messages that one call reads at most */ };

struct log_journal; /* opaque */

/* Whether the name is that of a unit ("vsftpd.service"): journald itself says which unit a message is from.
 * Any other name is a syslog identifier, under which any local user can write. */
bool log_journal_is_unit(const char *name);

/* `folder` is NULL for this host's journal. What it holds now is not read. Returns 0, -ENODATA (there is no
 * journal) or another -errno, with the reason. */
int log_journal_new(const char *name, const char *folder, struct log_journal **ret, struct failure *failure);
void log_journal_free(struct log_journal *journal);

/* To poll for, and the CLOCK_MONOTONIC time in µs when to read though nothing was told; UINT64_MAX: never. */
int log_journal_fd(const struct log_journal *journal, short *ret_events, uint64_t *ret_at_us);

/* Hands on the messages that came since, each as a line; over-long ones are only counted. Never waits.
 * Returns 1 where more are there, 0, or -errno: open it anew then. */
int log_journal_read(struct log_journal *journal, line_taker *take, void *context);

/* Messages that were too long, so far. */
uint64_t log_journal_dropped(const struct log_journal *journal);

#endif
