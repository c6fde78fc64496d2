// SPDX-License-Identifier: GPL-2.0-only
/* What the daemon writes to standard output, here a pipe. */
#include <fcntl.h>
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

#include "run_events.h"

#define S UINT64_C(1000000000)

struct pipe_of_stdout {
	int saved;
	int out;
};

static struct pipe_of_stdout begin(void)
{
	struct pipe_of_stdout pipes;
	int fds[2];

	fflush(stdout);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	pipes.saved = dup(STDOUT_FILENO);
	pipes.out = fds[0];
	dup2(fds[1], STDOUT_FILENO);
	close(fds[1]);
	return pipes;
}

static void end(struct pipe_of_stdout pipes)
{
	fflush(stdout);
	dup2(pipes.saved, STDOUT_FILENO);
	close(pipes.saved);
	close(pipes.out);
}

static size_t read_lines(int fd, char *first, size_t size)
{
	static char buf[1 << 20];
	size_t used = 0, n = 0;
	ssize_t got;

	while ((got = read(fd, buf + used, sizeof(buf) - 1 - used)) > 0)
		used += (size_t)got;
	buf[used] = '\0';
	if (first)
		snprintf(first, size, "%.*s", (int)strcspn(buf, "\n"), buf);
	for (const char *c = buf; (c = strchr(c, '\n')); c++)
		n++;
	return n;
}

static void text_and_json(void **state)
{
	const struct event event = {.kind = EVENT_APPLIED, .time_ns = 5 * S, .pid = 7, .comm = "a\"b"};
	char text[256], json[256];

	(void)state;
	for (int as_json = 0; as_json < 2; as_json++) {
		struct pipe_of_stdout pipes = begin();
		struct run_events *events = run_events_new("test", as_json);

		run_events_report(events, &event, 0);
		run_events_free(events);
		read_lines(pipes.out, as_json ? json : text, sizeof(text));
		end(pipes);
	}
	assert_string_equal(text, "1970-01-01T00:00:05.000Z applied (a\"b, pid 7, uid 0)");
	assert_string_equal(
		json, "{\"time\":\"1970-01-01T00:00:05.000Z\",\"kind\":\"applied\",\"process\":\"a\\\"b\","
		      "\"pid\":7,\"uid\":0}");
}

static void denials_are_limited(void **state)
{
	struct pipe_of_stdout pipes = begin();
	struct run_events *events = run_events_new("test", false);
	struct event deny = {.kind = EVENT_DENY, .time_ns = S},
		     used = {.kind = EVENT_PINHOLE_USED, .time_ns = S};
	uint64_t denials, lines;
	size_t n;

	(void)state;
	for (int i = 0; i < 3 * RUN_DENIALS_PER_SECOND; i++) {
		run_events_report(events, &deny, 0);
		if (i % 10 == 0)
			run_events_report(events, &used, 0);
	}
	deny.time_ns = 2 * S;
	run_events_report(events, &deny, 0);
	n = read_lines(pipes.out, NULL, 0);
	run_events_take_lost(events, &denials, &lines);
	end(pipes);
	assert_int_equal(n, RUN_DENIALS_PER_SECOND + 3 * RUN_DENIALS_PER_SECOND / 10 + 1);
	assert_int_equal(denials, 2 * RUN_DENIALS_PER_SECOND);
	assert_int_equal(lines, 0);
	run_events_take_lost(events, &denials, &lines);
	assert_int_equal(denials, 0);
	run_events_free(events);
}

/* A reader that does not read holds nothing up; each line that it gets is whole. */
static void nobody_reads(void **state)
{
	struct pipe_of_stdout pipes = begin();
	struct run_events *events = run_events_new("test", false);
	const struct event event = {.kind = EVENT_PINHOLE_USED, .time_ns = S};
	uint64_t denials, lines;
	size_t n;

	(void)state;
	for (int i = 0; i < 5000; i++)
		run_events_report(events, &event, 0);
	run_events_take_lost(events, &denials, &lines);
	n = read_lines(pipes.out, NULL, 0);
	assert_int_equal(n + lines, 5000);
	assert_true(n > 100);
	/* Nor does one that is gone. */
	close(pipes.out);
	pipes.out = dup(STDERR_FILENO);
	run_events_report(events, &event, 0);
	run_events_report(events, &event, 0);
	run_events_take_lost(events, &denials, &lines);
	end(pipes);
	assert_int_equal(lines, 0);
	run_events_free(events);
}

/* Where standard output is the journal, it gets what has fields instead. */
static void journal_gets_no_text(void **state)
{
	struct pipe_of_stdout pipes = begin();
	const struct event event = {.kind = EVENT_APPLIED, .time_ns = S};
	struct run_events *events;
	struct stat status;
	char stream[64];
	size_t n;

	(void)state;
	assert_int_equal(fstat(STDOUT_FILENO, &status), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	events = run_events_new("test", false);
	run_events_report(events, &event, 0);
	run_events_free(events);
	unsetenv("JOURNAL_STREAM");
	n = read_lines(pipes.out, NULL, 0);
	end(pipes);
	assert_int_equal(n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_json),
		cmocka_unit_test(denials_are_limited),
		cmocka_unit_test(nobody_reads),
		cmocka_unit_test(journal_gets_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
