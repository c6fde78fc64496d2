// SPDX-License-Identifier: GPL-2.0-only
// Compares a process with the program, the user or the control group that a policy names.
#include "owner_process.h"

#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

/* A server that changes its user back and forth has it in one of them. */
static bool is_user(uint32_t uid, const uint32_t uids[N_PROC_UIDS])
{
	for (int i = 0; i < N_PROC_UIDS; i++)
		if (uids[i] == uid)
			return true;
	return false;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

/* Also one that an upgrade has replaced: it runs on under its old name. */
static bool is_program(const char *name, uint32_t pid)
{
	static const char deleted[] = " (deleted)";
	char path[64], target[PATH_MAX + sizeof(deleted)], real[PATH_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/exe", pid);
	if (is_same_file(path, name))
		return true;
	length = readlink(path, target, sizeof(target) - 1);
	if (length < (ssize_t)sizeof(deleted))
		return false;
	target[length] = '\0';
	if (strcmp(target + length - (sizeof(deleted) - 1), deleted) != 0)
		return false;
	target[length - (ssize_t)(sizeof(deleted) - 1)] = '\0';
	return strcmp(target, realpath(name, real) ? real : name) == 0;
}

/* The line of version 2 (cgroups(7)): 0::PATH. */
static bool is_in_cgroup(const char *name, uint32_t pid)
{
	size_t size = strlen(name);
	char path[64], line[PATH_MAX + 8];
	FILE *file CLEANUP_STREAM = NULL;

	while (size > 0 && name[size - 1] == '/')
		size--;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/cgroup", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "0::", 3) == 0)
			return strncmp(line + 3, name, size) == 0 &&
			       (line[3 + size] == '/' || line[3 + size] == '\n');
	return false;
}

struct owner_process owner_process_of(const struct ftp_owner *owner)
{
	const struct passwd *entry = owner->kind == OWNER_USER ? getpwnam(owner->name) : NULL;

	return (struct owner_process){.owner = owner, .uid = entry ? entry->pw_uid : UINT32_MAX};
}

bool owner_has_process(const struct owner_process *of, uint32_t pid, const uint32_t uids[N_PROC_UIDS])
{
	const struct ftp_owner *owner = of->owner;

	switch (owner->kind) {
	case OWNER_ANY:
		return true;
	case OWNER_EXE:
		return is_program(owner->name, pid);
	case OWNER_USER:
		return is_user(of->uid, uids);
	case OWNER_CGROUP:
		return is_in_cgroup(owner->name, pid);
	default:
		return false;
	}
}
