/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading a kernel socket: whose namespace it is in, and its addresses in the form our maps use. */
#ifndef POSTERN_SOCK_BPF_H
#define POSTERN_SOCK_BPF_H

#include "ftp.bpf.h"
#include "kernel.bpf.h"
#include "state_maps.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

enum { PROTOCOL_TCP = 6 };

static __always_inline struct addr addr_of_ipv4(__be32 ipv4)
{
	struct addr addr = {};

	addr.word[2] = bpf_htonl(0xffff);
	addr.word[3] = ipv4;
	return addr;
}

/* The settings, where `sk` is a TCP socket of the instance's network namespace; else NULL. */
static __always_inline const struct settings *settings_for(const struct sock *sk)
{
	__u32 zero = 0;
	const struct settings *entry = bpf_map_lookup_elem(&settings, &zero);

	if (!entry || sk->sk_protocol != PROTOCOL_TCP)
		return NULL;
	return sk->__sk_common.skc_net.net->net_cookie == entry->net_cookie ? entry : NULL;
}

static __always_inline void sock_common_addrs(const struct sock_common *sk, struct addr *local,
					      struct addr *peer)
{
	if (sk->skc_family == AF_INET) {
		*local = addr_of_ipv4(sk->skc_rcv_saddr);
		*peer = addr_of_ipv4(sk->skc_daddr);
		return;
	}
	for (int i = 0; i < 4; i++) {
		local->word[i] = sk->skc_v6_rcv_saddr.in6_u.u6_addr32[i];
		peer->word[i] = sk->skc_v6_daddr.in6_u.u6_addr32[i];
	}
}

static __always_inline void sock_addrs(const struct sock *sk, struct addr *local, struct addr *peer)
{
	sock_common_addrs(&sk->__sk_common, local, peer);
}

/* Host byte order. skc_num is 0 once the port was given back, which comes before CLOSE is told. */
static __always_inline __u16 tcp_local_port(const struct tcp_sock *tcp)
{
	return bpf_ntohs(tcp->inet_conn.icsk_inet.inet_sport);
}

static __always_inline __u16 sock_local_port(const struct sock *sk)
{
	const struct tcp_sock *tcp = bpf_skc_to_tcp_sock((void *)sk);

	return tcp ? tcp_local_port(tcp) : 0;
}

static __always_inline __u16 sock_peer_port(const struct sock *sk)
{
	return bpf_ntohs(sk->__sk_common.skc_dport);
}

#endif
