// SPDX-License-Identifier: GPL-2.0-only
/* Each library that a server of several clients used unwatched is told of once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tls_stale.h"

static void add(struct tls_found *found, uint64_t inode, bool is_watched)
{
	found->files[found->n] =
		(struct tls_library){.process = {.pid = 9, .started = 5}, .device = "fd00", .inode = inode};
	found->is_watched[found->n++] = is_watched;
}

static struct tls_found one(uint64_t inode, bool is_watched)
{
	struct tls_found found = {0};

	add(&found, inode, is_watched);
	return found;
}

static void assert_told(struct tls_told *told, const struct tls_found *found, uint64_t inode,
			enum stale expected)
{
	enum stale stale;
	const struct tls_library *library = tls_stale_take(told, found, &stale);

	assert_non_null(library);
	assert_int_equal(library->inode, inode);
	assert_int_equal(stale, expected);
}

static void assert_nothing(struct tls_told *told, const struct tls_found *found)
{
	enum stale stale;

	assert_null(tls_stale_take(told, found, &stale));
}

static void late_is_told(void **state)
{
	struct tls_told told = {0};
	struct tls_found found = {0};

	(void)state;
	assert_nothing(&told, &found);
	found = one(7, true);
	assert_told(&told, &found, 7, STALE_WATCHED);
	/* What is watched is not found again. */
	assert_int_equal(told.n, 0);
}

static void failure_is_told_once(void **state)
{
	struct tls_told told = {0};
	struct tls_found found = one(7, false), none = {0};

	(void)state;
	assert_told(&told, &found, 7, STALE_UNWATCHED);
	assert_nothing(&told, &found);
	/* Also where nobody used it meanwhile, and when it works at last. */
	assert_nothing(&told, &none);
	assert_nothing(&told, &found);
	found.is_watched[0] = true;
	assert_nothing(&told, &found);
	/* Another file of that number, and another process with an id that was used before. */
	strcpy(found.files[0].device, "fd01");
	assert_told(&told, &found, 7, STALE_WATCHED);
	strcpy(found.files[0].device, "fd00");
	assert_nothing(&told, &found);
	found.files[0].process.started = 6;
	assert_told(&told, &found, 7, STALE_WATCHED);
}

static void one_stands_for_all(void **state)
{
	struct tls_told told = {0};
	struct tls_found found = one(7, true);

	(void)state;
	add(&found, 8, false);
	add(&found, 9, false);
	add(&found, 10, true);
	assert_told(&told, &found, 8, STALE_UNWATCHED);
	found = one(9, false);
	assert_nothing(&told, &found);
}

static void oldest_are_forgotten(void **state)
{
	struct tls_told told = {0};
	struct tls_found found;

	(void)state;
	for (uint64_t inode = 1; inode <= MAX_TLS_LIBRARIES + 1; inode++) {
		found = one(inode, false);
		assert_told(&told, &found, inode, STALE_UNWATCHED);
	}
	found = one(2, false);
	assert_nothing(&told, &found);
	found = one(1, false);
	assert_told(&told, &found, 1, STALE_UNWATCHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(late_is_told),
		cmocka_unit_test(failure_is_told_once),
		cmocka_unit_test(one_stands_for_all),
		cmocka_unit_test(oldest_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
