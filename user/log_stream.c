// SPDX-License-Identifier: GPL-2.0-only
// Reads what is appended to one open file.
#include "log_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "log_file.h"

/* Begins at `offset`. What precedes the first line end behind it is the tail of a line whose begin nobody
 * saw: a client may have chosen it. */
static int begin_at(struct log_stream *stream, off_t offset)
{
	ssize_t n;

	line_buffer_reset(&stream->lines);
	stream->offset = offset;
	if (offset == 0)
		return 0;
	n = pread(stream->fd, &stream->last, 1, offset - 1);
	if (n < 0)
		return -errno;
	if (n == 0)
		return begin_at(stream, 0);
	if (stream->last != '\n')
		line_buffer_skip(&stream->lines);
	return 0;
}

static int check(const struct stat *status)
{
	if (!S_ISREG(status->st_mode))
		return -EINVAL;
	return status->st_mode & S_IWOTH ? -EPERM : 0;
}

int log_stream_open(const char *path, bool at_end, struct log_stream *ret)
{
	struct log_stream stream = {.fd = -1, .watch = -1};
	struct stat status;
	int r;

	/* Before it is opened: to open a device can do something. */
	if (stat(path, &status) < 0)
		return -errno;
	r = check(&status);
	if (r < 0)
		return r;
	stream.fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (stream.fd < 0)
		return -errno;
	r = fstat(stream.fd, &status) < 0 ? -errno : check(&status);
	stream.dev = status.st_dev;
	stream.ino = status.st_ino;
	if (r == 0)
		r = begin_at(&stream, at_end || status.st_size > LOG_FILE_CATCH_UP ? status.st_size : 0);
	if (r < 0) {
		close(stream.fd);
		return r;
	}
	*ret = stream;
	return 0;
}

void log_stream_close(struct log_stream *stream)
{
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
}

bool log_stream_is(const struct log_stream *stream, const struct stat *status)
{
	return stream->fd >= 0 && stream->dev == status->st_dev && stream->ino == status->st_ino;
}

/* Whether what was read is still there; a file that was truncated and has grown again beyond it is told by
 * the byte before, unless that happens to be the same. */
static int look_for_truncation(struct log_stream *stream, off_t size)
{
	char last;
	ssize_t n;

	if (stream->offset == 0)
		return 0;
	if (size >= stream->offset) {
		n = pread(stream->fd, &last, 1, stream->offset - 1);
		if (n < 0)
			return -errno;
		if (n == 1 && last == stream->last)
			return 0;
	}
	return begin_at(stream, size > LOG_FILE_CATCH_UP ? size : 0);
}

int log_stream_read(struct log_stream *stream, size_t *left, uint64_t now_ns, line_taker *take, void *context)
{
	struct stat status;
	int r = fstat(stream->fd, &status) < 0 ? -errno : check(&status);

	if (r == 0)
		r = look_for_truncation(stream, status.st_size);
	else if (r == -EPERM)
		begin_at(stream, status.st_size);
	while (r == 0 && *left > 0) {
		char bytes[4096];
		size_t room = *left < sizeof(bytes) ? *left : sizeof(bytes);
		ssize_t n = pread(stream->fd, bytes, room, stream->offset);

		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		stream->offset += n;
		stream->last = bytes[n - 1];
		stream->grown_ns = now_ns;
		*left -= (size_t)n;
		line_buffer_take(&stream->lines, bytes, (size_t)n, take, context);
	}
	return r < 0 ? r : 1;
}
