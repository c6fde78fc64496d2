/* SPDX-License-Identifier: GPL-2.0-only */
/* What was ever remembered of a socket, by its local port: most sockets that a host closes are of no
 * interest, and their close costs no hash lookup. A trace is left before what it tells of is remembered, and
 * stays. */
#ifndef POSTERN_TRACES_BPF_H
#define POSTERN_TRACES_BPF_H

#include "state_maps.bpf.h"

enum trace {
	TRACE_SESSION = 1,    /* in `sessions` */
	TRACE_LISTENER = 2,   /* in `listeners` or `rogues` */
	TRACE_TRANSLATED = 4, /* in `flow_sockets` */
	TRACE_ACTIVE = 8,     /* in `actives`: at no port, since connect() has not chosen one yet */
	TRACE_FLOW = 16,      /* of TCP, in `flows`, with the socket's addresses */
	TRACE_DATA_FLOW = 32, /* the same in `data_flows` */
};

enum {
	TRACES_OF_ANY = 0, /* the port of what has none */
	TRACE_BITS = 64 / TRACES_PER_WORD,
	TRACES_ALL = (1 << TRACE_BITS) - 1
};

/* Eight ports are in a word, so that those that follow one another are in one line of the CPU's cache. */
static __always_inline __u64 *traces_word(__u32 port)
{
	__u32 key = port / TRACES_PER_WORD;

	return bpf_map_lookup_elem(&socket_traces, &key);
}

static __always_inline __u32 traces_shift(__u32 port)
{
	return port % TRACES_PER_WORD * TRACE_BITS;
}

static __always_inline void trace_leave(__u32 port, enum trace trace)
{
	__u64 bit = (__u64)trace << traces_shift(port), *word = traces_word(port);

	if (word && !(*word & bit))
		__sync_fetch_and_or(word, bit);
}

static __always_inline __u32 traces_of(__u32 port)
{
	const __u64 *word = traces_word(port);

	return word ? *word >> traces_shift(port) & TRACES_ALL : TRACES_ALL;
}

#endif
