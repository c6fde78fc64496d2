// SPDX-License-Identifier: GPL-2.0-only
// Bare programs to compare with, and the programs of others, found where they are attached.
#include "bench.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MOV32(reg, value)                                                                                    \
	((struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (reg), .imm = (value)})
#define CALL(function) ((struct bpf_insn){.code = BPF_JMP | BPF_CALL, .imm = (function)})
#define EXIT() ((struct bpf_insn){.code = BPF_JMP | BPF_EXIT})

static int load(enum bpf_prog_type type, const struct bpf_insn *code, size_t n)
{
	int fd = bpf_prog_load(type, "bench", "GPL", code, n, NULL);

	if (fd < 0)
		die("cannot load a bare program: %s", strerror(errno));
	return fd;
}

int program_xdp(int action)
{
	const struct bpf_insn code[] = {MOV32(BPF_REG_0, action), EXIT()};

	return load(BPF_PROG_TYPE_XDP, code, 2);
}

int program_tc(int action)
{
	const struct bpf_insn code[] = {MOV32(BPF_REG_0, action), EXIT()};

	return load(BPF_PROG_TYPE_SCHED_CLS, code, 2);
}

int program_redirect(int ifindex)
{
	const struct bpf_insn code[] = {
		MOV32(BPF_REG_1, ifindex),
		MOV32(BPF_REG_2, 0),
		CALL(BPF_FUNC_redirect),
		EXIT(),
	};

	return load(BPF_PROG_TYPE_XDP, code, 4);
}

static uint32_t xdp_id(const char *interface)
{
	uint32_t id = 0;

	if (bpf_xdp_query_id(if_nametoindex(interface), 0, &id))
		die("cannot ask %s for its XDP program: %s", interface, strerror(errno));
	return id;
}

bool xdp_is_attached(const char *interface)
{
	return xdp_id(interface) != 0;
}

static int program_attached(const char *where)
{
	char netns[128];
	const char *colon = strchr(where, ':');
	int fd, before = netns_current();

	snprintf(netns, sizeof(netns), "%.*s", (int)(colon - where), where);
	netns_enter(netns_open(netns));
	fd = bpf_prog_get_fd_by_id(xdp_id(colon + 1));
	netns_enter(before);
	close(before);
	return fd;
}

int program_open(const char *where)
{
	int fd = *where == '/' ? bpf_obj_get(where) : program_attached(where);

	if (fd < 0)
		die("no program at %s: %s", where, strerror(errno));
	return fd;
}

void xdp_attach(int program, const char *interface)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);

	if (bpf_link_create(program, if_nametoindex(interface), BPF_XDP, &options) < 0)
		die("cannot attach a program to %s: %s", interface, strerror(errno));
}
