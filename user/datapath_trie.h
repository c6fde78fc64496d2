/* SPDX-License-Identifier: GPL-2.0-only */
/* Longest-prefix tries: many prefixes into a map at once. */
#ifndef POSTERN_DATAPATH_TRIE_H
#define POSTERN_DATAPATH_TRIE_H

#include <stddef.h>
#include <stdint.h>

struct bpf_map;

#define TRIE_NO_VALUE SIZE_MAX

/* An array of structs that each begin with a struct prefix. */
struct trie_entries {
	const void *first;
	size_t stride;
	size_t value_offset; /* of the value in a struct, or TRIE_NO_VALUE: all are zero */
	size_t value_size;
};

/* Writes the `n` entries from `start` on, all of the family that the map's keys have. 0 or -errno. */
int trie_fill(const struct bpf_map *map, const struct trie_entries *entries, size_t start, size_t n);

#endif
