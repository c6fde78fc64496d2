/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a listening socket is bound, and whose connections can arrive there. */
#ifndef POSTERN_BOUND_BPF_H
#define POSTERN_BOUND_BPF_H

#include "addr.bpf.h"
#include "sock.bpf.h"

static __always_inline bool is_loopback(const struct addr *addr)
{
	if (addr_is_mapped(addr))
		return (addr->word[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
	return !addr->word[0] && !addr->word[1] && !addr->word[2] && addr->word[3] == bpf_htonl(1);
}

/* What the listener is bound to; all zero where it is any address. */
static __always_inline struct addr listener_local(const struct sock *sk)
{
	struct addr local = {}, unused;

	if (sk->__sk_common.skc_family == AF_INET && !sk->__sk_common.skc_rcv_saddr)
		return local;
	sock_addrs(sk, &local, &unused);
	return local;
}

/* Whether a connection from `client` could arrive at the listener at all. A pinhole for one that cannot
 * would lead to whoever else listens there in the other family. */
static __always_inline bool listener_accepts(const struct sock *sk, const struct addr *local,
					     const struct addr *client)
{
	if (sk->__sk_common.skc_family == AF_INET)
		return addr_is_mapped(client);
	if (!addr_is_mapped(client))
		return !addr_is_mapped(local);
	if (!addr_is_zero(local))
		return addr_is_mapped(local);
	return !BPF_CORE_READ_BITFIELD(&sk->__sk_common, skc_ipv6only);
}

#endif
