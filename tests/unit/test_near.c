// SPDX-License-Identifier: GPL-2.0-only
/* Which word is taken for the one that was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "near.h"

static const char *const words[] = {"check", "show", "status", "sessions", "down", "--strict", NULL};

static void typing_mistakes(void **state)
{
	(void)state;
	assert_string_equal(near_find_word("chekc", words), "check");
	assert_string_equal(near_find_word("stats", words), "status");
	assert_string_equal(near_find_word("stauts", words), "status");
	assert_string_equal(near_find_word("dwn", words), "down");
	assert_string_equal(near_find_word("SHOW", words), "show");
	assert_string_equal(near_find_word("--strct", words), "--strict");
}

static void other_words(void **state)
{
	(void)state;
	assert_null(near_find_word("frobnicate", words));
	assert_null(near_find_word("", words));
	assert_null(near_find_word("x", words));
	assert_null(near_find_word("shops-x", words));
}

static void nearest_of_several(void **state)
{
	static const char *const close[] = {"office-1", "office-22", "office", NULL};

	(void)state;
	assert_string_equal(near_find_word("offices", close), "office");
	assert_string_equal(near_find_word("office-2", close), "office-1"); /* the first of equals */
}

/* What is longer than any name is near to nothing, and does no harm. */
static void long_words(void **state)
{
	char long_word[4096];
	const char *const long_words_only[] = {long_word, NULL};

	(void)state;
	memset(long_word, 'a', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	assert_null(near_find_word(long_word, words));
	assert_null(near_find_word("aaaa", long_words_only));
	long_word[32] = '\0';
	assert_null(near_find_word(long_word, long_words_only));
	long_word[31] = '\0';
	assert_string_equal(near_find_word(long_word, long_words_only), long_word);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typing_mistakes),
		cmocka_unit_test(other_words),
		cmocka_unit_test(nearest_of_several),
		cmocka_unit_test(long_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
