// SPDX-License-Identifier: GPL-2.0-only
/* Runs the tests of a program, or skips them where there is no bpf(). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "prog.h"

static bool is_refused(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "pst_probe", 4, 4, 1, NULL);

	if (fd >= 0)
		close(fd);
	return fd < 0 && (errno == EPERM || errno == ENOSYS);
}

static void test_skipped(void **state)
{
	(void)state;
	skip();
}

int prog_main(struct CMUnitTest *tests, size_t n, CMFixtureFunction setup, CMFixtureFunction teardown)
{
	if (!is_refused())
		return _cmocka_run_group_tests("tests", tests, n, setup, teardown);
	fprintf(stderr, "bpf() is refused: %s\n", strerror(errno));
	for (size_t i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){.name = tests[i].name, .test_func = test_skipped};
	return _cmocka_run_group_tests("tests", tests, n, NULL, NULL);
}
