// SPDX-License-Identifier: GPL-2.0-only
/* Makes the maps of loaded programs as they were when they had just been loaded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "prog_clear.h"

/* Asks for the next key before it deletes one: from a key that is gone the kernel would begin anew each time.
 */
static void delete_all(int fd, size_t key_size)
{
	uint8_t *keys = calloc(2, key_size);
	unsigned at = 0;
	int error;

	assert_non_null(keys);
	error = bpf_map_get_next_key(fd, NULL, keys);
	while (!error) {
		uint8_t *key = keys + at * key_size, *next = keys + !at * key_size;

		error = bpf_map_get_next_key(fd, key, next);
		assert_return_code(bpf_map_delete_elem(fd, key), errno);
		at = !at;
	}
	assert_int_equal(bpf_map_get_next_key(fd, NULL, keys), -ENOENT);
	free(keys);
}

/* By one system call: there are hundreds of thousands of entries. */
static void zero_array(const struct bpf_map *map)
{
	size_t size = (bpf_map__value_size(map) + 7) / 8 * 8 * (size_t)bpf_map__max_entries(map);
	void *values = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (values == MAP_FAILED)
		fail_msg("cannot map `%s`: %s", bpf_map__name(map), strerror(errno));
	memset(values, 0, size);
	munmap(values, size);
}

static void zero_percpu_array(const struct bpf_map *map)
{
	size_t size = (bpf_map__value_size(map) + 7) / 8 * 8 * (size_t)libbpf_num_possible_cpus();
	uint32_t n = bpf_map__max_entries(map), *keys = calloc(n, sizeof(*keys));
	void *values = calloc(n, size);

	assert_non_null(keys);
	assert_non_null(values);
	for (uint32_t i = 0; i < n; i++)
		keys[i] = i;
	assert_return_code(bpf_map_update_batch(bpf_map__fd(map), keys, values, &n, NULL), errno);
	free(keys);
	free(values);
}

static void clear(const struct bpf_map *map)
{
	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_ARRAY:
		zero_array(map);
		break;
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		zero_percpu_array(map);
		break;
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
		delete_all(bpf_map__fd(map), bpf_map__key_size(map));
		break;
	default:
		fail_msg("cannot clear a map of the type of `%s`", bpf_map__name(map));
	}
}

static bool is_among(const char *name, const char *const names[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

void prog_make_clearable(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		if (!bpf_map__is_internal(map) && bpf_map__type(map) == BPF_MAP_TYPE_ARRAY)
			assert_return_code(
				bpf_map__set_map_flags(map, bpf_map__map_flags(map) | BPF_F_MMAPABLE), errno);
	}
}

void prog_clear_maps(const struct bpf_object *object, const char *const kept[], size_t n_kept)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		/* What the compiler made holds the settings that the programs were verified with. */
		if (!bpf_map__is_internal(map) && !is_among(bpf_map__name(map), kept, n_kept))
			clear(map);
	}
}
