/* SPDX-License-Identifier: GPL-2.0-only */
/* `deny: reject`: the answer to a denied packet, as the host it was for would give it when nothing listens
 * there: RST to TCP (RFC 9293, 3.10.7.1), port unreachable to UDP (RFC 792, RFC 4443). Nothing else is
 * answered. */
#ifndef POSTERN_REJECT_BPF_H
#define POSTERN_REJECT_BPF_H

#include "decide.bpf.h"
#include "frames.bpf.h"
#include "icmp.bpf.h"

enum {
	IP4_HEADER = 20,
	IP6_HEADER = 40,
	TCP_HEADER = 20,
	ICMP_HEADER = 8,
	UDP_HEADER = 8,
	ANSWER_TTL = 64,
	ICMP4_TYPE_UNREACHABLE = 3,
	ICMP4_CODE_PORT = 3,
	ICMP6_TYPE_UNREACHABLE = 1,
	ICMP6_CODE_PORT = 4,
	OFFSET_MASK = 0x7ff /* for the verifier: headers end long before */
};

/* An answer from its IP header on. */
union answer {
	struct {
		struct iphdr ip;
		struct tcphdr tcp;
	} tcp4;
	struct {
		struct ipv6hdr ip;
		struct tcphdr tcp;
	} tcp6;
	struct {
		struct iphdr ip;
		struct icmp_header icmp;
		__u8 quote[IP4_HEADER + UDP_HEADER];
	} udp4;
	struct {
		struct ipv6hdr ip;
		struct icmp_header icmp;
		__u8 quote[IP6_HEADER + UDP_HEADER];
	} udp6;
};

static __always_inline __u16 csum_fold(__s64 sum)
{
	__u32 folded = (__u32)sum;

	folded = (folded & 0xffff) + (folded >> 16);
	folded = (folded & 0xffff) + (folded >> 16);
	return ~folded;
}

static __always_inline void ip4_answer(struct iphdr *ip, const struct iphdr *to, __u8 protocol, __u16 size)
{
	*ip = (struct iphdr){
		.version = 4,
		.ihl = IP4_HEADER / 4,
		.tot_len = bpf_htons(size),
		.ttl = ANSWER_TTL,
		.protocol = protocol,
		.saddr = to->daddr,
		.daddr = to->saddr,
	};
	ip->check = csum_fold(bpf_csum_diff(NULL, 0, (__be32 *)ip, sizeof(*ip), 0));
}

static __always_inline void ip6_answer(struct ipv6hdr *ip, const struct ipv6hdr *to, __u8 protocol,
				       __u16 payload)
{
	*ip = (struct ipv6hdr){
		.version = 6,
		.payload_len = bpf_htons(payload),
		.nexthdr = protocol,
		.hop_limit = ANSWER_TTL,
		.saddr = to->daddr,
		.daddr = to->saddr,
	};
}

/* Of the pseudo header: both addresses, the protocol and the length (RFC 9293, 3.1; RFC 8200, 8.1). */
static __always_inline __s64 csum_pseudo(void *addrs, __u32 size, __u8 protocol, __u16 length)
{
	return bpf_csum_diff(NULL, 0, addrs, size, bpf_htons(protocol) + bpf_htons(length));
}

static __always_inline void tcp_answer(struct tcphdr *tcp, const struct tcphdr *to)
{
	*tcp = (struct tcphdr){.source = to->dest, .dest = to->source, .doff = TCP_HEADER / 4, .rst = 1};
	if (to->ack) {
		tcp->seq = to->ack_seq;
		return;
	}
	tcp->ack = 1;
	tcp->ack_seq = bpf_htonl(bpf_ntohl(to->seq) + 1);
}

static __always_inline __u32 answer_tcp(void *network, const struct tcphdr *tcp, bool is_ipv4,
					union answer *answer)
{
	if (is_ipv4) {
		ip4_answer(&answer->tcp4.ip, network, PROTO_TCP, sizeof(answer->tcp4));
		tcp_answer(&answer->tcp4.tcp, tcp);
		answer->tcp4.tcp.check = csum_fold(
			bpf_csum_diff(NULL, 0, (__be32 *)&answer->tcp4.tcp, TCP_HEADER,
				      csum_pseudo(&answer->tcp4.ip.saddr, 8, PROTO_TCP, TCP_HEADER)));
		return sizeof(answer->tcp4);
	}
	ip6_answer(&answer->tcp6.ip, network, PROTO_TCP, TCP_HEADER);
	tcp_answer(&answer->tcp6.tcp, tcp);
	answer->tcp6.tcp.check =
		csum_fold(bpf_csum_diff(NULL, 0, (__be32 *)&answer->tcp6.tcp, TCP_HEADER,
					csum_pseudo(&answer->tcp6.ip.saddr, 32, PROTO_TCP, TCP_HEADER)));
	return sizeof(answer->tcp6);
}

