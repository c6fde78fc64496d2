/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two hooks hand us, as something to read: XDP a frame, tc a socket buffer. */
#ifndef POSTERN_FRAMES_BPF_H
#define POSTERN_FRAMES_BPF_H

#include "decide.bpf.h"

enum {
	TC_DENY = 2,         /* TC_ACT_SHOT */
	TC_ALLOW = -1,       /* TCX_NEXT, and TC_ACT_UNSPEC for clsact: those behind us still decide */
	HEADERS_PULLED = 192 /* bytes of an skb made linear: Ethernet to ports, and an ICMP error's quote */
};

/* Whether frames may come in several buffers (jumbo frames, 5.18), of which we see the first: headers lie
 * there. */
const volatile bool has_frags = false;

/* Whole frames, however many buffers they take. */
static __always_inline __u32 frame_length(struct xdp_md *ctx)
{
	return has_frags ? bpf_xdp_get_buff_len(ctx) : ctx->data_end - ctx->data;
}

static __always_inline struct cursor frame_cursor(struct xdp_md *ctx)
{
	return (struct cursor){(void *)(long)ctx->data, (void *)(long)ctx->data_end};
}

/* Where it came in, for a policy that narrows. `made` is NULL for a frame of the network. */
static __always_inline __u32 frame_ifindex(struct xdp_md *ctx, const struct explain_head *made)
{
	if (made)
		return made->ifindex;
	return flags & GENERATION_NARROWED ? ctx->ingress_ifindex : 0;
}

/* Takes its head off a made frame, so that all that follows is as in a frame of the network. */
static __always_inline bool head_take(struct xdp_md *ctx, struct explain_head *head)
{
	struct cursor cursor = frame_cursor(ctx);
	const struct explain_head *at = cursor_take(&cursor, sizeof(*at));

	if (!at)
		return false;
	*head = *at;
	return !bpf_xdp_adjust_head(ctx, sizeof(*head));
}

static __always_inline struct given frame_given(struct xdp_md *ctx, enum direction direction, bool is_made,
						__u32 ifindex)
{
	return (struct given){
		.frame_bytes = frame_length(ctx),
		.ifindex = ifindex,
		.direction = direction,
		.is_made = is_made,
	};
}

/* For the quick look: what is not in the first buffer as a whole is not plain. */
static __always_inline struct given first_buffer_given(struct xdp_md *ctx, enum direction direction,
						       bool is_made, __u32 ifindex)
{
	return (struct given){
		.frame_bytes = ctx->data_end - ctx->data,
		.ifindex = ifindex,
		.direction = direction,
		.is_made = is_made,
	};
}

/* Headers that are not in the linear part are pulled there, once. Where that fails, the parser sees a
 * truncated packet. */
static __always_inline void skb_pull_headers(struct __sk_buff *skb)
{
	__u32 wanted = skb->len < HEADERS_PULLED ? skb->len : HEADERS_PULLED;

	if ((void *)(long)skb->data + wanted > (void *)(long)skb->data_end)
		bpf_skb_pull_data(skb, wanted);
}

static __always_inline struct cursor skb_cursor(struct __sk_buff *skb)
{
	return (struct cursor){(void *)(long)skb->data, (void *)(long)skb->data_end};
}

static __always_inline struct given skb_given(struct __sk_buff *skb)
{
	return (struct given){
		.frame_bytes = skb->len,
		.ifindex = flags & GENERATION_NARROWED ? skb->ifindex : 0,
		.tags = skb->vlan_present,
		.direction = OUTBOUND,
	};
}

/* What could be read of a packet, whether or not it could be read to its end: once more for those that are
 * reported or answered. Were it kept for them, every other packet would pay for it. */
static __always_inline struct packet frame_read(struct xdp_md *ctx)
{
	struct packet packet = {.given = frame_given(ctx, INBOUND, false, 0)};
	struct cursor cursor = frame_cursor(ctx);

	parse_frame(ctx, false, &cursor, &packet);
	return packet;
}

static __always_inline struct packet skb_read(struct __sk_buff *skb)
{
	struct packet packet = {.given = skb_given(skb)};
	struct cursor cursor = skb_cursor(skb);

	parse_frame(skb, true, &cursor, &packet);
	return packet;
}

#endif
