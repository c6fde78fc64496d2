// SPDX-License-Identifier: GPL-2.0-only
/* Whether this process, and one that has replaced its program, is an owner. */
#include <limits.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "owner_process.h"

static bool is_ours(enum owner_kind kind, const char *name)
{
	const struct ftp_owner owner = {.kind = kind, .name = (char *)name};
	const struct owner_process of = owner_process_of(&owner);
	uint32_t uids[N_PROC_UIDS];

	assert_int_equal(proc_uids("/proc", (uint32_t)getpid(), uids), 0);
	return owner_has_process(&of, (uint32_t)getpid(), uids);
}

static void program(void **state)
{
	char path[PATH_MAX] = "", other[PATH_MAX + 8];

	(void)state;
	assert_true(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	assert_true(is_ours(OWNER_EXE, path));
	assert_false(is_ours(OWNER_EXE, "/bin/true"));
	assert_false(is_ours(OWNER_EXE, "/nowhere/at/all"));
	snprintf(other, sizeof(other), "%s-not", path);
	assert_false(is_ours(OWNER_EXE, other));
}

static void user(void **state)
{
	const struct owner_process of = {.owner = &(struct ftp_owner){.kind = OWNER_USER}, .uid = 7};
	const uint32_t saved[N_PROC_UIDS] = {0, 0, 7, 0}, none[N_PROC_UIDS] = {0, 1, 8, 70};
	const struct passwd *entry = getpwuid(getuid());

	(void)state;
	assert_non_null(entry);
	assert_true(is_ours(OWNER_USER, entry->pw_name));
	assert_false(is_ours(OWNER_USER, "no-such-user-here"));
	assert_true(owner_has_process(&of, 1, saved));
	assert_false(owner_has_process(&of, 1, none));
}

/* "" where version 2 is not mounted. */
static void own_cgroup(char path[PATH_MAX])
{
	FILE *file CLEANUP_STREAM = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX];

	*path = '\0';
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::", 3) == 0)
			strcpy(path, line + 3);
	}
}

static void cgroup(void **state)
{
	char path[PATH_MAX], longer[PATH_MAX + 2];

	(void)state;
	own_cgroup(path);
	if (!*path)
		return;
	snprintf(longer, sizeof(longer), "%sx", path);
	assert_true(is_ours(OWNER_CGROUP, path));
	assert_true(is_ours(OWNER_CGROUP, "/"));
	assert_false(is_ours(OWNER_CGROUP, longer));
	assert_false(is_ours(OWNER_CGROUP, "/no-such.slice"));
}

static void others(void **state)
{
	(void)state;
	assert_true(is_ours(OWNER_ANY, NULL));
	assert_false(is_ours(OWNER_NOBODY, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(program),
		cmocka_unit_test(user),
		cmocka_unit_test(cgroup),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
