// SPDX-License-Identifier: GPL-2.0-only
// Finds out whether the kernel lets programs read its objects like variables.
#include "datapath_cast.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

bool kernel_can_cast(void)
{
	/* The attach type stands for names without a prefix; nothing is attached. */
	return libbpf_find_vmlinux_btf_id("bpf_rdonly_cast", BPF_TRACE_FENTRY) > 0;
}
