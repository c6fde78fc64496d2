// SPDX-License-Identifier: GPL-2.0-only
/* Names are stable words: all there, well formed, different from each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "abi.h"
#include "names.h"

static void check_table(const char *(*name)(unsigned), const char *(*text)(unsigned), unsigned first,
			unsigned n)
{
	for (unsigned i = first; i < n; i++) {
		assert_string_not_equal(name(i), "unknown");
		assert_true(strlen(name(i)) > 0);
		assert_int_equal(strspn(name(i), "abcdefghijklmnopqrstuvwxyz-"), strlen(name(i)));
		assert_true(strlen(text(i)) > 0);
		assert_null(strchr(text(i), '\n'));
		for (unsigned j = first; j < i; j++)
			assert_string_not_equal(name(i), name(j));
	}
	assert_string_equal(name(n), "unknown");
	assert_string_equal(name(UINT32_MAX), "unknown");
}

static void tables_are_whole(void **state)
{
	(void)state;
	check_table(reason_name, reason_text, 0, N_REASONS);
	check_table(event_kind_name, event_kind_text, 1, N_EVENT_KINDS);
	check_table(refusal_name, refusal_text, 1, N_REFUSALS);
	check_table(origin_name, origin_text, 0, N_ORIGINS);
	assert_string_equal(event_kind_name(0), "unknown");
	assert_string_equal(refusal_name(0), "unknown");
}

/* What scripts were promised. */
static void promised_names(void **state)
{
	static const char *const kinds[] = {
		"deny",           "pinhole-opened",  "pinhole-used",   "pinhole-expired",
		"pinhole-closed", "pinhole-refused", "rogue-listener", "applied",
		"down",           "tls-stale",
	};
	static const char *const origins[] = {"socket", "reply", "tls", "log", "manual"};

	(void)state;
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_string_equal(event_kind_name(i + 1), kinds[i]);
		assert_int_equal(event_kind_parse(kinds[i]), i + 1);
	}
	for (unsigned i = 0; i < sizeof(origins) / sizeof(origins[0]); i++)
		assert_string_equal(origin_name(i), origins[i]);
	assert_string_equal(reason_name(REASON_NO_PINHOLE), "no-pinhole");
	assert_string_equal(refusal_name(REFUSED_CLIENTS), "clients");
	assert_string_equal(direction_name(INBOUND), "inbound");
	assert_string_equal(direction_name(OUTBOUND), "outbound");
}

static void kinds_that_are_none(void **state)
{
	(void)state;
	assert_int_equal(event_kind_parse("unknown"), 0);
	assert_int_equal(event_kind_parse(""), 0);
	assert_int_equal(event_kind_parse("Deny"), 0);
}

static void counters_without_service(void **state)
{
	(void)state;
	assert_string_equal(counter_name(COUNTER_LINK), "link");
	assert_string_equal(counter_name(COUNTER_ICMP), "icmp");
	assert_null(counter_name(0));
	assert_string_equal(counter_name(COUNTER_FRAGMENTS), "fragments");
	assert_string_equal(counter_name(COUNTER_PING), "ping");
	assert_string_equal(counter_name(COUNTER_ANSWERS), "answers");
	assert_null(counter_name(COUNTER_ANSWERS + 1));
	assert_null(counter_name(COUNTER_SERVICES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_whole),
		cmocka_unit_test(promised_names),
		cmocka_unit_test(kinds_that_are_none),
		cmocka_unit_test(counters_without_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