/* The quote is the IP header and the eight bytes behind it, so there may be nothing between them. */
static __always_inline __u32 answer_udp(void *network, bool is_ipv4, union answer *answer)
{
	if (is_ipv4) {
		ip4_answer(&answer->udp4.ip, network, PROTO_ICMP, sizeof(answer->udp4));
		answer->udp4.icmp =
			(struct icmp_header){.type = ICMP4_TYPE_UNREACHABLE, .code = ICMP4_CODE_PORT};
		__builtin_memcpy(answer->udp4.quote, network, sizeof(answer->udp4.quote));
		answer->udp4.icmp.checksum = csum_fold(bpf_csum_diff(
			NULL, 0, (__be32 *)&answer->udp4.icmp, ICMP_HEADER + sizeof(answer->udp4.quote), 0));
		return sizeof(answer->udp4);
	}
	ip6_answer(&answer->udp6.ip, network, PROTO_ICMPV6, ICMP_HEADER + sizeof(answer->udp6.quote));
	answer->udp6.icmp = (struct icmp_header){.type = ICMP6_TYPE_UNREACHABLE, .code = ICMP6_CODE_PORT};
	__builtin_memcpy(answer->udp6.quote, network, sizeof(answer->udp6.quote));
	answer->udp6.icmp.checksum = csum_fold(
		bpf_csum_diff(NULL, 0, (__be32 *)&answer->udp6.icmp, ICMP_HEADER + sizeof(answer->udp6.quote),
			      csum_pseudo(&answer->udp6.ip.saddr, 32, PROTO_ICMPV6,
					  ICMP_HEADER + sizeof(answer->udp6.quote))));
	return sizeof(answer->udp6);
}

/* By its Ethernet or its IP address: the answer would come from an address that is no host's. */
static __always_inline bool is_for_many(const struct ethhdr *eth, const struct packet *packet)
{
	struct addr to = packet_dst(packet);

	if (eth->h_dest[0] & 1)
		return true;
	if (packet->is_ipv4) /* 224/4, and what lies behind it up to the broadcast */
		return bpf_ntohl(to.word[3]) >> 28 >= 14;
	return bpf_ntohl(to.word[0]) >> 24 == 0xff;
}

/* What the policy denies is answered; what is malformed or deceives is not. Never a RST, a fragment, or what
 * more than one host receives. */
static __always_inline bool may_answer(const struct ethhdr *eth, const struct packet *packet, verdict verdict)
{
	if (verdict < REASON_PORT || verdict > REASON_CUT || packet->fragment)
		return false;
	if (packet->protocol != PROTO_UDP && (packet->protocol != PROTO_TCP || packet->tcp_flags & TCP_RST))
		return false;
	return !is_for_many(eth, packet);
}

/* Builds the answer to the frame; its size from the IP header on, or 0 for none. */
static __noinline __u32 answer_build(void *data, const struct packet *packet, verdict verdict,
				     union answer *answer)
{
	__u32 header = packet->is_ipv4 ? IP4_HEADER : IP6_HEADER;
	void *network = data + (packet->network & OFFSET_MASK);
	void *transport = data + (packet->transport & OFFSET_MASK);
	void *data_end = packet->end;
	struct ethhdr *eth = data;

	__builtin_memset(answer, 0, sizeof(*answer));
	if ((void *)(eth + 1) > data_end || !may_answer(eth, packet, verdict))
		return 0;
	if (packet->protocol == PROTO_TCP) {
		if (network + IP6_HEADER > data_end || transport + TCP_HEADER > data_end)
			return 0;
		return answer_tcp(network, transport, packet->is_ipv4, answer);
	}
	if (packet->transport != packet->network + header)
		return 0;
	if (packet->is_ipv4)
		return network + IP4_HEADER + UDP_HEADER > data_end ? 0 : answer_udp(network, true, answer);
	return network + IP6_HEADER + UDP_HEADER > data_end ? 0 : answer_udp(network, false, answer);
}

static __always_inline void swap_macs(struct ethhdr *eth)
{
	__u8 mac[ETH_ALEN];

	__builtin_memcpy(mac, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, mac, ETH_ALEN);
}

/* Gives the frame its new size, keeping its Ethernet header. Where there is no room behind it (a driver's
 * matter), it grows in front. */
static __always_inline bool frame_resize(struct xdp_md *ctx, const struct packet *packet, __u32 size)
{
	int change = (int)(size - packet->given.frame_bytes);
	struct ethhdr eth, *at = (void *)(long)ctx->data;

	if ((void *)(at + 1) > (void *)(long)ctx->data_end)
		return false;
	eth = *at;
	if (!bpf_xdp_adjust_tail(ctx, change))
		return true;
	if (change < 0 || packet->network != sizeof(eth) || bpf_xdp_adjust_head(ctx, -change))
		return false;
	at = (void *)(long)ctx->data;
	if ((void *)(at + 1) > (void *)(long)ctx->data_end)
		return false;
	*at = eth;
	return true;
}

