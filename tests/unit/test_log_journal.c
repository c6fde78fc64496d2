// SPDX-License-Identifier: GPL-2.0-only
/* Messages from a journal that systemd-journal-remote writes into a folder of the test's own. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "log_journal.h"
#include "log_line.h"

#define WRITER "/lib/systemd/systemd-journal-remote"

struct scene {
	char folder[32];
	unsigned n_files;
	struct log_journal *journal;
	char *lines;
	FILE *stream;
};

static void take(void *context, const char *line, size_t size)
{
	struct scene *scene = context;

	fwrite(line, 1, size, scene->stream);
	fputc('|', scene->stream);
}

struct message {
	const char *identifier;
	const char *unit;
	const char *text;
};

/* In the export format; a file of its own each time, as rotation makes them. */
static void write_messages(struct scene *scene, const struct message *messages, size_t n)
{
	static uint64_t us = 1700000000000000;
	char command[256];
	FILE *pipe;

	snprintf(command, sizeof(command), WRITER " --split-mode=none -o %s/%u.journal - >%s/log 2>&1",
		 scene->folder, scene->n_files++, scene->folder);
	pipe = popen(command, "w");
	assert_non_null(pipe);
	for (size_t i = 0; i < n; i++, us += 1000)
		fprintf(pipe,
			"__REALTIME_TIMESTAMP=%llu\n__MONOTONIC_TIMESTAMP=%llu\n"
			"_BOOT_ID=5335e9cf5d954633bb99aefc0ec38c25\nSYSLOG_IDENTIFIER=%s\n_SYSTEMD_UNIT=%s\n"
			"MESSAGE=%s\n\n",
			(unsigned long long)us, (unsigned long long)us, messages[i].identifier,
			messages[i].unit, messages[i].text);
	assert_int_equal(pclose(pipe), 0);
}

static void write_message(struct scene *scene, const char *identifier, const char *unit, const char *text)
{
	const struct message message = {identifier, unit, text};

	write_messages(scene, &message, 1);
}

static void follow(struct scene *scene, const char *name)
{
	struct failure failure = {""};
	int r = log_journal_new(name, scene->folder, &scene->journal, &failure);

	if (r < 0)
		print_message("%s\n", failure.text);
	assert_int_equal(r, 0);
}

/* What came, up to `expected` or for 5 s. */
static void assert_lines(struct scene *scene, const char *expected)
{
	size_t size;
	int r = 0;

	if (scene->stream)
		fclose(scene->stream);
	free(scene->lines);
	scene->stream = open_memstream(&scene->lines, &size);
	for (int i = 0; i < 100; i++) {
		struct pollfd fd;
		uint64_t at_us;

		while ((r = log_journal_read(scene->journal, take, scene)) > 0)
			;
		assert_int_equal(r, 0);
		fflush(scene->stream);
		if (strlen(scene->lines) >= strlen(expected))
			break;
		fd.fd = log_journal_fd(scene->journal, &fd.events, &at_us);
		assert_true(poll(&fd, 1, 50) >= 0);
	}
	assert_string_equal(scene->lines, expected);
}

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	if (!scene)
		return -1;
	strcpy(scene->folder, "/tmp/pst-jrn.XXXXXX");
	*state = scene;
	return mkdtemp(scene->folder) ? 0 : -1;
}

static int teardown(void **state)
{
	struct scene *scene = *state;
	char command[64];

	log_journal_free(scene->journal);
	if (scene->stream)
		fclose(scene->stream);
	free(scene->lines);
	snprintf(command, sizeof(command), "rm -rf %s", scene->folder);
	free(scene);
	return system(command);
}

static void of_an_identifier(void **state)
{
	struct scene *scene = *state;

	write_message(scene, "pure-ftpd", "pure-ftpd.service", "old");
	follow(scene, "pure-ftpd");
	assert_lines(scene, "");
	write_message(scene, "pure-ftpd", "pure-ftpd.service", "new");
	write_message(scene, "sshd", "ssh.service", "other");
	write_message(scene, "pure-ftpd", "x.service", "newer");
	assert_lines(scene, "new|newer|");
	assert_lines(scene, "");
}

