// SPDX-License-Identifier: GPL-2.0-only
// Makes, switches, removes and looks at the hooks of an interface.
#include "datapath_hooks.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <unistd.h>

#include "datapath_internal.h"

/* BPF_TCX_EGRESS, kernel 6.6; libbpf 1.1 does not know it. */
static const enum bpf_attach_type attach_tcx_egress = 47;

enum {
	LINK_BEFORE = 1 << 3,       /* BPF_F_BEFORE, kernel 6.6: run before those that are there */
	CLSACT_HANDLE = 0x706f7374, /* our own: other filters may share the priority */
	CLSACT_PRIORITY = 1
};

static struct pin_path hook_path(const char *instance, enum hook_kind kind, uint32_t ifindex)
{
	return pin_path(instance, "links/%s_%u", kind == HOOK_XDP ? "xdp" : "tcx", ifindex);
}

static uint32_t program_id(int fd)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.id;
}

uint32_t pinned_program(const char *instance, uint32_t generation, const char *name)
{
	int fd = pin_open(instance, "generation/%u/%s", generation, name);
	uint32_t id;

	if (fd < 0)
		return 0;
	id = program_id(fd);
	close(fd);
	return id;
}

bool hook_xdp_is_generic(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	return bpf_xdp_query(ifindex, 0, &query) == 0 && query.attach_mode == XDP_ATTACHED_SKB;
}

static int clsact_attach(int program, uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program, .handle = CLSACT_HANDLE,
		    .priority = CLSACT_PRIORITY, .flags = BPF_TC_F_REPLACE);
	int r = bpf_tc_hook_create(&hook);

	if (r && r != -EEXIST)
		return r;
	return bpf_tc_attach(&hook, &options);
}

/* The qdisc stays: others may use it, and an empty one costs nothing. */
static void clsact_detach(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY);

	bpf_tc_detach(&hook, &options);
}

/* Every instance has the same handle, and every namespace the same ifindexes: only the program tells whose
 * a filter is. */
static uint32_t clsact_program(const char *instance, uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY);
	struct pin_path generations = pin_path(instance, "generation");
	bool ours = false;
	char **names;
	size_t n;

	if (bpf_tc_query(&hook, &options) || pins_list(generations.text, &names, &n))
		return 0;
	for (size_t i = 0; i < n; i++)
		ours |= pinned_program(instance, strtoul(names[i], NULL, 10), "egress") == options.prog_id;
	pins_free_names(names, n);
	return ours ? options.prog_id : 0;
}

uint32_t hook_program(const char *instance, enum hook_kind kind, uint32_t ifindex)
{
	struct pin_path path = hook_path(instance, kind, ifindex);
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);
	int fd, r;

	if (kind == HOOK_CLSACT)
		return clsact_program(instance, ifindex);
	fd = bpf_obj_get(path.text);
	if (fd < 0)
		return 0;
	r = bpf_obj_get_info_by_fd(fd, &info, &size);
	close(fd);
	/* Both kinds of link begin with the ifindex, which is 0 once the interface is gone. */
	return r == 0 && info.xdp.ifindex ? info.prog_id : 0;
}

int hook_switch(const char *instance, enum hook_kind kind, uint32_t ifindex, int program)
{
	struct pin_path path = hook_path(instance, kind, ifindex);
	int fd, r = 0;

	if (kind == HOOK_CLSACT)
		return clsact_program(instance, ifindex) ? clsact_attach(program, ifindex) : -ENOENT;
	fd = bpf_obj_get(path.text);
	if (fd < 0)
		return -errno;
	if (bpf_link_update(fd, program, NULL))
		r = errno == ENOLINK || errno == ENODEV ? -ENOENT : -errno;
	close(fd);
	return r;
}

static int link_make(const struct pin_path *path, int program, uint32_t ifindex, enum bpf_attach_type type,
		     uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags);
	int fd = bpf_link_create(program, ifindex, type, &options), r = 0;

	if (fd < 0)
		return -errno;
	unlink(path->text);
	if (bpf_obj_pin(fd, path->text))
		r = -errno;
	close(fd);
	return r;
}

int hook_make(const char *instance, enum hook_kind kind, uint32_t ifindex, int program, bool generic)
{
	struct pin_path path = hook_path(instance, kind, ifindex);

	switch (kind) {
	case HOOK_XDP:
		return link_make(&path, program, ifindex, BPF_XDP,
				 generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	case HOOK_TCX:
		return link_make(&path, program, ifindex, attach_tcx_egress, LINK_BEFORE);
	default:
		return clsact_attach(program, ifindex);
	}
}

void hook_remove(const char *instance, enum hook_kind kind, uint32_t ifindex)
{
	struct pin_path path = hook_path(instance, kind, ifindex);
	int fd;

	if (kind == HOOK_CLSACT) {
		if (clsact_program(instance, ifindex))
			clsact_detach(ifindex);
		return;
	}
	fd = bpf_obj_get(path.text);
	if (fd >= 0) {
		bpf_link_detach(fd);
		close(fd);
	}
	unlink(path.text);
}
