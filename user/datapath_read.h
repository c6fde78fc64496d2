/* SPDX-License-Identifier: GPL-2.0-only */
/* An instance in force, and reading its pinned maps as a whole. All return 0 or -errno. */
#ifndef POSTERN_DATAPATH_READ_H
#define POSTERN_DATAPATH_READ_H

#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "datapath.h"

struct datapath {
	char instance[NAME_SIZE];
	uint32_t generation;
	struct settings settings;
};

/* How many entries the map can have. */
int map_size(int fd, uint32_t *ret_n);
/* Entries 0 to n - 1 of the array map of that name in the instance's folder; those of a map per CPU one after
 * the other. */
int datapath_read_array(const struct datapath *datapath, const char *name, void *values, uint32_t n);
/* The entries of a hash map: keys and values as two malloc()ed arrays, the caller's. */
int datapath_read_hash(const struct datapath *datapath, const char *name, size_t key_size, size_t value_size,
		       void **ret_keys, void **ret_values, uint32_t *ret_n);

#endif
