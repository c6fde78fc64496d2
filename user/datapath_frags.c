// SPDX-License-Identifier: GPL-2.0-only
// Finds out whether the kernel hands frames in several buffers to XDP.
#include "datapath_frags.h"

#include <linux/bpf.h>
#include <stdbool.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "abi.h"
#include "filter.skel.h"

/* A kernel that does not know the flag refuses it. */
static bool kernel_has_frags(void)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_DROP},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = BPF_F_XDP_HAS_FRAGS);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "postern_probe", "GPL", code,
			       sizeof(code) / sizeof(code[0]), &options);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

void filter_take_frags(struct filter_bpf *filter)
{
	struct bpf_program *ingress = filter->progs.ingress;

	if (!kernel_has_frags())
		return;
	filter->rodata->has_frags = true;
	bpf_program__set_flags(ingress, bpf_program__flags(ingress) | BPF_F_XDP_HAS_FRAGS);
}
