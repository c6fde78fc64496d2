/* SPDX-License-Identifier: GPL-2.0-only */
/* A cursor over a frame, and what is known of a packet while it is read. Every bounds check of packet data is
 * in cursor_take(). A parser returns REASON_NONE, or why the packet cannot be admitted. */
#ifndef POSTERN_PACKET_BPF_H
#define POSTERN_PACKET_BPF_H

#include <linux/ip.h>
#include <linux/ipv6.h>

#include "addr.bpf.h"

enum {
	MAX_WALK = 2048, /* bytes of a frame that headers may take, a power of two */
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
	__u32 ifindex;  /* where it comes in or leaves; not told to a policy that does not narrow */
	__u8 tags;      /* VLAN tags that the driver has already taken off the frame */
	__u8 direction; /* enum direction */
	bool is_made;   /* nobody sent it: nothing may be remembered of it */
};

struct packet {
	struct given given;
	const void *ip; /* where `is_ip`: the header with the addresses, struct iphdr or ipv6hdr */
	void *end;      /* of what may be read of the packet */
	__u32 payload;  /* bytes from the transport header to the end of the IP packet */
	__u16 src_port; /* host byte order; of ICMP: the type */
	__u16 dst_port; /* of ICMP: the code */
	__u16 echo_id;
	__u16 network;   /* offset of the IP header in the frame; 0: not read */
	__u16 transport; /* of the header behind it */
	__u8 protocol;   /* 0: not IP */
	__u8 tcp_flags;  /* 0 of anything but TCP */
	__u8 hop_limit;
	bool is_ip; /* its header was read */
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
	__builtin_assume(at); /* so that callers' checks cost nothing */
	cursor->pos = at + size;
	return at;
}

static __always_inline void addr_set_ipv4(struct addr *addr, __be32 ipv4)
{
	addr->word[0] = 0;
	addr->word[1] = 0;
	addr->word[2] = bpf_htonl(0xffff);
	addr->word[3] = ipv4;
}

/* Where nothing is said of its alignment, it would be read byte by byte; the machines that XDP runs on read
 * words anywhere. */
static __always_inline void addr_set_ipv6(struct addr *addr, const void *ipv6)
{
	__builtin_memcpy(addr, __builtin_assume_aligned(ipv6, sizeof(__u64)), sizeof(*addr));
}

/* One of the two addresses of a packet. They stay in its header until somebody needs them: most packets are
 * judged by their ports alone. Zero where no IP header was read. */
static __always_inline struct addr packet_addr(const struct packet *packet, bool is_source)
{
	struct cursor cursor = {(void *)packet->ip, packet->end};
	struct addr addr = {};

	if (!packet->is_ip)
		return addr;
	if (packet->is_ipv4) {
		const struct iphdr *ip = cursor_take(&cursor, sizeof(*ip));

		if (ip)
			addr_set_ipv4(&addr, is_source ? ip->saddr : ip->daddr);
	} else {
		const struct ipv6hdr *ip = cursor_take(&cursor, sizeof(*ip));

		if (ip)
			addr_set_ipv6(&addr, is_source ? &ip->saddr : &ip->daddr);
	}
	return addr;
}

static __always_inline struct addr packet_src(const struct packet *packet)
{
	return packet_addr(packet, true);
}

static __always_inline struct addr packet_dst(const struct packet *packet)
{
	return packet_addr(packet, false);
}

/* The other end's. */
static __always_inline struct addr packet_peer(const struct packet *packet)
{
	return packet_addr(packet, packet->given.direction == INBOUND);
}

static __always_inline struct addr packet_local(const struct packet *packet)
{
	return packet_addr(packet, packet->given.direction != INBOUND);
}

/* 0/8, 127/8, 224/4 and 240/4 send nothing (RFC 6890; RFC 1112, 4). */
static __always_inline bool source4_is_denied(__be32 source)
{
	__u8 first = *(const __u8 *)&source;

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

#endif
