// SPDX-License-Identifier: GPL-2.0-only
// Finds the user, the control group, or the program's filesystem and its path within that.
#include "owner.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

/* A line of /proc/self/mountinfo (proc(5)). */
struct mount_line {
	unsigned major, minor;
	char root[PATH_MAX]; /* of the mount, within its filesystem */
	char point[PATH_MAX];
	char type[64];
};

/* Spaces and the like are written as octal numbers. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		unsigned value;

		if (*from == '\\' && sscanf(from + 1, "%3o", &value) == 1) {
			*to = (char)value;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static bool parse_mount(const char *line, struct mount_line *ret)
{
	const char *tail = strstr(line, " - ");

	if (!tail || sscanf(tail, " - %63s", ret->type) != 1)
		return false;
	if (sscanf(line, "%*d %*d %u:%u %4095s %4095s", &ret->major, &ret->minor, ret->root, ret->point) != 4)
		return false;
	unescape(ret->root);
	unescape(ret->point);
	return true;
}

/* Whether the path lies at or below the folder; *ret_rest is what follows. */
static bool is_below(const char *path, const char *folder, const char **ret_rest)
{
	size_t size = strcmp(folder, "/") == 0 ? 0 : strlen(folder);

	if (strncmp(path, folder, size) != 0 || (path[size] != '/' && path[size] != '\0'))
		return false;
	*ret_rest = path + size;
	return true;
}

/* The mount that holds the path, the last of those that cover each other; or with no path the first of
 * `type`. 0, or -ENOENT. */
static int find_mount(const char *path, const char *type, struct mount_line *ret)
{
	FILE *stream CLEANUP_STREAM = fopen("/proc/self/mountinfo", "re");
	struct mount_line *line CLEANUP_FREE = malloc(sizeof(*line));
	CLEANUP_FREE char *text = NULL;
	size_t size = 0, longest = 0;
	bool found = false;
	const char *rest;

	if (!stream || !line)
		return stream ? -ENOMEM : -errno;
	while (getline(&text, &size, stream) > 0) {
		if (!parse_mount(text, line))
			continue;
		if (!path ? !found && strcmp(line->type, type) == 0
			  : is_below(path, line->point, &rest) && strlen(line->point) >= longest) {
			longest = strlen(line->point);
			*ret = *line;
			found = true;
		}
	}
	return found ? 0 : -ENOENT;
}

/* The path from its end. */
static int set_names(const char *path, struct ftp_owner_value *ret)
{
	const char *end = path + strlen(path);

	while (end > path) {
		const char *begin = end;

		while (begin > path && begin[-1] != '/')
			begin--;
		if (begin < end) {
			if (ret->levels == OWNER_LEVELS || end - begin >= OWNER_NAME_SIZE)
				return -ENAMETOOLONG;
			memcpy(ret->names[ret->levels++], begin, (size_t)(end - begin));
		}
		end = begin > path ? begin - 1 : path;
	}
	return ret->levels ? 0 : -ENOENT;
}

/* Without symbolic links, as the kernel has it. The file itself need not be there. */
static int real_path(const char *path, char *ret)
{
	CLEANUP_FREE char *folder = NULL;
	const char *name = strrchr(path, '/');
	size_t size;

	if (realpath(path, ret))
		return 0;
	if (errno != ENOENT)
		return -errno;
	folder = strndup(path, (size_t)(name - path) + (name == path));
	if (!folder)
		return -ENOMEM;
	if (!realpath(folder, ret))
		return -errno;
	size = strlen(ret);
	if (size + strlen(name) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(strcmp(ret, "/") == 0 ? ret : ret + size, name);
	return 0;
}

static int resolve_exe(const char *name, struct ftp_owner_value *ret, struct failure *why)
{
	struct mount_line *mount CLEANUP_FREE = malloc(sizeof(*mount));
	CLEANUP_FREE char *path = malloc(PATH_MAX), *inside = NULL;
	const char *rest = "";
	int r = mount && path ? real_path(name, path) : -ENOMEM;

	if (r == 0)
		r = find_mount(path, NULL, mount);
	if (r == 0 && !is_below(path, mount->point, &rest))
		r = -ENOENT;
	if (r == 0 && asprintf(&inside, "%s%s", strcmp(mount->root, "/") == 0 ? "" : mount->root, rest) < 0) {
		inside = NULL;
		r = -ENOMEM;
	}
	if (r == 0)
		r = set_names(inside, ret);
	if (r)
		return failure_set(why, r, "%s: %s", name, strerror(-r));
	ret->id = mount->major << 20 | mount->minor;
	return 0;
}

static int resolve_user(const char *name, struct ftp_owner_value *ret, struct failure *why)
{
	const struct passwd *entry;

	errno = 0;
	entry = getpwnam(name);
	if (!entry)
		return failure_set(why, errno ? -errno : -ENOENT, "user '%s': %s", name,
				   errno ? strerror(errno) : "there is none");
	ret->id = entry->pw_uid;
	return 0;
}

/* It need not be there: it comes with its service. */
static int resolve_cgroup(const char *name, struct ftp_owner_value *ret, struct failure *why)
{
	struct mount_line *mount CLEANUP_FREE = malloc(sizeof(*mount));
	int r = mount ? find_mount(NULL, "cgroup2", mount) : -ENOMEM;

	if (r)
		return failure_set(why, r, "control groups of version 2 are not mounted");
	r = set_names(name, ret);
	return r ? failure_set(why, r, "%s: %s", name, strerror(-r)) : 0;
}

int owner_resolve(const struct ftp_owner *owner, struct ftp_owner_value *ret, struct failure *why)
{
	struct ftp_owner_value value = {.kind = (__u8)owner->kind};
	int r = 0;

	if (owner->kind == OWNER_EXE)
		r = resolve_exe(owner->name, &value, why);
	else if (owner->kind == OWNER_USER)
		r = resolve_user(owner->name, &value, why);
	else if (owner->kind == OWNER_CGROUP)
		r = resolve_cgroup(owner->name, &value, why);
	*ret = r ? (struct ftp_owner_value){.kind = OWNER_NOBODY} : value;
	return r;
}

void owners_resolve(const struct policy *policy, struct ftp_owner_value *ret)
{
	struct failure ignored;

	memset(ret, 0, MAX_FTP_SERVERS * sizeof(*ret));
	for (size_t i = 0; i < policy->n_ftp && i < MAX_FTP_SERVERS; i++)
		owner_resolve(&policy->ftp[i].owner, &ret[i], &ignored);
}
