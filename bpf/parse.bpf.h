/* SPDX-License-Identifier: GPL-2.0-only */
/* A cursor over a frame, and what the headers up to the ports say. Every bounds check of packet data is
 * in cursor_take(). A parser returns REASON_NONE, or why the packet cannot be admitted. */
#ifndef POSTERN_PARSE_BPF_H
#define POSTERN_PARSE_BPF_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>

#include "state_maps.bpf.h"

enum {
	MAX_VLAN_TAGS = 2,
	ETHERTYPE_SLOW = 0x8809,  /* IEEE 802.3 annex 57A: LACP and its kin */
	ETHERTYPE_EAPOL = 0x888e, /* IEEE 802.1X */
	IP_OFFSET = 0x1fff,       /* RFC 791: fragment offset */
	IP_MORE = 0x2000,         /* and the more-fragments bit */
	MAX_WALK = 2048,          /* bytes of a frame that headers may take, a power of two */
	MAX_EXTENSIONS = 6,       /* IPv6 extension headers of one packet */
	MIN_EXTENSION = 8,
	PROTO_HOPOPTS = 0,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_AH = 51,
	PROTO_ICMPV6 = 58,
	PROTO_NONE = 59,
	PROTO_DSTOPTS = 60,
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_ACK = 0x10,
};

struct cursor {
	void *pos;
	void *end;
};

enum fragment_kind { FRAGMENT_NONE, FRAGMENT_FIRST, FRAGMENT_LATER };

/* What is known of a packet before it is parsed. */
struct given {
	__u32 frame_bytes;
	__u8 tags;      /* VLAN tags that the driver has already taken off the frame */
	__u8 direction; /* enum direction */
	bool is_made;   /* nobody sent it: nothing may be remembered of it */
};

struct packet {
	struct given given;
	struct addr src;
	struct addr dst;
	__u32 payload;  /* bytes from the transport header to the end of the IP packet */
	__u16 src_port; /* host byte order; of ICMP: the type */
	__u16 dst_port; /* of ICMP: the code */
	__u16 echo_id;
	__u16 network;   /* offset of the IP header in the frame; 0: not read */
	__u16 transport; /* of the header behind it */
	__u8 protocol;   /* 0: not IP */
	__u8 tcp_flags;
	__u8 hop_limit;
	bool is_ipv4;
	__u8 fragment; /* enum fragment_kind */
	bool is_link;  /* a need of the link: admitted, and nothing else about it is known */
};

/* The next `size` bytes, which are the cursor's no longer; NULL where the packet ends before. */
static __always_inline void *cursor_take(struct cursor *cursor, __u32 size)
{
	void *at = cursor->pos;

	if (at + size > cursor->end)
		return NULL;
	cursor->pos = at + size;
	return at;
}

/* RFC 792 and RFC 4443: both begin so. (linux/icmp.h needs the C library's headers.) */
struct icmp_header {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be16 echo_id; /* of echo requests and replies; of others, part of what the type defines */
	__be16 rest;
};

/* RFC 8200, 4.5 */
struct fragment_header {
	__u8 next;
	__u8 reserved;
	__be16 offset;
	__be32 id;
};

struct vlan_header {
	__be16 tag;
	__be16 ethertype;
};

/* Leaves the cursor behind the link
 * header and *ethertype in host byte order. */
static __always_inline enum reason parse_ethernet(struct cursor *cursor, __u32 tags, __u16 *ethertype)
{
	struct ethhdr *eth = cursor_take(cursor, sizeof(*eth));

	if (!eth)
		return REASON_TRUNCATED;
	*ethertype = bpf_ntohs(eth->h_proto);
#pragma unroll
	for (int i = 0; i < MAX_VLAN_TAGS + 1; i++) {
		struct vlan_header *vlan;

		if (*ethertype != ETH_P_8021Q && *ethertype != ETH_P_8021AD)
			return REASON_NONE;
		if (++tags > MAX_VLAN_TAGS)
			return REASON_VLAN;
		vlan = cursor_take(cursor, sizeof(*vlan));
		if (!vlan)
			return REASON_TRUNCATED;
		*ethertype = bpf_ntohs(vlan->ethertype);
	}
	return REASON_VLAN;
}

static __always_inline void addr_set_ipv4(struct addr *addr, __be32 ipv4)
{
	addr->word[0] = 0;
	addr->word[1] = 0;
	addr->word[2] = bpf_htonl(0xffff);
	addr->word[3] = ipv4;
}

