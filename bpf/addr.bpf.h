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

/* The first (0) or second (1) half of an IPv6 address in host byte order. */
static __always_inline __u64 addr_half(const struct addr *addr, int half)
{
	return (__u64)bpf_ntohl(addr->word[2 * half]) << 32 | bpf_ntohl(addr->word[2 * half + 1]);
}

/* The halves of the mask that leaves out so many trailing bits, fewer than 128. Without a branch, as every
 * path through here is one more for the verifier to follow. */
static __always_inline __u64 mask_high(__u32 host_bits)
{
	return ~0ull << (host_bits & 63 & -(host_bits >> 6 & 1));
}

static __always_inline __u64 mask_low(__u32 host_bits)
{
	return ~0ull << (host_bits & 63) & ((__u64)(host_bits >> 6 & 1) - 1);
}

/* Zeroes the trailing bits that several addresses of one client may differ in. */
static __always_inline void addr_clear(struct addr *addr, __u32 host_bits)
{
	__u64 high = mask_high(host_bits), low = mask_low(host_bits);

	addr->word[0] &= bpf_htonl(high >> 32);
	addr->word[1] &= bpf_htonl(high);
	addr->word[2] &= bpf_htonl(low >> 32);
	addr->word[3] &= bpf_htonl(low);
}

#endif
