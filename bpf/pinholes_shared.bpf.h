/* SPDX-License-Identifier: GPL-2.0-only */
/* Pinholes that one listener has for several clients: they end together. */
#ifndef POSTERN_PINHOLES_SHARED_BPF_H
#define POSTERN_PINHOLES_SHARED_BPF_H

#include "pinholes.bpf.h"

static long shared_check(void *map, const struct pinhole_key *key, const struct pinhole *pinhole,
			 __u64 *listener)
{
	struct pinhole_key copy = *key;

	if (pinhole->listener == *listener)
		pinhole_close(&copy, pinhole, EVENT_PINHOLE_CLOSED);
	return 0;
}

/* The listener is closed, or one of its pinholes was used. */
static __noinline void listener_close_pinholes(__u64 listener)
{
	bpf_for_each_map_elem(&pinholes, shared_check, &listener, 0);
}

#endif