/* Our form of an IPv4 address. In an IPv6 packet it would be taken for one (RFC 4291, 2.5.5.2: it is none on
 * a wire). */
static __always_inline bool addr_is_mapped(const struct addr *addr)
{
	return addr->word[2] == bpf_htonl(0xffff) && !(addr->word[0] | addr->word[1]);
}

static __always_inline void addr_set_ipv6(struct addr *addr, const void *ipv6)
{
	__builtin_memcpy(addr, ipv6, sizeof(*addr));
}

/* 0/8, 127/8, 224/4 and 240/4 send nothing (RFC 6890; RFC 1112, 4). */
static __always_inline bool source4_is_denied(__be32 source)
{
	__u32 first = bpf_ntohl(source) >> 24;

	return first == 0 || first == 127 || first >= 224;
}

/* ::, ::1, ff00::/8 and ::ffff:0:0/96 (RFC 4291). */
static __always_inline bool source6_is_denied(const struct addr *source)
{
	if ((source->word[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000))
		return true;
	if (source->word[0] || source->word[1])
		return false;
	if (source->word[2])
		return source->word[2] == bpf_htonl(0xffff);
	return !source->word[3] || source->word[3] == bpf_htonl(1);
}

/* `offset` in units of 8 bytes. A fragment at offset 8 exists only to overwrite the flags of the first one
 * (RFC 3128). */
static __always_inline enum reason fragment_set(struct packet *packet, __u16 offset, bool more)
{
	packet->fragment = offset ? FRAGMENT_LATER : more ? FRAGMENT_FIRST : FRAGMENT_NONE;
	return offset == 1 ? REASON_FRAGMENT : REASON_NONE;
}

static __always_inline enum reason parse_ipv4(struct cursor *cursor, struct packet *packet)
{
	struct iphdr *ip = cursor_take(cursor, sizeof(*ip));
	__u32 header, total;
	__u16 fragment;

	if (!ip)
		return REASON_TRUNCATED;
	header = ip->ihl * 4;
	if (ip->version != 4 || header < sizeof(*ip))
		return REASON_IP_HEADER;
	total = bpf_ntohs(ip->tot_len);
	if (total < header)
		return REASON_LENGTH;
	packet->is_ipv4 = true;
	packet->protocol = ip->protocol;
	packet->hop_limit = ip->ttl;
	packet->payload = total - header;
	addr_set_ipv4(&packet->src, ip->saddr);
	addr_set_ipv4(&packet->dst, ip->daddr);
	if (header > sizeof(*ip) && !cursor_take(cursor, header - sizeof(*ip)))
		return REASON_TRUNCATED;
	fragment = bpf_ntohs(ip->frag_off);
	return fragment_set(packet, fragment & IP_OFFSET, fragment & IP_MORE);
}

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

/* Without the extension headers. */
static __always_inline enum reason parse_ipv6(struct cursor *cursor, struct packet *packet)
{
	struct ipv6hdr *ip = cursor_take(cursor, sizeof(*ip));

	if (!ip)
		return REASON_TRUNCATED;
	if (ip->version != 6)
		return REASON_IP_HEADER;
	packet->is_ipv4 = false;
	packet->protocol = ip->nexthdr;
	packet->hop_limit = ip->hop_limit;
	packet->payload = bpf_ntohs(ip->payload_len);
	addr_set_ipv6(&packet->src, &ip->saddr);
	addr_set_ipv6(&packet->dst, &ip->daddr);
	return addr_is_mapped(&packet->src) || addr_is_mapped(&packet->dst) ? REASON_SOURCE : REASON_NONE;
}

/* Flags that no TCP sends: after the first segment all carry ACK or RST, and SYN, FIN and RST exclude
 * each other (RFC 9293, 3.5). */
static __always_inline bool tcp_flags_are_denied(__u8 flags)
{
	__u8 control = flags & (TCP_SYN | TCP_FIN | TCP_RST);

	return !(flags & (TCP_SYN | TCP_ACK | TCP_RST)) || (control & (control - 1));
}

/* A first fragment that ends before its ports and flags hides them. */
static __always_inline enum reason short_of(const struct packet *packet)
{
	return packet->fragment ? REASON_FRAGMENT : REASON_TRUNCATED;
}

static __always_inline enum reason parse_tcp(struct cursor *cursor, struct packet *packet)
{
	struct tcphdr *tcp = cursor_take(cursor, sizeof(*tcp));
	__u32 header;

	if (!tcp)
		return short_of(packet);
	header = tcp->doff * 4;
	if (header < sizeof(*tcp))
		return REASON_LENGTH;
	if (packet->payload < header)
		return packet->fragment ? REASON_FRAGMENT : REASON_LENGTH;
	packet->src_port = bpf_ntohs(tcp->source);
	packet->dst_port = bpf_ntohs(tcp->dest);
	packet->tcp_flags = ((__u8 *)tcp)[13];
	if (tcp_flags_are_denied(packet->tcp_flags))
		return REASON_TCP_FLAGS;
	return packet->src_port && packet->dst_port ? REASON_NONE : REASON_PORT_ZERO;
}

static __always_inline enum reason parse_udp(struct cursor *cursor, struct packet *packet)
{
	struct udphdr *udp = cursor_take(cursor, sizeof(*udp));
	__u32 length;

	if (!udp)
		return short_of(packet);
	length = bpf_ntohs(udp->len);
	if (length < sizeof(*udp))
		return REASON_LENGTH;
	/* Behind the packet there may be padding, which holds no ports. */
	if (packet->payload < (packet->fragment ? sizeof(*udp) : length))
		return packet->fragment ? REASON_FRAGMENT : REASON_LENGTH;
	packet->src_port = bpf_ntohs(udp->source);
	packet->dst_port = bpf_ntohs(udp->dest);
	return packet->src_port && packet->dst_port ? REASON_NONE : REASON_PORT_ZERO;
}

static __always_inline enum reason parse_icmp(struct cursor *cursor, struct packet *packet)
{
	struct icmp_header *icmp = cursor_take(cursor, sizeof(*icmp));

	if (packet->fragment)
		return REASON_FRAGMENT;
	if (!icmp)
		return REASON_TRUNCATED;
	if (packet->payload < sizeof(*icmp))
		return REASON_LENGTH;
	packet->src_port = icmp->type;
	packet->dst_port = icmp->code;
	packet->echo_id = bpf_ntohs(icmp->echo_id);
	return REASON_NONE;
}

/* A later fragment has no transport header; who sent it decides. */
static __always_inline enum reason parse_transport(struct cursor *cursor, struct packet *packet)
{
	if (packet->fragment == FRAGMENT_LATER)
		return REASON_NONE;
	if (packet->protocol == PROTO_TCP)
		return parse_tcp(cursor, packet);
	if (packet->protocol == PROTO_UDP)
		return parse_udp(cursor, packet);
	if (packet->protocol == (packet->is_ipv4 ? PROTO_ICMP : PROTO_ICMPV6))
		return parse_icmp(cursor, packet);
	return REASON_NONE;
}

/* `packet` is zero but for `given`; on an error it holds what was read so far. */
static __always_inline enum reason parse_frame(void *ctx, bool is_skb, struct cursor *cursor,
					       struct packet *packet)
{
	void *frame = cursor->pos;
	__u16 ethertype = 0;
	__u64 offset;
	enum reason reason = parse_ethernet(cursor, packet->given.tags, &ethertype);

	if (reason)
		return reason;
	offset = cursor->pos - frame;
	barrier_var(offset); /* the verifier refuses 32-bit arithmetic on pointers */
	packet->network = offset;
	if (ethertype == ETH_P_IP) {
		reason = parse_ipv4(cursor, packet);
	} else if (ethertype == ETH_P_IPV6) {
		reason = parse_ipv6(cursor, packet);
		if (!reason)
			reason = skip_extensions(ctx, is_skb, cursor, packet);
	} else if (ethertype == ETH_P_ARP || ethertype == ETHERTYPE_SLOW || ethertype == ETHERTYPE_EAPOL) {
		packet->is_link = true;
	} else {
		reason = REASON_ETHERTYPE;
	}
	if (reason || packet->is_link)
		return reason;
	offset = cursor->pos - frame;
	barrier_var(offset);
	packet->transport = offset;
	/* Behind an IP packet the frame may be padded; it may not be short of it. */
	if (packet->given.frame_bytes < offset + packet->payload)
		return REASON_LENGTH;
	return parse_transport(cursor, packet);
}

#endif
