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

/* struct ethhdr is packed: it would be read byte by byte. */
static __always_inline __be16 frame_ethertype(const void *frame)
{
	return *(const __be16 *)(frame + ETH_HLEN - sizeof(__be16));
}

static __always_inline bool ip4_is_plain(const struct iphdr *ip)
{
	return *(const __u8 *)ip == IP4_PLAIN && !(ip->frag_off & bpf_htons(IP_FRAGMENTED));
}

static __always_inline bool ip6_is_plain(const struct ipv6hdr *ip)
{
	return (*(const __u8 *)ip & 0xf0) == IP6_PLAIN;
}

/* What kind of packet it is. Leaves the cursor behind where a TCP header without options ends. So much of a
 * frame is asked for at once: a datagram that is shorter is none of the many. */
static __always_inline bool plain_headers(struct cursor *cursor, struct packet *packet)
{
	const void *frame = cursor_take(cursor, ETH_HLEN + sizeof(struct iphdr) + sizeof(struct tcphdr));
	const struct iphdr *ip4 = frame + ETH_HLEN;
	const struct ipv6hdr *ip6 = frame + ETH_HLEN;
	__be16 ethertype;

	if (!frame)
		return false;
	ethertype = frame_ethertype(frame);
	packet->ip = ip4;
	packet->is_ip = true;
	packet->end = cursor->end;
	packet->network = ETH_HLEN;
	if (ethertype == bpf_htons(ETH_P_IP)) {
		packet->is_ipv4 = true;
		packet->protocol = ip4->protocol;
		return ip4_is_plain(ip4);
	}
	if (ethertype != bpf_htons(ETH_P_IPV6) || !cursor_take(cursor, sizeof(*ip6) - sizeof(*ip4)))
		return false;
	packet->is_ipv4 = false;
	packet->protocol = ip6->nexthdr;
	return ip6_is_plain(ip6);
}

/* False where the frame ends before its packet; one that is shorter than its IP header has an enormous
 * payload here. */
static __always_inline bool plain_payload(struct packet *packet)
{
	const struct iphdr *ip4 = packet->ip;
	const struct ipv6hdr *ip6 = packet->ip;

	if (packet->is_ipv4) {
		packet->payload = bpf_ntohs(ip4->tot_len) - sizeof(*ip4);
		packet->transport = ETH_HLEN + sizeof(*ip4);
	} else {
		packet->payload = bpf_ntohs(ip6->payload_len);
		packet->transport = ETH_HLEN + sizeof(*ip6);
	}
	return packet->payload <= packet->given.frame_bytes - packet->transport;
}

static __always_inline bool plain_tcp_header(const struct tcphdr *tcp, const struct packet *packet)
{
	return tcp->doff * 4 >= sizeof(*tcp) && tcp->doff * 4 <= packet->payload;
}

static __always_inline bool plain_segment(const struct tcphdr *tcp, struct packet *packet)
{
	if (!plain_tcp_header(tcp, packet))
		return false;
	packet->tcp_flags = ((const __u8 *)tcp)[13];
	return packet->tcp_flags == TCP_SYN || !tcp_flags_are_denied(packet->tcp_flags);
}

/* Behind plain_headers(): all but the addresses. False where parse_frame() must look, as below: `packet` then
 * holds nothing of use. */
static __always_inline bool plain_transport(const struct cursor *cursor, struct packet *packet)
{
	const struct tcphdr *tcp = cursor->pos - sizeof(*tcp);
	const struct udphdr *udp = (const void *)tcp;

	if (!plain_payload(packet))
		return false;
	if (!udp->source || !udp->dest)
		return false;
	packet->src_port = bpf_ntohs(udp->source);
	packet->dst_port = bpf_ntohs(udp->dest);
	if (packet->protocol == PROTO_UDP)
		return bpf_ntohs(udp->len) >= sizeof(*udp) && bpf_ntohs(udp->len) <= packet->payload;
	return packet->protocol == PROTO_TCP && plain_segment(tcp, packet);
}

/* Behind plain_transport(). */
static __always_inline bool plain_addresses(const struct packet *packet)
{
	const struct iphdr *ip4 = packet->ip;
	const struct ipv6hdr *ip6 = packet->ip;

	if (packet->is_ipv4)
		return !source4_is_denied(ip4->saddr);
	return !source6_is_denied((const void *)&ip6->saddr) && !addr_is_mapped((const void *)&ip6->daddr);
}

static __always_inline bool parse_plain(struct cursor *cursor, struct packet *packet)
{
	return plain_headers(cursor, packet) && plain_transport(cursor, packet) && plain_addresses(packet);
}

/* For a further step, what parse_plain() has found good, read anew from its IP header at `ip`: kept for that
 * step, it would cost all the packets that need none. */
static __always_inline bool plain_again(const void *ip, void *end, struct packet *packet)
{
	struct cursor cursor = {(void *)ip, end};
	const struct iphdr *ip4 = cursor_take(&cursor, sizeof(*ip4) + sizeof(struct tcphdr));
	const struct ipv6hdr *ip6 = ip;
	const struct udphdr *udp;

	if (!ip4)
		return false;
	packet->ip = ip;
	packet->end = end;
	packet->is_ip = true;
	packet->is_ipv4 = *(const __u8 *)ip == IP4_PLAIN;
	packet->protocol = ip4->protocol;
	if (!packet->is_ipv4) {
		if (!cursor_take(&cursor, sizeof(*ip6) - sizeof(*ip4)))
			return false;
		packet->protocol = ip6->nexthdr;
	}
	udp = cursor.pos - sizeof(struct tcphdr);
	packet->src_port = bpf_ntohs(udp->source);
	packet->dst_port = bpf_ntohs(udp->dest);
	if (packet->protocol == PROTO_TCP)
		packet->tcp_flags = ((const __u8 *)udp)[13];
	return true;
}

#endif
