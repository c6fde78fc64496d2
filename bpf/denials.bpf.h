/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of denied packets. */
#ifndef POSTERN_DENIALS_BPF_H
#define POSTERN_DENIALS_BPF_H

#include "decide.bpf.h"
#include "frames.bpf.h"

static __always_inline void denial_describe(struct event *event, const struct packet *packet, verdict verdict)
{
	bool is_inbound = packet->given.direction == INBOUND;
	bool is_icmp = packet->protocol == PROTO_ICMP || packet->protocol == PROTO_ICMPV6;
	bool is_as_sent = is_inbound || is_icmp; /* a type and a code are nobody's ports */

	event->peer = packet_peer(packet);
	event->local = packet_local(packet);
	event->peer_port = is_as_sent ? packet->src_port : packet->dst_port;
	event->local_port = is_as_sent ? packet->dst_port : packet->src_port;
	event->direction = packet->given.direction;
	event->protocol = packet->protocol;
	event->reason = verdict;
	event->is_audited = flags & GENERATION_AUDIT ? 1 : 0;
}

static __noinline void denial_report_frame(struct xdp_md *ctx, verdict verdict)
{
	struct packet packet = frame_read(ctx);
	__u64 sequence;
	struct event *event = denial_begin(&sequence);

	if (!event)
		return;
	denial_describe(event, &packet, verdict);
	event->ifindex = ctx->ingress_ifindex;
	event_end(event, sequence);
}

static __noinline void denial_report_skb(struct __sk_buff *skb, verdict verdict)
{
	struct packet packet = skb_read(skb);
	__u64 sequence, cookie = bpf_get_socket_cookie(skb);
	struct event *event = denial_begin(&sequence);

	if (!event)
		return;
	denial_describe(event, &packet, verdict);
	event->ifindex = skb->ifindex;
	event->cookie = cookie;
	event_set_process(event, cookie);
	event_end(event, sequence);
}

#endif
