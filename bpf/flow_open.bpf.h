/* SPDX-License-Identifier: GPL-2.0-only */
/* What this host opens is remembered as a flow. */
#ifndef POSTERN_FLOW_OPEN_BPF_H
#define POSTERN_FLOW_OPEN_BPF_H

#include "decide.bpf.h"
#include "traces.bpf.h"

enum {
	SOCK_ESTABLISHED = 1,
	SOCK_FIN_WAIT1 = 4,
	SOCK_CLOSE = 7,
	SOCK_CLOSE_WAIT = 8,
	SOCK_LAST_ACK = 9,
	SOCK_LISTEN = 10
}; /* BPF_TCP_* */

enum { SOCK_IPV4 = 2, SOCK_STREAM = 1 }; /* AF_INET; the type */

/* skb->ingress_ifindex: a packet that came in elsewhere is not this host's own. */
static __always_inline bool is_forwarded(const struct __sk_buff *skb)
{
	return skb->ingress_ifindex != 0;
}

/* The TCP socket that sends; NULL where there is none, or a raw one, whose close nobody tells. */
static __always_inline struct bpf_sock *tcp_socket(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return NULL;
	sk = bpf_sk_fullsock(sk);
	return sk && sk->protocol == PROTO_TCP && sk->type == SOCK_STREAM ? sk : NULL;
}

/* Its state; SOCK_CLOSE where there is none. */
static __always_inline __u32 socket_state(struct __sk_buff *skb)
{
	const struct bpf_sock *sk = tcp_socket(skb);

	return sk ? sk->state : SOCK_CLOSE;
}

/* The local port of the socket that sends, host byte order: another one than the packet's, where a redirect
 * lies between. 0 where there is no socket. */
static __always_inline __u16 socket_port(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return 0;
	sk = bpf_sk_fullsock(sk);
	return sk ? sk->src_port : 0;
}

/* The TCP connection that sends; NULL where there is none. */
static __always_inline struct bpf_tcp_sock *socket_tcp(struct __sk_buff *skb)
{
	struct bpf_sock *sk = tcp_socket(skb);

	return sk ? bpf_tcp_sock(sk) : NULL;
}

/* Whether the TCP socket that sends is not closed, and has the addresses and ports of the packet: nothing
 * translates them between. */
static __always_inline bool socket_has(const struct bpf_sock *sk, const struct flow_key *key)
{
	__u32 differs;

	if (!sk || sk->state == SOCK_CLOSE)
		return false;
	differs = (sk->src_port ^ key->local_port) | (bpf_ntohs(sk->dst_port) ^ key->peer_port);
	if (sk->family == SOCK_IPV4) {
		differs |= !addr_is_mapped(&key->local);
		differs |= (sk->src_ip4 ^ key->local.word[3]) | (sk->dst_ip4 ^ key->peer.word[3]);
		barrier(); /* or the last loads of both branches became one, at an address that is none */
	} else {
#pragma unroll
		for (int i = 0; i < 4; i++)
			differs |=
				(sk->src_ip6[i] ^ key->local.word[i]) | (sk->dst_ip6[i] ^ key->peer.word[i]);
	}
	return !differs;
}

static __noinline bool is_of_socket(struct __sk_buff *skb, const struct flow_key *key)
{
	return socket_has(tcp_socket(skb), key);
}

/* So that the socket's close finds its flow, of which it has not the addresses and ports. */
static __always_inline void flow_remember_translated(struct __sk_buff *skb, const struct flow_key *key,
						     const __u64 *cookie)
{
	trace_leave(socket_port(skb), TRACE_TRANSLATED);
	bpf_map_update_elem(&flow_sockets, cookie, key, BPF_ANY);
}

static __always_inline void flow_remember_socket(struct __sk_buff *skb, const struct flow_key *key,
						 __u64 cookie)
{
	if (!is_of_socket(skb, key))
		flow_remember_translated(skb, key, &cookie);
}

/* Remembers what this host opens. A SYN whose socket is closed (it can outlive it in the neighbour queue) and
 * one without a socket get a flow that is over after the linger: nothing else would end it. `control_port` is
 * that of an FTP session whose data connection it is, else 0. */
static __noinline verdict flow_open(struct __sk_buff *skb, const struct flow_key *key, __u16 service,
				    __u16 control_port)
{
	struct flow flow = {
		.cookie = bpf_get_socket_cookie(skb),
		.generation = generation,
		.service = service,
		.control_port = control_port,
		.ifindex = skb->ifindex,
	};
	bool is_tcp = key->protocol == PROTO_TCP, is_over, is_direct;
	__u32 reason;

	/* Judged here too: what is blocked must leave nothing behind. */
	if (flags & GENERATION_BLOCK && is_blocked(&key->peer, addr_is_mapped(&key->peer)))
		return REASON_BLOCKED;
	flow.uid = bpf_get_socket_uid(skb);
	is_over = is_tcp && socket_state(skb) == SOCK_CLOSE;
	is_direct = is_tcp && is_of_socket(skb, key);
	if (!is_direct && connection_find(key))
		return admit_service(service); /* a copy of its SYN, without its socket, ends nothing of it */
	flow.since_ns = flow.seen_ns = bpf_ktime_get_boot_ns();
	flow.closing_ns = is_over ? flow.since_ns : 0;
	reason = flow_insert(key, &flow);
	if (reason)
		return reason;
	if (key->protocol == PROTO_UDP)
		fragment_peer_touch(&key->peer, flow.since_ns);
	else if (is_tcp && !is_over && !is_direct)
		flow_remember_translated(skb, key, &flow.cookie);
	if (is_tcp && !is_over && (is_direct ? !is_of_socket(skb, key) : socket_state(skb) == SOCK_CLOSE))
		flow_begin_linger(&flows, key, flow.cookie); /* closed meanwhile, and found nothing */
	return admit_service(service);
}

#endif
