// SPDX-License-Identifier: GPL-2.0-only
/* A process as /proc shows it: this one, under several names. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc_process.h"

static void names_and_user(void **state)
{
	static const char *const names[] = {"ftpd", "a name", "fifteen bytes..", "Uid: 5\nUid: 6\n"};
	char comm[16];
	uint32_t uid;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(prctl(PR_SET_NAME, names[i]), 0);
		uid = UINT32_MAX;
		assert_int_equal(proc_process("/proc", (uint32_t)getpid(), comm, &uid), 0);
		assert_string_equal(comm, names[i]);
		assert_int_equal(uid, getuid());
	}
}

static void started(void **state)
{
	uint64_t plain, odd;

	(void)state;
	assert_int_equal(prctl(PR_SET_NAME, "ftpd"), 0);
	assert_int_equal(proc_started("/proc", (uint32_t)getpid(), &plain), 0);
	assert_true(plain > 0 && plain < (uint64_t)-1);
	/* A name that looks like the fields after it. */
	assert_int_equal(prctl(PR_SET_NAME, "a) S 1 1 1 (b"), 0);
	assert_int_equal(proc_started("/proc", (uint32_t)getpid(), &odd), 0);
	assert_int_equal(odd, plain);
	assert_int_equal(proc_started("/proc", 1, &odd), 0);
	assert_true(odd < plain);
}

static void gone(void **state)
{
	char comm[16];
	uint64_t ticks;
	uint32_t uid;

	(void)state;
	assert_int_equal(proc_started("/proc", UINT32_MAX, &ticks), -ENOENT);
	assert_int_equal(proc_process("/proc", UINT32_MAX, comm, &uid), -ENOENT);
	assert_int_equal(proc_process("/nowhere", 1, comm, &uid), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_user),
		cmocka_unit_test(started),
		cmocka_unit_test(gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
