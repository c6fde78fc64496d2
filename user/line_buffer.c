// SPDX-License-Identifier: GPL-2.0-only
// Cuts bytes into lines.
#include "line_buffer.h"

#include <string.h>

static void append(struct line_buffer *buffer, const char *bytes, size_t size)
{
	if (buffer->skipping)
		return;
	if (size > sizeof(buffer->text) - buffer->used) {
		buffer->skipping = true;
		buffer->dropped++;
		return;
	}
	memcpy(buffer->text + buffer->used, bytes, size);
	buffer->used += size;
}

void line_buffer_reset(struct line_buffer *buffer)
{
	buffer->used = 0;
	buffer->skipping = false;
}

void line_buffer_skip(struct line_buffer *buffer)
{
	buffer->used = 0;
	buffer->skipping = true;
}

void line_buffer_take(struct line_buffer *buffer, const char *bytes, size_t size, line_taker *take,
		      void *context)
{
	while (size > 0) {
		const char *end = memchr(bytes, '\n', size);
		size_t n = end ? (size_t)(end - bytes) : size;

		append(buffer, bytes, n);
		if (!end)
			return;
		if (!buffer->skipping)
			take(context, buffer->text, buffer->used);
		line_buffer_reset(buffer);
		bytes = end + 1;
		size -= n + 1;
	}
}
