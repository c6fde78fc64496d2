// SPDX-License-Identifier: GPL-2.0-only
// Follows a log file: which file has its name now, and which had it before and is still written to.
#include "log_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "log_stream.h"

struct log_file {
	char *path;
	char *folder;
	int inotify;               /* -1: none */
	int folder_watch;          /* -1: the folder is not watched */
	bool begun;                /* what comes now is new: the file was opened, or seen to be missing */
	struct log_stream current; /* what has the name, or had it last */
	struct log_stream held[LOG_FILE_HELD_MAX]; /* what had it before */
	uint64_t dropped;                          /* in streams that are closed */
};

static void close_stream(struct log_file *file, struct log_stream *stream)
{
	file->dropped += stream->lines.dropped;
	stream->lines.dropped = 0;
	if (stream->fd >= 0 && stream->watch >= 0)
		inotify_rm_watch(file->inotify, stream->watch);
	log_stream_close(stream);
}

void log_file_free(struct log_file *file)
{
	if (!file)
		return;
	log_stream_close(&file->current);
	for (size_t i = 0; i < LOG_FILE_HELD_MAX; i++)
		log_stream_close(&file->held[i]);
	if (file->inotify >= 0)
		close(file->inotify);
	free(file->path);
	free(file->folder);
	free(file);
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash != path ? strndup(path, (size_t)(slash - path)) : strdup("/");
}

/* Told of, from now on, are new names in the folder and what is written to the current file. Where that
 * fails, looking now and then has to do. */
static void watch(struct log_file *file)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	if (file->inotify < 0)
		return;
	if (file->folder_watch < 0)
		file->folder_watch = inotify_add_watch(file->inotify, file->folder,
						       IN_CREATE | IN_MOVED_TO | IN_ONLYDIR | IN_DELETE_SELF |
							       IN_MOVE_SELF);
	if (file->current.fd < 0 || file->current.watch >= 0)
		return;
	/* By the descriptor: the name may be another file's by now. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->current.fd);
	file->current.watch = inotify_add_watch(file->inotify, path, IN_MODIFY);
}

int log_file_fd(const struct log_file *file)
{
	return file->inotify;
}

/* What was told is looked up anyhow. */
static void drain(struct log_file *file)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while (file->inotify >= 0 && (n = read(file->inotify, buf, sizeof(buf))) > 0) {
		const struct inotify_event *event;

		for (char *p = buf; p < buf + n; p += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)p;
			/* A folder that was moved is not the one that the path names. */
			if (event->wd == file->folder_watch && event->mask & IN_MOVE_SELF)
				inotify_rm_watch(file->inotify, file->folder_watch);
			if (event->wd == file->folder_watch && event->mask & (IN_MOVE_SELF | IN_IGNORED))
				file->folder_watch = -1;
		}
	}
}

/* Keeps the current file for those who still write to it, in place of the one that was longest silent. */
static void hold_current(struct log_file *file, uint64_t now_ns)
{
	struct log_stream *place = &file->held[0];

	if (file->current.fd < 0)
		return;
	for (size_t i = 0; i < LOG_FILE_HELD_MAX && place->fd >= 0; i++)
		if (file->held[i].fd < 0 || file->held[i].grown_ns < place->grown_ns)
			place = &file->held[i];
	close_stream(file, place);
	*place = file->current;
	place->grown_ns = now_ns;
	file->current.fd = -1;
}

/* Opens what has the name now, unless it is the current file. A name that is gone changes nothing: rotation
 * may be half done. */
static int look(struct log_file *file, uint64_t now_ns)
{
	struct log_stream found = {.fd = -1};
	struct stat status;
	int r = 0;

	if (stat(file->path, &status) < 0) {
		file->begun = file->begun || errno == ENOENT || errno == ENOTDIR;
		return -errno;
	}
	if (log_stream_is(&file->current, &status))
		return 0;
	for (size_t i = 0; i < LOG_FILE_HELD_MAX && found.fd < 0; i++) {
		if (!log_stream_is(&file->held[i], &status))
			continue;
		found = file->held[i];
		file->held[i].fd = -1;
	}
	if (found.fd < 0)
		r = log_stream_open(file->path, !file->begun, &found);
	if (r < 0)
		return r;
	hold_current(file, now_ns);
	file->current = found;
	file->begun = true;
	watch(file);
	return 0;
}

int log_file_new(const char *path, struct log_file **ret)
{
	struct log_file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	file->current.fd = file->folder_watch = -1;
	for (size_t i = 0; i < LOG_FILE_HELD_MAX; i++)
		file->held[i].fd = -1;
	file->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	file->path = strdup(path);
	file->folder = folder_of(path);
	if (!file->path || !file->folder) {
		log_file_free(file);
		return -ENOMEM;
	}
	*ret = file;
	watch(file);
	look(file, 0); /* what is written from now on is read; why it cannot be, the first read tells */
	return 0;
}

static void read_held(struct log_file *file, size_t *left, uint64_t now_ns, bool *more, line_taker *take,
		      void *context)
{
	const uint64_t hold_ns = UINT64_C(1000000000) * LOG_FILE_HOLD_S;

	for (size_t i = 0; i < LOG_FILE_HELD_MAX; i++) {
		struct log_stream *stream = &file->held[i];

		if (stream->fd < 0)
			continue;
		if (log_stream_read(stream, left, now_ns, take, context) > 0)
			*more = true;
		else if (now_ns - stream->grown_ns > hold_ns)
			close_stream(file, stream);
	}
}

int log_file_read(struct log_file *file, uint64_t now_ns, line_taker *take, void *context)
{
	size_t left = LOG_FILE_TURN;
	bool more = false;
	int looked, r = 0;

	drain(file);
	watch(file);
	looked = look(file, now_ns);
	/* What is old comes first: it was written first. */
	read_held(file, &left, now_ns, &more, take, context);
	if (file->current.fd >= 0)
		r = log_stream_read(&file->current, &left, now_ns, take, context);
	/* Between a rename and the first line of the new file, the old one is still the log. */
	if (looked == -ENOENT && file->current.fd >= 0)
		looked = 0;
	if (r < 0 || looked < 0)
		return r < 0 ? r : looked;
	return more || r > 0;
}

uint64_t log_file_dropped(const struct log_file *file)
{
	uint64_t dropped = file->dropped + file->current.lines.dropped;

	for (size_t i = 0; i < LOG_FILE_HELD_MAX; i++)
		dropped += file->held[i].lines.dropped;
	return dropped;
}
