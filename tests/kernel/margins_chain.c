// SPDX-License-Identifier: GPL-2.0-only
/* The graph of calls in a loaded program, from its translated instructions. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "margins.h"

/* Older kernels, 6.1 among them, count each frame in steps of 32 bytes, and at least one; newer ones in
 * smaller steps. */
enum { FRAME_STEP = 32 };

struct graph {
	struct bpf_insn *code;
	struct bpf_func_info *functions; /* where each begins, and what it is called */
	uint32_t n_code, n_functions;
	const uint32_t *depths;
	const struct btf *btf;
};

static void graph_free(struct graph *graph)
{
	free(graph->code);
	free(graph->functions);
}

static int graph_read(int fd, struct graph *graph)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	uint32_t bytes, n, record;

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	bytes = info.xlated_prog_len;
	n = info.nr_func_info;
	record = info.func_info_rec_size;
	if (record != sizeof(*graph->functions))
		return -EPROTO;
	graph->code = calloc(1, bytes);
	graph->functions = calloc(n, record);
	if (!graph->code || !graph->functions)
		return -ENOMEM;
	info = (struct bpf_prog_info){.xlated_prog_insns = (uintptr_t)graph->code,
				      .xlated_prog_len = bytes,
				      .func_info = (uintptr_t)graph->functions,
				      .nr_func_info = n,
				      .func_info_rec_size = record};
	size = sizeof(info);
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	graph->n_code = bytes / sizeof(*graph->code);
	graph->n_functions = n;
	/* The kernel hides addresses, and the callees with them, where kptr_restrict or perf_event_paranoid
	 * say so. */
	return info.xlated_prog_insns ? 0 : -EPERM;
}

/* The function that the instruction calls or hands to a helper, or -1. After the JIT they are known by
 * number. */
static int callee(const struct bpf_insn *insn)
{
	if (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL)
		return insn->imm;
	if (insn->code == (BPF_LD | BPF_IMM | BPF_DW) && insn->src_reg == BPF_PSEUDO_FUNC)
		return insn[1].imm;
	return -1;
}

static uint32_t rounded(uint32_t bytes)
{
	return bytes ? (bytes + FRAME_STEP - 1) / FRAME_STEP * FRAME_STEP : FRAME_STEP;
}

static int descend(const struct graph *graph, uint32_t function, struct chain *path, struct chain *deepest)
{
	uint32_t at = graph->functions[function].insn_off, end = graph->n_code;
	const struct btf_type *type = btf__type_by_id(graph->btf, graph->functions[function].type_id);

	if (path->n_frames == MAX_CHAIN)
		return -ELOOP;
	if (function + 1 < graph->n_functions)
		end = graph->functions[function + 1].insn_off;
	path->names[path->n_frames] = type ? btf__name_by_offset(graph->btf, type->name_off) : "?";
	path->frame_bytes[path->n_frames++] = graph->depths[function];
	path->bytes += rounded(graph->depths[function]);
	if (path->bytes > deepest->bytes)
		*deepest = *path;
	for (; at < end; at++) {
		int next = callee(&graph->code[at]), error = 0;

		if (next >= (int)graph->n_functions)
			return -EPROTO;
		if (next > 0)
			error = descend(graph, (uint32_t)next, path, deepest);
		if (error)
			return error;
	}
	path->n_frames--;
	path->bytes -= rounded(graph->depths[function]);
	return 0;
}

int chain_deepest(int program_fd, const struct btf *btf, const uint32_t *depths, uint32_t n_depths,
		  struct chain *ret)
{
	struct graph graph = {.depths = depths, .btf = btf};
	struct chain path = {0}, deepest = {0};
	int error = graph_read(program_fd, &graph);

	if (!error && graph.n_functions != n_depths)
		error = -EPROTO;
	error = error ?: descend(&graph, 0, &path, &deepest);
	graph_free(&graph);
	if (!error)
		*ret = deepest;
	return error;
}
