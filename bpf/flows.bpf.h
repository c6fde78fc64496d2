/* SPDX-License-Identifier: GPL-2.0-only */
/* Flows: when one is over. */
#ifndef POSTERN_FLOWS_BPF_H
#define POSTERN_FLOWS_BPF_H

#include "report.bpf.h"

enum { FLOW_TCP = 6 };

/* A TCP flow ends with its socket and a linger, a UDP flow by time. `now` is CLOCK_BOOTTIME. */
static __always_inline bool flow_is_over(const struct flow_key *key, const struct flow *flow, __u64 now)
{
	if (key->protocol == FLOW_TCP)
		return flow->closing_ns && now > flow->closing_ns + TCP_LINGER_S * NS_PER_S;
	return now > flow->seen_ns + UDP_TIMEOUT_S * NS_PER_S;
}

#endif
