// SPDX-License-Identifier: GPL-2.0-only
/* Tables, durations, times, and bytes that somebody else chose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "options.h"
#include "output.h"

static void table_aligns(void **state)
{
	static const char *const headings[] = {"NAME", ">N", "LAST", NULL};
	struct table *table = table_new(headings);
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	(void)state;
	for (int i = 0; i < 3; i++) {
		table_add(table, "%s", i ? "long name" : "\xc3\xa4");
		table_add(table, "%d", i ? 7 : 12345);
		table_add(table, "%s", i == 0 ? "longer" : i == 1 ? "x" : "");
	}
	assert_int_equal(table_print(table, stream), 0);
	fclose(stream);
	assert_string_equal(text, "NAME           N  LAST\n"
				  "\xc3\xa4          12345  longer\n"
				  "long name      7  x\n"
				  "long name      7\n"); /* nothing trails */
	free(text);
	table_free(table);
	table_free(NULL);
}

static void durations(void **state)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} cases[] = {
		{0, "0ms"},           {999, "999ms"},      {1000, "1s"},         {30100, "30.1s"},
		{59999, "59.9s"},     {60000, "1m00s"},    {3599999, "59m59s"},  {3600000, "1h00m"},
		{86399999, "23h59m"}, {86400000, "1d00h"}, {187200000, "2d04h"},
	};
	char buf[DURATION_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(format_duration(cases[i].ms * 1000000, buf), cases[i].text);
	assert_true(strlen(format_duration(UINT64_MAX, buf)) < sizeof(buf));
}

static void times(void **state)
{
	char buf[TIME_TEXT_SIZE];

	(void)state;
	assert_string_equal(format_time(0, buf), "1970-01-01T00:00:00.000Z");
	assert_string_equal(format_time(INT64_C(1709251199999999999), buf), "2024-02-29T23:59:59.999Z");
	assert_string_equal(format_time(-1, buf), "1969-12-31T23:59:59.999Z");
}

static void bytes_are_escaped(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *text;
	} cases[] = {
		{"vsftpd", 16, "vsftpd"},
		{"", 16, ""},
		{"cut here", 3, "cut"},
		{"a\033[31mb", 16, "a\\x1b[31mb"},
		{"new\nline\t\x7f", 16, "new\\x0aline\\x09\\x7f"},
		{"back\\x41", 16, "back\\\\x41"},
		{"\"quote", 16, "\"quote"},
		{"gr\xc3\xbc\xc3\x9f", 16, "gr\xc3\xbc\xc3\x9f"},
		{"\xe2\x82\xac\xf0\x9f\x98\x80", 16, "\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"\xc3", 16, "\\xc3"},                   /* cut in the middle */
		{"\xc3\xbc", 1, "\\xc3"},                /* the same, by the size */
		{"\x80\xff", 16, "\\x80\\xff"},          /* no UTF-8 */
		{"\xc0\xaf", 16, "\\xc0\\xaf"},          /* overlong */
		{"\xe0\x80\xaf", 16, "\\xe0\\x80\\xaf"}, /* overlong */
		{"\xed\xa0\x80", 16, "\\xed\\xa0\\x80"}, /* a surrogate */
		{"\xf4\x90\x80\x80", 16, "\\xf4\\x90\\x80\\x80"},
		{"\xc2\x9b", 16, "\\xc2\\x9b"},          /* CSI as a single character */
		{"\xe2\x80\xae", 16, "\\xe2\\x80\\xae"}, /* turns the direction of text */
		{"\xe2\x80\xa8", 16, "\\xe2\\x80\\xa8"}, /* ends a line */
	};
	char buf[ESCAPED_SIZE(16)];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(escape_bytes(cases[i].bytes, cases[i].size, buf), cases[i].text);
}

/* Every pair of bytes gives a string that JSON can hold, and that fits. */
static void json_never_breaks(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		char bytes[2] = {(char)(i >> 8), (char)i}, buf[ESCAPED_SIZE(2)];
		json_t *string = json_bytes(bytes, sizeof(bytes));

		assert_non_null(string);
		assert_true(strlen(escape_bytes(bytes, sizeof(bytes), buf)) < sizeof(buf));
		assert_string_equal(json_string_value(string), buf);
		for (const char *p = buf; *p; p++)
			assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
		json_decref(string);
	}
}

static const struct option_help options[] = {
	{"--strict", NULL, ""},
	{"--kind", "KIND", ""},
	{"-n", "N", ""},
	{NULL, NULL, NULL},
};
static const struct command command = {.name = "try", .synopsis = "", .options = options};

static void options_are_read(void **state)
{
	char *argv[] = {"try",      "--kind", "deny", "--kind=down", "-n5", "-n", "6",
			"--strict", "a",      "-",    "--",          "--b", NULL};
	static const struct {
		int option;
		const char *value;
	} expected[] = {
		{1, "deny"},
		{1, "down"},
		{2, "5"},
		{2, "6"},
		{0, NULL},
		{OPTION_OPERAND, "a"},
		{OPTION_OPERAND, "-"},
		{OPTION_OPERAND, "--b"},
		{OPTION_END, NULL},
	};
	struct option_reader reader = {.command = &command, .argc = 12, .argv = argv};

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		assert_int_equal(option_next(&reader), expected[i].option);
		if (expected[i].value)
			assert_string_equal(reader.value, expected[i].value);
	}
}

static void wrong_options(void **state)
{
	static char *const wrong[] = {"--strct", "--strict=1", "-x",         "--kind",
				      "-n",      "--",         "--stricter", "-strict"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char *argv[] = {"try", wrong[i], NULL};
		struct option_reader reader = {.command = &command, .argc = 2, .argv = argv};

		assert_int_equal(option_next(&reader), strcmp(wrong[i], "--") ? OPTION_WRONG : OPTION_END);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_aligns),
		cmocka_unit_test(durations),
		cmocka_unit_test(times),
		cmocka_unit_test(bytes_are_escaped),
		cmocka_unit_test(json_never_breaks),
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(wrong_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
