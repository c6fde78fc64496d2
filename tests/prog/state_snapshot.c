// SPDX-License-Identifier: GPL-2.0-only
/* The bytes of the maps that outlive a policy, to compare. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "state.h"

static const char *const kept_maps[] = {
	"flows",    "connections",      "data_flows",    "flow_sockets", "fragment_peers", "pinholes",
	"sessions", "session_commands", "socket_traces", "listeners",    "rogues",         "open_ports",
	"totals",   "events",           "settings",      "ftp_ports",    "ftp_servers"};

struct bytes {
	uint8_t *data;
	size_t size;
};

struct snapshot {
	struct bytes maps[COUNT(kept_maps)];
};

/* Every key and value, in the order of the kernel's own walk, which only a change of the map changes. */
static struct bytes map_bytes(int fd)
{
	struct bpf_map_info info = {0};
	uint32_t info_size = sizeof(info), batch = 4096, n;
	uint64_t position[2];
	struct bytes all = {0};
	void *start = NULL;
	int error = 0;

	assert_return_code(bpf_obj_get_info_by_fd(fd, &info, &info_size), errno);
	while (!error) {
		size_t values = (size_t)batch * info.value_size, keys = (size_t)batch * info.key_size;
		uint8_t *at;

		all.data = realloc(all.data, all.size + keys + values);
		assert_non_null(all.data);
		at = all.data + all.size;
		n = batch;
		error = bpf_map_lookup_batch(fd, start, position, at, at + keys, &n, NULL);
		assert_true(!error || errno == ENOENT);
		memmove(at + (size_t)n * info.key_size, at + keys, (size_t)n * info.value_size);
		all.size += (size_t)n * (info.key_size + info.value_size);
		start = position;
	}
	return all;
}

struct snapshot *state_snapshot(const struct prog *prog)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	assert_non_null(snapshot);
	for (size_t i = 0; i < COUNT(kept_maps); i++)
		snapshot->maps[i] = map_bytes(prog_map(prog, kept_maps[i]));
	return snapshot;
}

const char *state_difference(const struct snapshot *before, const struct snapshot *after)
{
	for (size_t i = 0; i < COUNT(kept_maps); i++) {
		const struct bytes *a = &before->maps[i], *b = &after->maps[i];

		if (a->size != b->size || memcmp(a->data, b->data, a->size))
			return kept_maps[i];
	}
	return NULL;
}

void state_snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (size_t i = 0; i < COUNT(kept_maps); i++)
		free(snapshot->maps[i].data);
	free(snapshot);
}
