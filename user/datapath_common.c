// SPDX-License-Identifier: GPL-2.0-only
// What loading, attaching and reading have in common.
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi.h"
#include "cleanup.h"
#include "datapath_internal.h"

int pin_open(const char *instance, const char *format, ...)
{
	char name[PIN_PATH_SIZE];
	struct pin_path path;
	va_list arguments;
	int fd;

	va_start(arguments, format);
	vsnprintf(name, sizeof(name), format, arguments);
	va_end(arguments);
	path = pin_path(instance, "%s", name);
	fd = bpf_obj_get(path.text);
	return fd < 0 ? -errno : fd;
}

int pin_fd(int fd, struct pin_path path, struct failure *failure)
{
	if (bpf_obj_pin(fd, path.text))
		return failure_set(failure, -errno, "cannot pin %s: %s", path.text, strerror(errno));
	return 0;
}

int maps_reuse(struct bpf_object *object, const char *instance, struct failure *failure)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		struct pin_path path = pin_path(instance, "%s", bpf_map__name(map));
		struct stat status;
		int fd, r;

		/* A symbolic link is a map of the policy in force, which nobody else may write. */
		if (lstat(path.text, &status) || S_ISLNK(status.st_mode))
			continue;
		fd = bpf_obj_get(path.text);
		if (fd < 0)
			return failure_set(failure, -errno, "cannot open %s: %s", path.text, strerror(errno));
		r = bpf_map__reuse_fd(map, fd);
		close(fd);
		if (r)
			return failure_set(failure, r, "cannot share %s: %s", path.text, strerror(-r));
	}
	return 0;
}

int program_run(int fd, const void *data, size_t size, uint32_t *ret_value)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = data, .data_size_in = size, .repeat = 1);
	int r = bpf_prog_test_run_opts(fd, &run);

	if (r)
		return r;
	*ret_value = run.retval;
	return 0;
}

int iterator_run(const struct bpf_program *program)
{
	struct bpf_link *link = bpf_program__attach_iter(program, NULL);
	char buf[64];
	ssize_t n;
	int fd, r = 0;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		r = -errno;
	do {
		n = r ? 0 : read(fd, buf, sizeof(buf));
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			r = -errno;
	} while (n != 0 && r == 0);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return r;
}

int explain_run(int fd, uint32_t ifindex, const void *frame, size_t size, uint32_t *ret_verdict)
{
	struct explain_head head = {.ifindex = ifindex};
	uint8_t *data CLEANUP_FREE = malloc(sizeof(head) + size);

	if (!data)
		return -ENOMEM;
	memcpy(data, &head, sizeof(head));
	memcpy(data + sizeof(head), frame, size);
	return program_run(fd, data, sizeof(head) + size, ret_verdict);
}

int load_failed(struct failure *failure, int error, const char *what)
{
	const char *hint = "";

	if (error == -EPERM || error == -EACCES)
		hint = " (it takes root, or CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON; a locked-down kernel "
		       "refuses it)";
	return failure_set(failure, error, "the kernel refused %s: %s%s", what, strerror(-error), hint);
}

void map_set_size(struct bpf_map *map, size_t n)
{
	bpf_map__set_max_entries(map, n ? (uint32_t)n : 1);
}

int map_fill(const struct bpf_map *map, const void *values, size_t n)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	uint32_t *keys CLEANUP_FREE = NULL, count = n;

	if (!n)
		return 0;
	keys = malloc(n * sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		keys[i] = i;
	return bpf_map_update_batch(bpf_map__fd(map), keys, values, &count, &options) ? -errno : 0;
}
