/* SPDX-License-Identifier: GPL-2.0-only */
/* What the headers of a frame say, up to the ports. */
#ifndef POSTERN_PARSE_BPF_H
#define POSTERN_PARSE_BPF_H

#include <linux/if_ether.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "extensions.bpf.h"

enum {
	MAX_VLAN_TAGS = 2,
	ETHERTYPE_SLOW = 0x8809,  /* IEEE 802.3 annex 57A: LACP and its kin */
	ETHERTYPE_EAPOL = 0x888e, /* IEEE 802.1X */
	IP_OFFSET = 0x1fff,       /* RFC 791: fragment offset */
	IP_MORE = 0x2000,         /* and the more-fragments bit */
};

/* RFC 792 and RFC 4443: both begin so. (linux/icmp.h needs the C library's headers.) */
struct icmp_header {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be16 echo_id; /* of echo requests and replies; of others, part of what the type defines */
	__be16 rest;
};

struct vlan_header {
	__be16 tag;
	__be16 ethertype;
};

/* Leaves the cursor behind the link header and *ethertype in host byte order. */
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
	packet->ip = ip;
	packet->is_ip = true;
	if (header > sizeof(*ip) && !cursor_take(cursor, header - sizeof(*ip)))
		return REASON_TRUNCATED;
	fragment = bpf_ntohs(ip->frag_off);
	return fragment_set(packet, fragment & IP_OFFSET, fragment & IP_MORE);
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
	packet->ip = ip;
	packet->is_ip = true;
	return addr_is_mapped((const struct addr *)&ip->saddr) ||
			       addr_is_mapped((const struct addr *)&ip->daddr)
		       ? REASON_SOURCE
		       : REASON_NONE;
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
	packet->src_port = bpf_ntohs(tcp->source);
	packet->dst_port = bpf_ntohs(tcp->dest);
	packet->tcp_flags = ((__u8 *)tcp)[13];
	header = tcp->doff * 4;
	if (header < sizeof(*tcp))
		return REASON_LENGTH;
	if (packet->payload < header)
		return packet->fragment ? REASON_FRAGMENT : REASON_LENGTH;
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
	packet->src_port = bpf_ntohs(udp->source);
	packet->dst_port = bpf_ntohs(udp->dest);
	length = bpf_ntohs(udp->len);
	if (length < sizeof(*udp))
		return REASON_LENGTH;
	/* Behind the packet there may be padding, which holds no ports. */
	if (packet->payload < (packet->fragment ? sizeof(*udp) : length))
		return packet->fragment ? REASON_FRAGMENT : REASON_LENGTH;
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

	/* A pointer into the packet in any case: the verifier need not tell it from none. */
	packet->ip = frame;
	packet->end = cursor->end;
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