/* Which unit it is from is not what the message says of itself. */
static void of_a_unit(void **state)
{
	struct scene *scene = *state;

	write_message(scene, "a", "a.service", "old");
	follow(scene, "vsftpd.service");
	write_message(scene, "vsftpd.service", "user.slice", "forged");
	write_message(scene, "vsftpd", "vsftpd.service", "true");
	assert_lines(scene, "true|");
}

static void of_an_empty_journal(void **state)
{
	struct scene *scene = *state;

	follow(scene, "vsftpd");
	assert_lines(scene, "");
	write_message(scene, "vsftpd", "x", "first");
	assert_lines(scene, "first|");
}

static void long_messages(void **state)
{
	struct scene *scene = *state;
	char text[2 * LOG_LINE_MAX], expected[LOG_LINE_MAX + 16];

	follow(scene, "a");
	memset(text, 'x', sizeof(text));
	text[LOG_LINE_MAX] = '\0';
	memcpy(expected, text, LOG_LINE_MAX);
	strcpy(expected + LOG_LINE_MAX, "|");
	write_message(scene, "a", "a", text);
	assert_lines(scene, expected);
	assert_int_equal(log_journal_dropped(scene->journal), 0);
	text[LOG_LINE_MAX] = 'x';
	text[LOG_LINE_MAX + 1] = '\0';
	write_message(scene, "a", "a", text);
	text[LOG_LINE_MAX + 1] = 'x';
	text[sizeof(text) - 1] = '\0';
	write_message(scene, "a", "a", text);
	write_message(scene, "a", "a", "short");
	assert_lines(scene, "short|");
	assert_int_equal(log_journal_dropped(scene->journal), 2);
}

static void bounded_turns(void **state)
{
	static struct message messages[3 * LOG_JOURNAL_TURN];
	struct scene *scene = *state;
	int r, turns = 0;

	follow(scene, "a");
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		messages[i] = (struct message){"a", "a", "x"};
	write_messages(scene, messages, sizeof(messages) / sizeof(messages[0]));
	scene->stream = fopen("/dev/null", "w");
	for (int i = 0; i < 100 && turns < 3; i++) {
		struct pollfd fd;
		uint64_t at_us;

		r = log_journal_read(scene->journal, take, scene);
		assert_true(r >= 0);
		turns += r;
		fd.fd = log_journal_fd(scene->journal, &fd.events, &at_us);
		if (r == 0)
			assert_true(poll(&fd, 1, 50) >= 0);
	}
	assert_int_equal(turns, 3);
}

static void units(void **state)
{
	(void)state;
	assert_true(log_journal_is_unit("vsftpd.service"));
	assert_true(log_journal_is_unit("session-1.scope"));
	assert_false(log_journal_is_unit("vsftpd"));
	assert_false(log_journal_is_unit("vsftpd.d"));
	assert_false(log_journal_is_unit(".service"));
}

static void no_journal(void **state)
{
	struct log_journal *journal = NULL;
	struct failure failure = {""};

	(void)state;
	assert_int_equal(log_journal_new("a", "/tmp/pst-none", &journal, &failure), -ENOENT);
	assert_non_null(strstr(failure.text, "cannot be opened"));
	/* Of this host's, only where it has none. */
	if (system("ls /run/log/journal/*/* 2>/dev/null | grep -q . || ls /var/log/journal/*/* 2>/dev/null | "
		   "grep -q .") == 0)
		return;
	assert_int_equal(log_journal_new("a", NULL, &journal, &failure), -ENODATA);
	assert_non_null(strstr(failure.text, "has no systemd journal"));
	assert_null(journal);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(of_an_identifier),
		T(of_a_unit),
		T(of_an_empty_journal),
		T(long_messages),
		T(bounded_turns),
		cmocka_unit_test(units),
		cmocka_unit_test(no_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
