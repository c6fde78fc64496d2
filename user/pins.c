// SPDX-License-Identifier: GPL-2.0-only
// The names of an instance in bpffs.
#include "pins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BPFFS "/sys/fs/bpf"
#define ALL_INSTANCES BPFFS "/postern"

enum { MAX_DEPTH = 4 };

struct pin_path pin_path(const char *instance, const char *format, ...)
{
	struct pin_path path;
	va_list arguments;
	int n = snprintf(path.text, sizeof(path.text), ALL_INSTANCES "/%s", instance);

	if (*format && n > 0 && (size_t)n < sizeof(path.text) - 1) {
		path.text[n++] = '/';
		va_start(arguments, format);
		vsnprintf(path.text + n, sizeof(path.text) - n, format, arguments);
		va_end(arguments);
	}
	return path;
}

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

int pins_make_folder(const char *path)
{
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

static int mounts_of(pid_t process, struct stat *ret)
{
	char path[sizeof("/proc//ns/mnt") + 3 * sizeof(process)];

	sprintf(path, "/proc/%d/ns/mnt", (int)process);
	return stat(path, ret);
}

/* 0 where it is not known. */
static pid_t parent_of(pid_t process)
{
	char path[sizeof("/proc//stat") + 3 * sizeof(process)], text[128] = "";
	const char *end;
	FILE *file;
	int parent;

	sprintf(path, "/proc/%d/stat", (int)process);
	file = fopen(path, "re");
	if (!file)
		return 0;
	end = fgets(text, sizeof(text), file) ? strrchr(text, ')') : NULL;
	fclose(file);
	return end && sscanf(end, ") %*c %d", &parent) == 1 ? parent : 0;
}

static bool is_same_namespace(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* Whether what is mounted here outlives us: `ip netns exec`, for one, makes a mount namespace that ends with
 * its command, and pins in a bpffs of its own would end with it. Who has fewer capabilities than process 1
 * may not look at it; then a process that we descend from tells. */
static bool mounts_are_private(void)
{
	struct stat ours, theirs;

	if (mounts_of(getpid(), &ours))
		return false;
	if (mounts_of(1, &theirs) == 0)
		return !is_same_namespace(&ours, &theirs);
	for (pid_t process = getppid(); process > 1 && mounts_of(process, &theirs) == 0;
	     process = parent_of(process))
		if (!is_same_namespace(&ours, &theirs))
			return true;
	return false;
}

int pins_no_instance(const char *instance, struct failure *failure)
{
	if (!is_bpffs(BPFFS) && mounts_are_private())
		return failure_set(failure, -ENOENT,
				   "instance '%s' cannot be seen here: 'ip netns exec' hides " BPFFS
				   "; use 'postern --netns NAME'",
				   instance);
	return failure_set(failure, -ENOENT, "nothing is in force: no instance '%s'", instance);
}

int pins_prepare(struct failure *failure)
{
	int r;

	if (!is_bpffs(BPFFS) && mounts_are_private())
		return failure_set(
			failure, -ENOENT,
			"no bpffs at " BPFFS " in this mount namespace, which is not the host's: what is "
			"pinned here would end with it; use 'postern --netns NAME' instead of 'ip netns "
			"exec NAME postern', or mount the host's bpffs");

	if (!is_bpffs(BPFFS) && mount("bpf", BPFFS, "bpf", 0, "mode=0700"))
		return failure_set(failure, -errno, "cannot mount bpffs at " BPFFS ": %s", strerror(errno));
	r = pins_make_folder(ALL_INSTANCES);
	if (r)
		return failure_set(failure, r, "cannot make " ALL_INSTANCES ": %s", strerror(-r));
	return 0;
}

int pins_lock(struct failure *failure)
{
	int fd = open(ALL_INSTANCES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return failure_set(failure, -errno, "cannot open " ALL_INSTANCES ": %s", strerror(errno));
	while (flock(fd, LOCK_EX)) {
		int error = errno;

		if (error == EINTR)
			continue;
		close(fd);
		return failure_set(failure, -error, "cannot lock " ALL_INSTANCES ": %s", strerror(error));
	}
	return fd;
}

static bool is_still(int fd, const char *path)
{
	struct stat is, was;

	return fstat(fd, &was) == 0 && stat(path, &is) == 0 && is.st_ino == was.st_ino;
}

/* It may have been removed while it was waited for. */
int pins_lock_folder(const char *path, struct failure *failure)
{
	while (true) {
		int r = pins_make_folder(path), fd = r ? r : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0 && r == 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return failure_set(failure, r ? r : -errno, "cannot open %s: %s", path,
					   strerror(r ? -r : errno));
		while (flock(fd, LOCK_EX) && errno == EINTR)
			;
		if (is_still(fd, path))
			return fd;
		close(fd);
	}
}

/* An open file description's lock, not flock(2)'s: it can be asked for without being taken meanwhile. */
int pins_hold(const char *instance)
{
	struct pin_path folder = pin_path(instance, "%s", "");
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	int fd = open(folder.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_OFD_SETLK, &lock)) {
		r = -errno;
		close(fd);
	}
	return r ?: fd;
}

/* flock(2)'s: its end is that of the daemon, whose children keep no descriptor of it for long. */
int pins_claim(const char *instance)
{
	struct pin_path folder = pin_path(instance, "%s", "");
	int fd = open(folder.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		r = -errno;
		close(fd);
	}
	return r ?: fd;
}

bool pins_is_held(const char *instance)
{
	struct pin_path folder = pin_path(instance, "%s", "");
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(folder.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool held = false;

	if (fd < 0)
		return false;
	held = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	close(fd);
	return held;
}

bool pins_exist(const char *instance)
{
	struct pin_path path = pin_path(instance, "%s", "");

	return access(path.text, F_OK) == 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void pins_free_names(char **names, size_t n)
{
	for (size_t i = 0; names && i < n; i++)
		free(names[i]);
	free(names);
}

int pins_list(const char *path, char ***ret_names, size_t *ret_n)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	char **names = NULL;
	size_t n = 0;

	if (!folder)
		return -errno;
	while ((entry = readdir(folder))) {
		char **more;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		more = realloc(names, (n + 1) * sizeof(*names));
		if (more)
			names = more;
		if (!more || !(names[n] = strdup(entry->d_name))) {
			pins_free_names(names, n);
			closedir(folder);
			return -ENOMEM;
		}
		n++;
	}
	closedir(folder);
	if (n)
		qsort(names, n, sizeof(*names), compare_names);
	*ret_names = names;
	*ret_n = n;
	return 0;
}

static int remove_tree(const char *path, int depth)
{
	struct stat status;
	char **names;
	size_t n;
	int r = 0;

	if (lstat(path, &status))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISDIR(status.st_mode))
		return unlink(path) && errno != ENOENT ? -errno : 0;
	if (depth > MAX_DEPTH)
		return -ELOOP;
	r = pins_list(path, &names, &n);
	if (r)
		return r;
	for (size_t i = 0; i < n && r == 0; i++) {
		char child[2 * PIN_PATH_SIZE];

		snprintf(child, sizeof(child), "%s/%s", path, names[i]);
		r = remove_tree(child, depth + 1);
	}
	pins_free_names(names, n);
	if (r == 0 && rmdir(path) && errno != ENOENT)
		r = -errno;
	return r;
}

int pins_remove(const char *path)
{
	return remove_tree(path, 0);
}

int pins_get_generation(const char *instance, const char *name, uint32_t *ret)
{
	struct pin_path path = pin_path(instance, "%s", name);
	char target[64];
	ssize_t n = readlink(path.text, target, sizeof(target) - 1);
	unsigned generation;

	if (n < 0)
		return -errno;
	target[n] = 0;
	if (sscanf(target, "generation/%u", &generation) != 1)
		return -EINVAL;
	*ret = generation;
	return 0;
}

/* symlink(2) cannot replace, rename(2) can. */
static int replace_link(const char *instance, const char *name, const char *target)
{
	struct pin_path path = pin_path(instance, "%s", name), next = pin_path(instance, "%s", "next");

	if (unlink(next.text) && errno != ENOENT)
		return -errno;
	if (symlink(target, next.text) || rename(next.text, path.text))
		return -errno;
	return 0;
}

int pins_set_generation(const char *instance, const char *name, uint32_t generation)
{
	char target[64];

	snprintf(target, sizeof(target), "generation/%u", generation);
	return replace_link(instance, name, target);
}

int pins_link_maps(const char *instance, const char *const *names)
{
	for (; *names; names++) {
		char target[64];
		int r;

		snprintf(target, sizeof(target), "current/%s", *names);
		r = replace_link(instance, *names, target);
		if (r)
			return r;
	}
	return 0;
}
