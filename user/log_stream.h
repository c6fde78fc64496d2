/* SPDX-License-Identifier: GPL-2.0-only */
/* One open file that is being appended to, and how far it was read. */
#ifndef POSTERN_LOG_STREAM_H
#define POSTERN_LOG_STREAM_H

#include <stdbool.h>
#include <sys/stat.h>

#include "line_buffer.h"

struct log_stream {
	int fd; /* -1: none */
	dev_t dev;
	ino_t ino;
	off_t offset;      /* what is before it was read */
	char last;         /* the byte before it, where offset > 0 */
	uint64_t grown_ns; /* when something was last read from it */
	int watch;         /* kept here for log_file.c: of inotify, -1: none */
	struct line_buffer lines;
};

/* Opens a regular file that not everybody may write to, and begins at its start, or at its end. Returns 0,
 * -EINVAL, -EPERM or another -errno. */
int log_stream_open(const char *path, bool at_end, struct log_stream *ret);
void log_stream_close(struct log_stream *stream);

/* Whether it is the file that `status` tells of. */
bool log_stream_is(const struct log_stream *stream, const struct stat *status);

/* Reads at most *left bytes and takes them off; returns 1 where more waits, 0, or -errno. What was truncated
 * is read from its start; what was written while everybody could is passed over (-EPERM). */
int log_stream_read(struct log_stream *stream, size_t *left, uint64_t now_ns, line_taker *take,
		    void *context);

#endif
