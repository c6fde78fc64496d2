// SPDX-License-Identifier: GPL-2.0-only
// Drops privileges: user, capabilities, network, and by Landlock the rest of the file system.
#include "privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534, MAX_FILES = 256 };

int privileges_no_new(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static int allow(int ruleset, const char *folder)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
				  LANDLOCK_ACCESS_FS_EXECUTE,
		.parent_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	int r = 0;

	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		r = -errno;
	close(rule.parent_fd);
	return r;
}

/* Nothing of the file system but what is below the folders. */
static int confine(const char *const *folders, size_t n)
{
	/* What the first version of Landlock knows: every later kernel does too. */
	const struct landlock_ruleset_attr attr = {.handled_access_fs =
							   (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	int r = 0;

	if (ruleset < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -errno;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = allow(ruleset, folders[i]);
	if (r == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		r = -errno;
	close(ruleset);
	return r;
}

static int set_limits(void)
{
	static const struct {
		int resource;
		rlim_t limit;
	} limits[] = {{RLIMIT_NPROC, 0}, {RLIMIT_CORE, 0}, {RLIMIT_NOFILE, MAX_FILES}};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit limit = {limits[i].limit, limits[i].limit};

		if (setrlimit(limits[i].resource, &limit) < 0)
			return -errno;
	}
	return 0;
}

static int drop_bounding_set(void)
{
	for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			return -errno;
	return 0;
}

static int become_nobody(void)
{
	const uint32_t keep = 1u << CAP_DAC_READ_SEARCH;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{.permitted = keep, .effective = keep}};

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    syscall(SYS_capset, &header, data) < 0)
		return -errno;
	return 0;
}

int privileges_reader(const char *const *folders, size_t n, struct failure *failure)
{
	pid_t parent = getppid();
	int r = unshare(CLONE_NEWNET) < 0 ? -errno : 0;

	if (r == 0)
		r = set_limits();
	if (r == 0)
		r = privileges_no_new();
	if (r == 0)
		r = drop_bounding_set();
	if (r == 0)
		r = become_nobody();
	if (r == 0)
		r = confine(folders, n);
	/* Behind what changes credentials, which forgets the signal. */
	if (r == 0 &&
	    (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0))
		r = -errno;
	if (r == 0 && getppid() != parent)
		r = -ESRCH;
	return r < 0 ? failure_set(failure, r, "cannot give up privileges: %s", strerror(-r)) : 0;
}
