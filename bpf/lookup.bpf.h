/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose segment it is that no connection of this host takes. The packet programs judge what comes in before
 * the segments ahead of it have been taken: behind a RST, the ACK of an old SYN cookie belongs to the data
 * connection yet, and to whoever listens at the port once the RST is through. Here both are known. */
#ifndef POSTERN_LOOKUP_BPF_H
#define POSTERN_LOOKUP_BPF_H

#include "ftp.bpf.h"
#include "pinholes.bpf.h"
#include "traces.bpf.h"

enum { LOOKUP_IPV4 = 2 /* AF_INET */ };

static __always_inline struct flow_key lookup_key(const struct bpf_sk_lookup *ctx)
{
	struct flow_key key = {
		.peer_port = bpf_ntohs(ctx->remote_port),
		.local_port = ctx->local_port,
		.protocol = PROTOCOL_TCP,
	};

	if (ctx->family == LOOKUP_IPV4) {
		key.peer = (struct addr){{0, 0, bpf_htonl(0xffff), ctx->remote_ip4}};
		key.local = (struct addr){{0, 0, bpf_htonl(0xffff), ctx->local_ip4}};
		barrier(); /* or loads of both branches became one, at an address that is none */
	} else {
#pragma unroll
		for (int i = 0; i < 4; i++) {
			key.peer.word[i] = ctx->remote_ip6[i];
			key.local.word[i] = ctx->local_ip6[i];
		}
	}
	return key;
}

/* Whether the policy in force keeps the port shut but for pinholes. */
static __always_inline bool port_needs_pinhole(__u16 port)
{
	__u32 zero = 0;
	const struct settings *in_force = bpf_map_lookup_elem(&settings, &zero);
	const struct ftp_server_value *server;

	if (!in_force)
		return false;
	server = server_of(in_force, ftp_port_get(in_force, port).passive);
	return server && !server->is_audited;
}

/* Whether a listener must not take it: it has the addresses and ports of a data connection that this host has
 * no socket of any more, and no pinhole lets that client connect there again. */
static __noinline bool lookup_is_late(struct bpf_sk_lookup *ctx)
{
	struct flow_key key = lookup_key(ctx);
	struct pinhole_key pinhole_key;

	return bpf_map_lookup_elem(&data_flows, &key) && port_needs_pinhole(key.local_port) &&
	       !pinhole_find(&key.peer, &key.local, key.local_port, &pinhole_key);
}

/* SK_PASS, or SK_DROP: the kernel answers as if nobody listened, with RST. */
static __always_inline int listener_lookup(struct bpf_sk_lookup *ctx)
{
	if (ctx->protocol != PROTOCOL_TCP || !(traces_of(ctx->local_port) & TRACE_DATA_FLOW))
		return SK_PASS;
	return lookup_is_late(ctx) ? SK_DROP : SK_PASS;
}

#endif
