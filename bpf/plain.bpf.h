/* SPDX-License-Identifier: GPL-2.0-only */
/* The quick look at what nearly every packet is: TCP or UDP right behind an IP header without options, right
 * behind an Ethernet header, whole and well formed. parse_frame() reads the same of such a packet, and
 * everything of the others. */
#ifndef POSTERN_PLAIN_BPF_H
#define POSTERN_PLAIN_BPF_H

#include "parse.bpf.h"

enum {
	IP4_PLAIN = 0x45,      /* version 4, a header of five words */
	IP6_PLAIN = 0x60,      /* version 6; the low half belongs to the traffic class */
	IP_FRAGMENTED = 0x3fff /* more fragments, or an offset */
};

/* Leaves the cursor behind the IP header. */
static __always_inline bool plain_ip(struct cursor *cursor, struct packet *packet)
{
	const void *frame = cursor_take(cursor, ETH_HLEN + sizeof(struct iphdr));
	const struct iphdr *ip4 = frame + ETH_HLEN;
	const struct ipv6hdr *ip6 = frame + ETH_HLEN;
	__be16 ethertype;

	if (!frame)
		return false;
	/* struct ethhdr is packed: it would be read byte by byte. */
	ethertype = *(const __be16 *)(frame + ETH_HLEN - sizeof(ethertype));
	packet->ip = ip4;
	packet->is_ip = true;
	packet->end = cursor->end;
	packet->network = ETH_HLEN;
	if (ethertype == bpf_htons(ETH_P_IP)) {
		packet->is_ipv4 = true;
		packet->protocol = ip4->protocol;
		packet->payload = bpf_ntohs(ip4->tot_len) - sizeof(*ip4);
		packet->transport = ETH_HLEN + sizeof(*ip4);
		return *(const __u8 *)ip4 == IP4_PLAIN && !(ip4->frag_off & bpf_htons(IP_FRAGMENTED)) &&
		       !source4_is_denied(ip4->saddr);
	}
	if (ethertype != bpf_htons(ETH_P_IPV6) || !cursor_take(cursor, sizeof(*ip6) - sizeof(*ip4)))
		return false;
	packet->is_ipv4 = false;
	packet->protocol = ip6->nexthdr;
	packet->payload = bpf_ntohs(ip6->payload_len);
	packet->transport = ETH_HLEN + sizeof(*ip6);
	return (*(const __u8 *)ip6 & 0xf0) == IP6_PLAIN && !source6_is_denied((const void *)&ip6->saddr) &&
	       !addr_is_mapped((const void *)&ip6->daddr);
}

/* False where parse_frame() must look: `packet` then holds nothing of use. */
static __always_inline bool parse_plain(struct cursor *cursor, struct packet *packet)
{
	const struct udphdr *udp;

	if (!plain_ip(cursor, packet))
		return false;
	/* An IPv4 packet shorter than its header has an enormous payload here. */
	if (packet->payload > packet->given.frame_bytes - packet->transport)
		return false;
	udp = cursor_take(cursor, sizeof(*udp));
	if (!udp || !udp->source || !udp->dest)
		return false;
	packet->src_port = bpf_ntohs(udp->source);
	packet->dst_port = bpf_ntohs(udp->dest);
	if (packet->protocol == PROTO_UDP)
		return bpf_ntohs(udp->len) >= sizeof(*udp) && bpf_ntohs(udp->len) <= packet->payload;
	if (packet->protocol == PROTO_TCP) {
		const struct tcphdr *tcp = (const void *)udp;

		if (!cursor_take(cursor, sizeof(*tcp) - sizeof(*udp)) || tcp->doff * 4 < sizeof(*tcp) ||
		    tcp->doff * 4 > packet->payload)
			return false;
		packet->tcp_flags = ((const __u8 *)tcp)[13];
		return !tcp_flags_are_denied(packet->tcp_flags);
	}
	return false;
}

/* What the next step needs to know of an inbound plain packet, in one register: the compiler passes no
 * structs to BPF functions. */
union plain {
	struct {
		__u16 src_port;
		__u16 dst_port;
		__u8 protocol;
		__u8 tcp_flags;
		bool is_ipv4;
		bool is_made;
	};
	__u64 all;
};

static __always_inline __u64 plain_pack(const struct packet *packet)
{
	union plain plain = {{
		.src_port = packet->src_port,
		.dst_port = packet->dst_port,
		.protocol = packet->protocol,
		.tcp_flags = packet->tcp_flags,
		.is_ipv4 = packet->is_ipv4,
		.is_made = packet->given.is_made,
	}};

	return plain.all;
}

static __always_inline struct packet plain_unpack(const void *ip, void *end, __u64 packed)
{
	union plain plain = {.all = packed};

	return (struct packet){
		.given = {.direction = INBOUND, .is_made = plain.is_made},
		.ip = ip,
		.end = end,
		.src_port = plain.src_port,
		.dst_port = plain.dst_port,
		.protocol = plain.protocol,
		.tcp_flags = plain.tcp_flags,
		.is_ip = true,
		.is_ipv4 = plain.is_ipv4,
	};
}

#endif
