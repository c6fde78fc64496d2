/* SPDX-License-Identifier: GPL-2.0-only */
/* What a rule admits can still be forged or blocked. */
#ifndef POSTERN_FORGED_BPF_H
#define POSTERN_FORGED_BPF_H

#include "rules.bpf.h"

/* Nobody else may send from this host's own addresses. */
static __always_inline bool source_is_own(const struct packet *packet)
{
	struct addr source = packet_src(packet), copy;

	if (!may_be_own_address(&source))
		return false;
	copy = source;
	return is_own_address(&copy);
}

/* What is denied anyway costs these lookups nothing. */
static __always_inline verdict forged_or_blocked(const struct packet *packet, verdict verdict)
{
	struct addr peer;

	if (!is_admitted(verdict) || packet->is_link)
		return verdict;
	if (packet->given.direction == INBOUND && source_is_own(packet))
		return REASON_SOURCE;
	if (!(flags & GENERATION_BLOCK))
		return verdict;
	peer = packet_peer(packet);
	return is_blocked(&peer, packet->is_ipv4) ? REASON_BLOCKED : verdict;
}

#endif
