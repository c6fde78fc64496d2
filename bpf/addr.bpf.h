/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses in the form our maps use. */
#ifndef POSTERN_ADDR_BPF_H
#define POSTERN_ADDR_BPF_H

#include "state_maps.bpf.h"

#include <bpf/bpf_endian.h>

static __always_inline bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->word[0] == b->word[0] && a->word[1] == b->word[1] && a->word[2] == b->word[2] &&
	       a->word[3] == b->word[3];
}

static __always_inline bool addr_is_zero(const struct addr *addr)
{
	return !(addr->word[0] | addr->word[1] | addr->word[2] | addr->word[3]);
}

/* Our form of an IPv4 address. In an IPv6 packet it would be taken for one (RFC 4291, 2.5.5.2: it is none on
 * a wire). */
static __always_inline bool addr_is_mapped(const struct addr *addr)
{
	return addr->word[2] == bpf_htonl(0xffff) && !(addr->word[0] | addr->word[1]);
}

#endif
