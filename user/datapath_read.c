// SPDX-License-Identifier: GPL-2.0-only
// Reads pinned maps as a whole.
#include "datapath_read.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cleanup.h"
#include "datapath_internal.h"

int map_size(int fd, uint32_t *ret_n)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	*ret_n = info.max_entries;
	return 0;
}

/* Everything in a map, in one go: walking it key by key begins anew whenever a key has gone. The arrays have
 * room for `room` entries; *n is how many there are. */
static int read_map(int fd, void *keys, void *values, uint32_t room, uint32_t *n)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	uint64_t position[8]; /* at least as large as any key */

	*n = room;
	if (bpf_map_lookup_batch(fd, NULL, position, keys, values, n, &options) && errno != ENOENT)
		return -errno;
	return 0;
}

int datapath_read_array(const struct datapath *datapath, const char *name, void *values, uint32_t n)
{
	CLEANUP_FD int fd = pin_open(datapath->instance, "%s", name);
	uint32_t *keys CLEANUP_FREE = NULL, read = 0;
	int r;

	if (fd < 0)
		return fd;
	keys = calloc(n, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	r = read_map(fd, keys, values, n, &read);
	return r ?: (read == n ? 0 : -EIO);
}

int datapath_read_hash(const struct datapath *datapath, const char *name, size_t key_size, size_t value_size,
		       void **ret_keys, void **ret_values, uint32_t *ret_n)
{
	CLEANUP_FD int fd = pin_open(datapath->instance, "%s", name);
	void *keys CLEANUP_FREE = NULL, *values CLEANUP_FREE = NULL;
	uint32_t room = 0;
	int r;

	if (fd < 0)
		return fd;
	r = map_size(fd, &room);
	if (r)
		return r;
	keys = calloc(room, key_size);
	values = calloc(room, value_size);
	if (!keys || !values)
		return -ENOMEM;
	r = read_map(fd, keys, values, room, ret_n);
	if (r)
		return r;
	*ret_keys = keys;
	*ret_values = values;
	keys = values = NULL;
	return 0;
}
