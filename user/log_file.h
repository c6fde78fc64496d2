/* SPDX-License-Identifier: GPL-2.0-only */
/* A log file followed through rotation, by rename and by copytruncate; never blocks, bounded in all it keeps.
 */
#ifndef POSTERN_LOG_FILE_H
#define POSTERN_LOG_FILE_H

#include <stdint.h>

#include "line_buffer.h"

enum {
	LOG_FILE_TURN = 64 * 1024,      /* bytes that one call reads at most */
	LOG_FILE_CATCH_UP = 256 * 1024, /* a new file that is larger when it is first seen is an old one: its
					   lines are no news, and it is read from its end */
	LOG_FILE_HELD_MAX = 4,          /* rotated files that servers may still write to */
	LOG_FILE_HOLD_S = 3600,         /* for so long after the last that was written to them */
	LOG_FILE_LOOK_MS = 1000, /* how often to call log_file_read() though nothing was told: where the
				    folder did not exist, or inotify does not see (NFS) */
};

struct log_file; /* opaque */

/* `path` is absolute. What the file holds now is not read; one that comes later is, from its start. It need
 * not exist. Returns 0 or -ENOMEM. */
int log_file_new(const char *path, struct log_file **ret);
void log_file_free(struct log_file *file);

/* Readable (POLLIN) when there may be something to read; -1 where only looking tells. */
int log_file_fd(const struct log_file *file);

/* Hands on the lines that came since; `now_ns` is CLOCK_MONOTONIC. Returns 1 where more waits to be read, 0
 * where none does, or why the file cannot be read at present: -ENOENT, -EACCES, …, -EINVAL (no regular file),
 * -EPERM (anybody may write to it: no line of it is worth anything). It is tried again by the next call. */
int log_file_read(struct log_file *file, uint64_t now_ns, line_taker *take, void *context);

/* Lines that were too long, so far. */
uint64_t log_file_dropped(const struct log_file *file);

#endif