/* XDP_TX with the answer in the place of the packet, or XDP_DROP. */
__noinline int answer_frame(struct xdp_md *ctx, verdict verdict)
{
	struct packet packet = {.given = frame_given(ctx, INBOUND, false, 0)};
	struct cursor cursor = frame_cursor(ctx);
	union answer answer;
	__u32 size, network;
	void *data, *data_end;

	/* A SYN at a closed port is denied before anything else of it is looked at. */
	if (parse_frame(ctx, false, &cursor, &packet) || source_is_denied(&packet))
		return XDP_DROP;
	size = answer_build((void *)(long)ctx->data, &packet, verdict, &answer);
	network = packet.network & OFFSET_MASK;
	if (!size || !sample_take(SAMPLE_ANSWERS, ANSWERS_PER_SECOND))
		return XDP_DROP;
	if (!frame_resize(ctx, &packet, network + size))
		return XDP_DROP;
	data = (void *)(long)ctx->data;
	data_end = (void *)(long)ctx->data_end;
	if (data + sizeof(struct ethhdr) > data_end)
		return XDP_DROP;
	swap_macs(data);
	data += network;
	if (size == sizeof(answer.tcp4) && data + sizeof(answer.tcp4) <= data_end)
		__builtin_memcpy(data, &answer, sizeof(answer.tcp4));
	else if (size == sizeof(answer.tcp6) && data + sizeof(answer.tcp6) <= data_end)
		__builtin_memcpy(data, &answer, sizeof(answer.tcp6));
	else if (size == sizeof(answer.udp4) && data + sizeof(answer.udp4) <= data_end)
		__builtin_memcpy(data, &answer, sizeof(answer.udp4));
	else if (size == sizeof(answer.udp6) && data + sizeof(answer.udp6) <= data_end)
		__builtin_memcpy(data, &answer, sizeof(answer.udp6));
	else
		return XDP_DROP;
	return XDP_TX;
}

/* Turns a denied packet of this host round: it comes back as the peer's answer. In generic mode our own XDP
 * program sees that answer, and lets it pass once (frame_is_our_answer()). TC_ACT_REDIRECT or TC_ACT_SHOT. */
__noinline int answer_skb(struct __sk_buff *skb, verdict verdict)
{
	struct packet packet = skb_read(skb);
	union answer answer;
	__u32 size = answer_build((void *)(long)skb->data, &packet, verdict, &answer);
	__u32 network = packet.network & OFFSET_MASK;
	__u64 now = bpf_ktime_get_boot_ns();
	struct flow_key key;
	struct ethhdr eth;

	if (!size || size > sizeof(answer) || !sample_take(SAMPLE_ANSWERS, ANSWERS_PER_SECOND))
		return TC_DENY;
	key = flow_key_of(&packet, OUTBOUND);
	if (bpf_skb_load_bytes(skb, 0, &eth, sizeof(eth)) || bpf_skb_change_tail(skb, network + size, 0))
		return TC_DENY;
	swap_macs(&eth);
	if (bpf_skb_store_bytes(skb, 0, &eth, sizeof(eth), 0) ||
	    bpf_skb_store_bytes(skb, network, &answer, size, 0))
		return TC_DENY;
	bpf_map_update_elem(&answers, &key, &now, BPF_ANY);
	return bpf_redirect(skb->ifindex, BPF_F_INGRESS);
}

/* The denied packet that an inbound frame answers as we answer: its ports, too, for the peer can send ICMP
 * about anything. */
static __always_inline bool answered_key(struct cursor *cursor, struct packet *packet, struct flow_key *ret)
{
	__u16 type = packet->is_ipv4 ? ICMP4_TYPE_UNREACHABLE : ICMP6_TYPE_UNREACHABLE;
	__u16 code = packet->is_ipv4 ? ICMP4_CODE_PORT : ICMP6_CODE_PORT;

	if (packet->protocol == PROTO_TCP) {
		*ret = flow_key_of(packet, INBOUND);
		return packet->tcp_flags & TCP_RST;
	}
	if (packet->src_port != type || packet->dst_port != code || !quote_parse(cursor, packet))
		return false;
	*ret = flow_key_of(packet, OUTBOUND);
	return true;
}

/* Whether an inbound frame is the answer that answer_skb() has just made: once, and only for a moment. */
static __noinline bool frame_is_our_answer(struct xdp_md *ctx)
{
	struct packet packet = {.given = frame_given(ctx, INBOUND, false, 0)};
	struct cursor cursor = frame_cursor(ctx);
	struct flow_key key;
	const __u64 *made;
	__u64 when;

	if (parse_frame(ctx, false, &cursor, &packet) || !answered_key(&cursor, &packet, &key))
		return false;
	made = bpf_map_lookup_elem(&answers, &key);
	if (!made)
		return false;
	when = *made;
	bpf_map_delete_elem(&answers, &key);
	return bpf_ktime_get_boot_ns() <= when + NS_PER_S;
}

#endif
