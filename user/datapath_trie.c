// SPDX-License-Identifier: GPL-2.0-only
// Writes many prefixes into a trie at once, or one by one where the kernel cannot.
#include "datapath_trie.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "datapath_internal.h"
#include "value.h"

static const struct prefix *prefix_at(const struct trie_entries *entries, size_t i)
{
	return (const struct prefix *)((const char *)entries->first + i * entries->stride);
}

static void set_key(const struct prefix *prefix, void *key)
{
	struct prefix4 key4 = {.length = prefix->length, .addr = prefix->addr.word[3]};
	struct prefix6 key6 = {.length = prefix->length};

	if (prefix->is_ipv4) {
		memcpy(key, &key4, sizeof(key4));
		return;
	}
	memcpy(key6.addr, prefix->addr.word, sizeof(key6.addr));
	memcpy(key, &key6, sizeof(key6));
}

static int write_all(const struct bpf_map *map, const char *keys, const char *values, uint32_t n)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	uint32_t count = n;

	/* Tries can be written in one call from 5.13 on; whatever failed there says why here. */
	if (bpf_map_update_batch(bpf_map__fd(map), keys, values, &count, &options) == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (bpf_map_update_elem(bpf_map__fd(map), keys + i * bpf_map__key_size(map),
					values + i * bpf_map__value_size(map), BPF_ANY))
			return -errno;
	return 0;
}

int trie_fill(const struct bpf_map *map, const struct trie_entries *entries, size_t start, size_t n)
{
	size_t key_size = bpf_map__key_size(map), value_size = entries->value_size;
	char *keys CLEANUP_FREE = NULL, *values CLEANUP_FREE = NULL;

	if (!n)
		return 0;
	keys = calloc(n, key_size);
	values = calloc(n, value_size);
	if (!keys || !values)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct prefix *prefix = prefix_at(entries, start + i);

		set_key(prefix, keys + i * key_size);
		if (entries->value_offset != TRIE_NO_VALUE)
			memcpy(values + i * value_size, (const char *)prefix + entries->value_offset,
			       value_size);
	}
	return write_all(map, keys, values, (uint32_t)n);
}
