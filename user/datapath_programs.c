// SPDX-License-Identifier: GPL-2.0-only
// Tells how the socket programs of an instance fare.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "datapath_internal.h"
#include "datapath_read.h"

static int read_program(const char *instance, const char *name, struct program_state *ret)
{
	CLEANUP_FD int link = pin_open(instance, "sockets/%s", name);
	CLEANUP_FD int program = -1;
	struct bpf_link_info link_info = {0};
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(link_info);

	if (link < 0)
		return link;
	if (bpf_obj_get_info_by_fd(link, &link_info, &size))
		return -errno;
	program = bpf_prog_get_fd_by_id(link_info.prog_id);
	if (program < 0)
		return -errno;
	size = sizeof(info);
	if (bpf_obj_get_info_by_fd(program, &info, &size))
		return -errno;
	strncpy(ret->name, name, sizeof(ret->name) - 1);
	ret->recursion_misses = info.recursion_misses;
	return 0;
}

int datapath_programs(const struct datapath *datapath, struct program_state **ret, size_t *ret_n)
{
	struct pin_path folder = pin_path(datapath->instance, "sockets");
	struct program_state *states;
	char **names;
	size_t n;
	int r = pins_list(folder.text, &names, &n);

	if (r)
		return r;
	states = calloc(n ? n : 1, sizeof(*states));
	r = states ? 0 : -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = read_program(datapath->instance, names[i], &states[i]);
	pins_free_names(names, n);
	if (r) {
		free(states);
		return r;
	}
	*ret = states;
	*ret_n = n;
	return 0;
}
