// SPDX-License-Identifier: GPL-2.0-only
/* How messages about a policy are ordered, counted, bounded and printed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diag.h"

static struct place at(const char *file, unsigned line, unsigned column)
{
	return (struct place){.file = file, .line = line, .column = column};
}

/* What diags_print() writes; the caller frees it. */
static char *printed(const struct diags *diags)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	diags_print(diags, stream);
	assert_int_equal(fclose(stream), 0);
	return text;
}

static void assert_printed(const struct diags *diags, const char *expected)
{
	char *text = printed(diags);

	assert_string_equal(text, expected);
	free(text);
}

static void test_order(void **state)
{
	struct diags *diags = diags_new();

	(void)state;
	assert_printed(diags, "");
	diags_add(diags, DIAG_ERROR, at("b.yaml", 1, 1), "six");
	diags_add(diags, DIAG_ERROR, at("a.yaml", 10, 2), "five");
	diags_add(diags, DIAG_WARNING, at("a.yaml", 9, 30), "%s", "three");
	diags_add(diags, DIAG_ERROR, at("a.yaml", 9, 4), "two");
	diags_add(diags, DIAG_WARNING, at("a.yaml", 9, 30), "four");
	diags_add(diags, DIAG_ERROR, at("a.yaml", 0, 0), "one");
	diags_add(diags, DIAG_ERROR, at(NULL, 0, 0), "nowhere");
	assert_printed(diags, "error: nowhere\n"
			      "a.yaml: error: one\n"
			      "a.yaml:9:4: error: two\n"
			      "a.yaml:9:30: warning: three\n"
			      "a.yaml:9:30: warning: four\n"
			      "a.yaml:10:2: error: five\n"
			      "b.yaml:1:1: error: six\n");
	assert_int_equal(diags_count(diags, DIAG_ERROR), 5);
	assert_int_equal(diags_count(diags, DIAG_WARNING), 2);
	assert_string_equal(diags_warning(diags, 0), "a.yaml:9:30: warning: three");
	assert_string_equal(diags_warning(diags, 1), "a.yaml:9:30: warning: four");
	assert_null(diags_warning(diags, 2));
	diags_free(diags);
}

static void test_file_is_copied(void **state)
{
	struct diags *diags = diags_new();
	char file[] = "a.yaml";

	(void)state;
	diags_add(diags, DIAG_ERROR, at(file, 1, 2), "x");
	memset(file, 'z', sizeof(file) - 1);
	assert_printed(diags, "a.yaml:1:2: error: x\n");
	diags_free(diags);
}

static void test_bound(void **state)
{
	struct diags *diags = diags_new();
	char *text;
	size_t lines = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		diags_add(diags, DIAG_ERROR, at("a.yaml", i + 1, 1), "x");
	diags_add(diags, DIAG_WARNING, at("a.yaml", 1, 1), "still there");
	assert_int_equal(diags_count(diags, DIAG_ERROR), 1000);
	text = printed(diags);
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 202);
	assert_non_null(strstr(text, "a.yaml:1:1: warning: still there\n"));
	assert_non_null(strstr(text, "a.yaml:200:1: error: x\n"));
	assert_null(strstr(text, "a.yaml:201:1:"));
	assert_non_null(strstr(text, "error: 800 more errors are not shown\n"));
	free(text);
	diags_free(diags);
}

static void test_control_characters(void **state)
{
	struct diags *diags = diags_new();

	(void)state;
	diags_add(diags, DIAG_ERROR, at("a\nb", 1, 1), "\x1b[31m|\x7f|\xc2\x9b|\xc3\xa9|\n|");
	assert_printed(diags, "a?b:1:1: error: ?[31m|?|??|\xc3\xa9|?|\n");
	diags_free(diags);
}

static void test_long_text(void **state)
{
	/* Two-byte characters at either parity, so that one of the two cuts falls inside a character. */
	for (int odd = 0; odd < 2; odd++) {
		struct diags *diags = diags_new();
		char text[4001] = "", *out;
		size_t size;

		(void)state;
		for (size_t i = 0; i < 2000; i++)
			memcpy(text + i * 2, "\xc3\xa9", 2);
		text[4000] = '\0';
		diags_add(diags, DIAG_ERROR, at("a", 1, 1), "%s%s", odd ? "x" : "", text);
		out = printed(diags);
		size = strlen(out);
		assert_true(size > 400 && size < 600);
		/* It ends with a whole character. */
		assert_memory_equal(out + size - 3, "\xc3\xa9\n", 3);
		free(out);
		diags_free(diags);
	}
}

static void test_free_null(void **state)
{
	(void)state;
	diags_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),     cmocka_unit_test(test_file_is_copied),
		cmocka_unit_test(test_bound),     cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_long_text), cmocka_unit_test(test_free_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
