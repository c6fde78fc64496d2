/* SPDX-License-Identifier: GPL-2.0-only */
/* The IPv6 extension headers that hosts may use are looked through; everything else there is denied. */
#ifndef POSTERN_EXTENSIONS_BPF_H
#define POSTERN_EXTENSIONS_BPF_H

#include "packet.bpf.h"

enum {
	MAX_EXTENSIONS = 6, /* IPv6 extension headers of one packet */
	MIN_EXTENSION = 8,
};

/* RFC 8200, 4.5 */
struct fragment_header {
	__u8 next;
	__u8 reserved;
	__be16 offset;
	__be32 id;
};

/* RFC 8200, 4. A routing header that still has somewhere to go is for a router (RFC 5095 ended its use by
 * hosts); AH counts its length in other units (RFC 4302, 2.2). Returns the header's length, or 0. */
static __always_inline __u32 extension_length(__u8 type, const struct ipv6_rt_hdr *header)
{
	if (type == PROTO_AH)
		return (header->hdrlen + 2) * 4;
	if (type == PROTO_ROUTING && header->segments_left)
		return 0;
	return (header->hdrlen + 1) * 8;
}

static __always_inline bool is_extension(__u8 protocol)
{
	return protocol == PROTO_HOPOPTS || protocol == PROTO_ROUTING || protocol == PROTO_DSTOPTS ||
	       protocol == PROTO_AH;
}

/* An atomic fragment (RFC 6946) is a whole packet. */
static __always_inline enum reason parse_fragment6(struct cursor *cursor, struct packet *packet)
{
	struct fragment_header *header = cursor_take(cursor, sizeof(*header));

	if (!header)
		return REASON_TRUNCATED;
	if (packet->payload < sizeof(*header))
		return REASON_LENGTH;
	packet->protocol = header->next;
	packet->payload -= sizeof(*header);
	/* Neighbour discovery may not be fragmented, not even into one (RFC 6980), and no other ICMPv6 of
	 * ours is. */
	if (packet->protocol == PROTO_ICMPV6)
		return REASON_FRAGMENT;
	return fragment_set(packet, bpf_ntohs(header->offset) >> 3, bpf_ntohs(header->offset) & 1);
}

static __always_inline bool is_walked(__u8 protocol)
{
	return is_extension(protocol) || protocol == PROTO_FRAGMENT || protocol == PROTO_NONE;
}

/* Where a walk over extension headers ended. */
struct extensions {
	__u8 reason;
	__u8 protocol;
	__u8 fragment;
	__u16 offset; /* in the frame, below MAX_WALK */
};

/* One number, since that is all that a function can return whose caller need not be verified with it. */
static __always_inline __u32 extensions_pack(const struct packet *packet, enum reason reason, __u64 offset)
{
	if (offset >= MAX_WALK)
		reason = REASON_EXTENSION;
	return reason | (__u32)packet->protocol << 8 | (__u32)packet->fragment << 16 |
	       ((__u32)offset & (MAX_WALK - 1)) << 18;
}

static __always_inline struct extensions extensions_unpack(__u32 packed)
{
	return (struct extensions){
		.reason = packed & 0xff,
		.protocol = packed >> 8 & 0xff,
		.fragment = packed >> 16 & 3,
		.offset = packed >> 18 & (MAX_WALK - 1),
	};
}

/* Looks through the extension headers that hosts may use; what follows another header than those is told by
 * its number. Hop-by-hop options come first or not at all; a fragment header ends the walk, since what would
 * follow it can be in another fragment. */
static __always_inline enum reason parse_extensions(struct cursor *cursor, struct packet *packet)
{
#pragma unroll
	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		struct ipv6_rt_hdr *header;
		__u32 length;

		if (packet->protocol == PROTO_FRAGMENT)
			return parse_fragment6(cursor, packet);
		if (!is_extension(packet->protocol))
			return packet->protocol == PROTO_NONE ? REASON_EXTENSION : REASON_NONE;
		if (i > 0 && packet->protocol == PROTO_HOPOPTS)
			return REASON_EXTENSION;
		header = cursor_take(cursor, sizeof(*header));
		if (!header)
			return REASON_TRUNCATED;
		length = extension_length(packet->protocol, header);
		if (length < MIN_EXTENSION)
			return REASON_EXTENSION;
		if (packet->payload < length)
			return REASON_LENGTH;
		packet->protocol = header->nexthdr;
		packet->payload -= length;
		if (!cursor_take(cursor, length - sizeof(*header)))
			return REASON_TRUNCATED;
	}
	return is_walked(packet->protocol) ? REASON_EXTENSION : REASON_NONE;
}

static __always_inline __u32 extensions_walk(void *data, void *data_end, __u32 offset, __u32 protocol,
					     __u32 payload)
{
	struct cursor cursor = {data, data_end};
	struct packet packet = {.protocol = protocol, .payload = payload};
	enum reason reason;
	__u64 end;

	if (!cursor_take(&cursor, offset & (MAX_WALK - 1)))
		return extensions_pack(&packet, REASON_TRUNCATED, 0);
	reason = parse_extensions(&cursor, &packet);
	end = cursor.pos - data;
	barrier_var(end);
	return extensions_pack(&packet, reason, end);
}

/* Global functions are verified once, by themselves: what they return is any number to their callers, instead
 * of one state for each way through the headers. */
__noinline __u32 frame_extensions(struct xdp_md *ctx, __u32 offset, __u32 protocol, __u32 payload)
{
	return extensions_walk((void *)(long)ctx->data, (void *)(long)ctx->data_end, offset, protocol,
			       payload);
}

__noinline __u32 skb_extensions(struct __sk_buff *ctx, __u32 offset, __u32 protocol, __u32 payload)
{
	return extensions_walk((void *)(long)ctx->data, (void *)(long)ctx->data_end, offset, protocol,
			       payload);
}

/* Moves the cursor, and what the packet says, behind the extension headers. */
static __always_inline enum reason skip_extensions(void *ctx, bool is_skb, struct cursor *cursor,
						   struct packet *packet)
{
	__u32 start = packet->network + sizeof(struct ipv6hdr), skipped;
	struct extensions end;

	if (!is_walked(packet->protocol))
		return REASON_NONE;
	end = extensions_unpack(is_skb ? skb_extensions(ctx, start, packet->protocol, packet->payload)
				       : frame_extensions(ctx, start, packet->protocol, packet->payload));
	packet->protocol = end.protocol;
	packet->fragment = end.fragment;
	if (end.reason)
		return end.reason;
	skipped = end.offset - start;
	if (end.offset < start || packet->payload < skipped)
		return REASON_LENGTH;
	packet->payload -= skipped;
	return cursor_take(cursor, skipped & (MAX_WALK - 1)) ? REASON_NONE : REASON_TRUNCATED;
}

#endif
