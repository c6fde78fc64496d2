/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes in, lines out: keeps the begin of a line until its end comes. Pure, of fixed size. */
#ifndef POSTERN_LINE_BUFFER_H
#define POSTERN_LINE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_BUFFER_SIZE = 1024 };

/* Zero where nothing was read yet. */
struct line_buffer {
	char text[LINE_BUFFER_SIZE];
	size_t used;
	bool skipping;    /* what is left of this line is thrown away */
	uint64_t dropped; /* lines that were longer than the buffer */
};

/* Called with each whole line, without its end; the text is not NUL-terminated and may hold any byte. */
typedef void line_taker(void *context, const char *line, size_t size);

void line_buffer_take(struct line_buffer *buffer, const char *bytes, size_t size, line_taker *take,
		      void *context);

/* Throws away what comes before the next line end: the begin of that line was not seen. */
void line_buffer_skip(struct line_buffer *buffer);

/* Forgets the begin of a line whose end will never come. */
void line_buffer_reset(struct line_buffer *buffer);

#endif
