/* SPDX-License-Identifier: GPL-2.0-only */
/* Two programs are told of the same, as either can be skipped: what the first has done the second need not do
 * again. They are called one after the other on one CPU: tracepoints disable preemption. */
#ifndef POSTERN_TWIN_BPF_H
#define POSTERN_TWIN_BPF_H

#include "sock.bpf.h"

enum twin { TWIN_FIRST, TWIN_SECOND };

/* What they are told: each has an entry, so that only one program leaves marks in it on a CPU. */
enum told { TOLD_STATE, TOLD_DESTROYED, N_TOLD };

struct done {
	__u64 socket; /* its address; 0: nothing is done, or the second knows of it */
	__u32 state;  /* its new one; 0 for TOLD_DESTROYED */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, N_TOLD);
	__type(key, __u32);
	__type(value, struct done);
} done SEC(".maps");

/* What is told of is done. The second leaves no mark behind: one that came in between, where only the first
 * ran, could be taken for another event of that socket. */
static __always_inline void twin_done(enum twin twin, enum told told, const struct sock *sk, __u32 state)
{
	__u32 key = told;
	struct done *entry = bpf_map_lookup_elem(&done, &key);

	if (!entry)
		return;
	entry->socket = 0;
	if (twin == TWIN_SECOND)
		return;
	barrier();
	entry->state = state;
	barrier();
	entry->socket = (__u64)sk;
}

/* Whether `twin` is the second, and the first has done it: said once, so that it does not hold of the next
 * time. */
static __always_inline bool twin_has_done(enum twin twin, enum told told, const struct sock *sk, __u32 state)
{
	__u32 key = told;
	struct done *entry = twin == TWIN_SECOND ? bpf_map_lookup_elem(&done, &key) : NULL;

	if (!entry || entry->socket != (__u64)sk || entry->state != state)
		return false;
	entry->socket = 0;
	return true;
}

#endif
