/* SPDX-License-Identifier: GPL-2.0-only */
/* The first look at a frame: a SYN that its port decides on, because the port is closed, or open for anybody.
 * That is the most of a flood. Each family has its own path, and nothing that is read here is kept for those
 * that look next: what both families or a later look share would have to lie on the stack. */
#ifndef POSTERN_SYN_BPF_H
#define POSTERN_SYN_BPF_H

#include "forged.bpf.h"
#include "frames.bpf.h"
#include "plain.bpf.h"

/* What it admits, the later looks would admit too, with the same counter. */
static __always_inline verdict syn_judge(const void *frame, void *end, bool is_ipv4)
{
	const void *ip = frame + ETH_HLEN;
	const struct iphdr *ip4 = ip;
	const struct ipv6hdr *ip6 = ip;
	const struct tcphdr *tcp = ip + (is_ipv4 ? sizeof(*ip4) : sizeof(*ip6));
	struct packet packet = {
		.given = {.frame_bytes = end - frame, .direction = INBOUND},
		.ip = ip,
		.end = end,
		.is_ip = true,
		.is_ipv4 = is_ipv4,
	};
	const struct port_rule *rule;
	__u16 port;

	if (is_ipv4 ? !ip4_is_plain(ip4) || ip4->protocol != PROTO_TCP
		    : !ip6_is_plain(ip6) || ip6->nexthdr != PROTO_TCP)
		return REASON_NONE;
	if (((const __u8 *)tcp)[13] != TCP_SYN || !tcp->dest)
		return REASON_NONE;
	port = bpf_ntohs(tcp->dest);
	if (!port_bit(&open_tcp_ports, port))
		return REASON_PORT;
	rule = port_rule_get(INBOUND, TRANSPORT_TCP, port);
	if (rule && port_is_closed(rule)) /* where nobody has filled open_tcp_ports */
		return REASON_PORT;
	if (!rule || !(rule->flags & PORT_ANY) || !tcp->source)
		return REASON_NONE;
	if (!plain_payload(&packet) || !plain_tcp_header(tcp, &packet) || !plain_addresses(&packet))
		return REASON_NONE;
	return forged_or_blocked(&packet, admit_service(rule->service));
}

/* REASON_NONE: others must judge. */
static __always_inline verdict plain_syn(struct xdp_md *ctx)
{
	struct cursor cursor = frame_cursor(ctx);
	const void *frame = cursor_take(&cursor, ETH_HLEN + sizeof(struct iphdr) + sizeof(struct tcphdr));
	__be16 ethertype;

	if (!frame)
		return REASON_NONE;
	ethertype = frame_ethertype(frame);
	if (ethertype == bpf_htons(ETH_P_IP))
		return syn_judge(frame, cursor.end, true);
	if (ethertype != bpf_htons(ETH_P_IPV6) ||
	    !cursor_take(&cursor, sizeof(struct ipv6hdr) - sizeof(struct iphdr)))
		return REASON_NONE;
	return syn_judge(frame, cursor.end, false);
}

#endif
