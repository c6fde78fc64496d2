// SPDX-License-Identifier: GPL-2.0-only
/* A file that is followed: lines as they come, through rotation, in a folder of the test's own. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "log_file.h"

#define S UINT64_C(1000000000)

/* The lines that came since the last look, each with a '|' behind it. */
struct scene {
	char folder[32];
	char path[64];
	struct log_file *file;
	char *lines;
	size_t n_lines;
	FILE *stream;
	uint64_t now_ns;
};

static void take(void *context, const char *line, size_t size)
{
	struct scene *scene = context;

	scene->n_lines++;
	fwrite(line, 1, size, scene->stream);
	fputc('|', scene->stream);
}

static const char *in(struct scene *scene, const char *name)
{
	static char path[96];

	snprintf(path, sizeof(path), "%s/%s", scene->folder, name);
	return path;
}

static void write_to(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | flags, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void append(struct scene *scene, const char *text)
{
	write_to(scene->path, O_APPEND, text);
}

static int look(struct scene *scene)
{
	size_t size;
	int r;

	if (scene->stream)
		fclose(scene->stream);
	free(scene->lines);
	scene->stream = open_memstream(&scene->lines, &size);
	assert_non_null(scene->stream);
	scene->n_lines = 0;
	while ((r = log_file_read(scene->file, scene->now_ns, take, scene)) > 0)
		;
	fflush(scene->stream);
	return r;
}

#define assert_lines(scene, expected)                                                                        \
	do {                                                                                                 \
		look(scene);                                                                                 \
		assert_string_equal((scene)->lines, expected);                                               \
	} while (0)

static bool is_told(struct scene *scene)
{
	struct pollfd fd = {.fd = log_file_fd(scene->file), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

static void follow(struct scene *scene)
{
	assert_int_equal(log_file_new(scene->path, &scene->file), 0);
}

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	if (!scene)
		return -1;
	strcpy(scene->folder, "/tmp/pst-log.XXXXXX");
	if (!mkdtemp(scene->folder))
		return -1;
	snprintf(scene->path, sizeof(scene->path), "%s/log", scene->folder);
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;
	char command[64];

	log_file_free(scene->file);
	if (scene->stream)
		fclose(scene->stream);
	free(scene->lines);
	snprintf(command, sizeof(command), "rm -rf %s", scene->folder);
	free(scene);
	return system(command);
}

static void begins_at_the_end(void **state)
{
	struct scene *scene = *state;

	append(scene, "old\n");
	follow(scene);
	append(scene, "new\n");
	assert_lines(scene, "new|");
	assert_lines(scene, "");
	append(scene, "a\n\nb\n");
	assert_lines(scene, "a||b|");
}

static void partial_lines(void **state)
{
	struct scene *scene = *state;

	append(scene, "the begin of a line that nobody saw ");
	follow(scene);
	append(scene, "and its end\none\ntw");
	assert_lines(scene, "one|");
	assert_lines(scene, "");
	append(scene, "o\nthree");
	assert_lines(scene, "two|");
	append(scene, "\n");
	assert_lines(scene, "three|");
	assert_int_equal(log_file_dropped(scene->file), 0);
}

static void comes_later(void **state)
{
	struct scene *scene = *state;

	follow(scene);
	assert_int_equal(look(scene), -ENOENT);
	append(scene, "first\n");
	assert_true(is_told(scene));
	assert_lines(scene, "first|");
	assert_int_equal(look(scene), 0);
}

static void folder_comes_later(void **state)
{
	struct scene *scene = *state;

	snprintf(scene->path, sizeof(scene->path), "%s/sub/log", scene->folder);
	follow(scene);
	assert_int_equal(look(scene), -ENOENT);
	assert_int_equal(mkdir(in(scene, "sub"), 0700), 0);
	assert_int_equal(look(scene), -ENOENT);
	append(scene, "first\n");
	assert_true(is_told(scene));
	assert_lines(scene, "first|");
	/* Another folder takes its name. */
	{
		char old[96];

		strcpy(old, in(scene, "sub"));
		assert_int_equal(rename(old, in(scene, "gone")), 0);
	}
	assert_int_equal(mkdir(in(scene, "sub"), 0700), 0);
	look(scene);
	append(scene, "second\n");
	assert_true(is_told(scene));
	assert_lines(scene, "second|");
}

static void rename_to(struct scene *scene, const char *name)
{
	assert_int_equal(rename(scene->path, in(scene, name)), 0);
}

static void renamed(void **state)
{
	struct scene *scene = *state;

	append(scene, "");
	follow(scene);
	append(scene, "a\nb, half ");
	assert_lines(scene, "a|");
	rename_to(scene, "log.1");
	assert_int_equal(look(scene), 0);
	write_to(in(scene, "log.1"), O_APPEND, "and half\nc\n");
	assert_true(is_told(scene));
	assert_lines(scene, "b, half and half|c|");
	append(scene, "d\n");
	assert_true(is_told(scene));
	assert_lines(scene, "d|");
	/* A session that began before goes on writing the old file; what it writes came first. */
	append(scene, "f\n");
	write_to(in(scene, "log.1"), O_APPEND, "e\n");
	assert_true(is_told(scene));
	assert_lines(scene, "e|f|");
}

static void renamed_back(void **state)
{
	struct scene *scene = *state;

	follow(scene);
	append(scene, "a\n");
	assert_lines(scene, "a|");
	rename_to(scene, "log.1");
	append(scene, "b\n");
	assert_lines(scene, "b|");
	rename_to(scene, "log.2");
	assert_int_equal(rename(in(scene, "log.1"), scene->path), 0);
	append(scene, "c\n");
	assert_lines(scene, "c|");
}

static void held_no_longer(void **state)
{
	struct scene *scene = *state;

	append(scene, "");
	follow(scene);
	rename_to(scene, "log.1");
	append(scene, "");
	assert_lines(scene, "");
	scene->now_ns += (LOG_FILE_HOLD_S - 1) * S;
	write_to(in(scene, "log.1"), O_APPEND, "a\n");
	assert_lines(scene, "a|");
	scene->now_ns += (LOG_FILE_HOLD_S - 1) * S;
	write_to(in(scene, "log.1"), O_APPEND, "b\n");
	assert_lines(scene, "b|");
	scene->now_ns += (LOG_FILE_HOLD_S + 1) * S;
	assert_lines(scene, "");
	write_to(in(scene, "log.1"), O_APPEND, "c\n");
	assert_lines(scene, "");
	append(scene, "d\n");
	assert_lines(scene, "d|");
}

static size_t n_fds(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void rotated_often(void **state)
{
	struct scene *scene = *state;
	size_t before = n_fds();
	char name[16];

	follow(scene);
	for (int i = 0; i < 100; i++) {
		append(scene, "x\n");
		assert_lines(scene, "x|");
		scene->now_ns += S;
		snprintf(name, sizeof(name), "log.%d", i);
		rename_to(scene, name);
	}
	/* inotify, the current one, those held; and the memory stream of look() has none. */
	assert_true(n_fds() <= before + 2 + LOG_FILE_HELD_MAX);
	/* The newest are those that are held. */
	write_to(in(scene, "log.98"), O_APPEND, "y\n");
	write_to(in(scene, "log.90"), O_APPEND, "z\n");
	assert_lines(scene, "y|");
	log_file_free(scene->file);
	scene->file = NULL;
	assert_int_equal(n_fds(), before);
}

static void truncated(void **state)
{
	struct scene *scene = *state;

	append(scene, "a long line that was there before\n");
	follow(scene);
	append(scene, "a\nhalf of a line");
	assert_lines(scene, "a|");
	write_to(scene->path, O_TRUNC, "b\n");
	assert_true(is_told(scene));
	assert_lines(scene, "b|");
	assert_int_equal(truncate(scene->path, 0), 0);
	assert_lines(scene, "");
	append(scene, "c\n");
	assert_lines(scene, "c|");
}

/* Grown beyond what was read before anybody looked: the offset lies within a line of which a client chose the
 * rest. */
static void truncated_and_grown(void **state)
{
	struct scene *scene = *state;

	follow(scene);
	append(scene, "12345\n");
	assert_lines(scene, "12345|");
	write_to(scene->path, O_TRUNC, "abcdefghi\nz\n");
	assert_lines(scene, "abcdefghi|z|");
}

static void long_lines(void **state)
{
	struct scene *scene = *state;
	char text[2 * LINE_BUFFER_SIZE];

	follow(scene);
	memset(text, 'x', sizeof(text));
	text[LINE_BUFFER_SIZE] = '\n';
	text[LINE_BUFFER_SIZE + 1] = '\0';
	append(scene, text);
	assert_int_equal(look(scene), 0);
	assert_int_equal(strlen(scene->lines), LINE_BUFFER_SIZE + 1);
	assert_int_equal(log_file_dropped(scene->file), 0);
	text[LINE_BUFFER_SIZE] = 'x';
	text[LINE_BUFFER_SIZE + 1] = '\n';
	text[LINE_BUFFER_SIZE + 2] = '\0';
	append(scene, text);
	append(scene, "short\n");
	assert_lines(scene, "short|");
	assert_int_equal(log_file_dropped(scene->file), 1);
	/* In pieces, and over a rotation. */
	for (int i = 0; i < 100; i++) {
		append(scene, "an endless line without any end to it at all, and so on and on and on");
		assert_lines(scene, "");
	}
	assert_int_equal(log_file_dropped(scene->file), 2);
	rename_to(scene, "log.1");
	append(scene, "short\n");
	assert_lines(scene, "short|");
	write_to(in(scene, "log.1"), O_APPEND, "its end\nnext\n");
	assert_lines(scene, "next|");
	assert_int_equal(log_file_dropped(scene->file), 2);
}

static void burst(void **state)
{
	struct scene *scene = *state;
	size_t calls = 0;
	FILE *stream;
	int r;

	append(scene, "");
	follow(scene);
	stream = fopen(scene->path, "a");
	assert_non_null(stream);
	for (int i = 0; i < 100000; i++)
		fprintf(stream, "line %d of a burst\n", i);
	fclose(stream);
	scene->stream = open_memstream(&scene->lines, &(size_t){0});
	do {
		size_t before = scene->n_lines;

		r = log_file_read(scene->file, 0, take, scene);
		assert_true(r == 0 || r == 1);
		/* The shortest line takes 16 bytes. */
		assert_true(scene->n_lines - before <= LOG_FILE_TURN / 16 + 1);
		calls++;
	} while (r > 0);
	assert_int_equal(scene->n_lines, 100000);
	assert_true(calls > 10);
	fflush(scene->stream);
	assert_int_equal(strncmp(scene->lines, "line 0 of a burst|line 1 of", 27), 0);
}

static void large_and_new_is_old(void **state)
{
	struct scene *scene = *state;
	char *text = malloc(LOG_FILE_CATCH_UP + 2);

	assert_non_null(text);
	follow(scene);
	for (size_t i = 0; i < LOG_FILE_CATCH_UP; i++)
		text[i] = i % 64 == 63 ? '\n' : 'o';
	strcpy(text + LOG_FILE_CATCH_UP, "\n");
	append(scene, text);
	free(text);
	assert_lines(scene, "");
	append(scene, "new\n");
	assert_lines(scene, "new|");
}

static void no_file_of_ours(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(mkfifo(scene->path, 0600), 0);
	follow(scene);
	assert_int_equal(look(scene), -EINVAL);
	unlink(scene->path);
	assert_int_equal(mkdir(scene->path, 0700), 0);
	assert_int_equal(look(scene), -EINVAL);
	rmdir(scene->path);
	assert_int_equal(look(scene), -ENOENT);
	append(scene, "a\n");
	assert_lines(scene, "a|");
	/* What was written while everybody could is passed over. */
	assert_int_equal(chmod(scene->path, 0622), 0);
	append(scene, "forged\n");
	assert_int_equal(look(scene), -EPERM);
	assert_int_equal(chmod(scene->path, 0600), 0);
	append(scene, "b\n");
	assert_lines(scene, "b|");
}

static void unreadable_at_first(void **state)
{
	struct scene *scene = *state;

	append(scene, "old\n");
	assert_int_equal(chmod(scene->path, 0602), 0);
	follow(scene);
	assert_int_equal(look(scene), -EPERM);
	assert_int_equal(chmod(scene->path, 0600), 0);
	assert_lines(scene, "");
	append(scene, "new\n");
	assert_lines(scene, "new|");
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(begins_at_the_end),    T(partial_lines),   T(comes_later),
		T(folder_comes_later),   T(renamed),         T(renamed_back),
		T(held_no_longer),       T(rotated_often),   T(truncated),
		T(truncated_and_grown),  T(long_lines),      T(burst),
		T(large_and_new_is_old), T(no_file_of_ours), T(unreadable_at_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
