/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs of one generation: what comes in (XDP), what goes out (tc), and both once more for made
 * packets, without side effects. An error in any of them is a deny. */
#include "outbound.bpf.h"

enum {
	TC_DENY = 2,         /* TC_ACT_SHOT */
	TC_ALLOW = -1,       /* TCX_NEXT, and TC_ACT_UNSPEC for clsact: those behind us still decide */
	HEADERS_PULLED = 192 /* bytes of an skb made linear: Ethernet to ports, and an ICMP error's quote */
};

static __always_inline verdict judge_inbound(struct cursor *cursor, struct packet *packet)
{
	enum reason reason = parse_frame(cursor, 0, packet);
	bool denied;

	if (reason)
		return reason;
	if (packet->is_link)
		return COUNTER_LINK;
	denied = packet->is_ipv4 ? source4_is_denied(packet->src.word[3]) : source6_is_denied(&packet->src);
	if (denied && !(addr_is_zero(&packet->src) && icmp_may_be_unspecified(packet)))
		return REASON_SOURCE;
	if (packet->protocol == PROTO_TCP)
		return tcp_inbound(packet);
	if (packet->protocol == PROTO_UDP)
		return udp_inbound(packet);
	return icmp_judge(cursor, packet, INBOUND);
}

static __always_inline verdict judge_outbound(struct __sk_buff *skb, struct cursor *cursor, __u32 tags,
					      struct packet *packet)
{
	enum reason reason = parse_frame(cursor, tags, packet);

	if (reason)
		return reason;
	if (packet->is_link)
		return COUNTER_LINK;
	if (packet->protocol == PROTO_TCP)
		return tcp_outbound(skb, packet);
	if (packet->protocol == PROTO_UDP)
		return udp_outbound(skb, packet);
	return icmp_judge(cursor, packet, OUTBOUND);
}

static __always_inline void account(const struct packet *packet, enum direction direction, verdict verdict)
{
	struct event *event;
	__u64 sequence;

	count(direction, verdict, packet->frame_bytes);
	if (is_admitted(verdict) || !sample_take())
		return;
	event = denial_begin(&sequence);
	if (!event)
		return;
	event->peer = direction == INBOUND ? packet->src : packet->dst;
	event->local = direction == INBOUND ? packet->dst : packet->src;
	event->peer_port = direction == INBOUND ? packet->src_port : packet->dst_port;
	event->local_port = direction == INBOUND ? packet->dst_port : packet->src_port;
	event->ifindex = packet->ifindex;
	event->direction = direction;
	event->protocol = packet->protocol;
	event->reason = verdict;
	event_end(event, sequence);
}

SEC("xdp")
int ingress(struct xdp_md *ctx)
{
	struct cursor cursor = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};
	struct packet packet = {
		.ifindex = ctx->ingress_ifindex,
		.frame_bytes = ctx->data_end - ctx->data,
	};
	verdict verdict = judge_inbound(&cursor, &packet);

	account(&packet, INBOUND, verdict);
	return is_admitted(verdict) ? XDP_PASS : XDP_DROP;
}

static __always_inline struct cursor skb_cursor(struct __sk_buff *skb)
{
	__u32 wanted = skb->len < HEADERS_PULLED ? skb->len : HEADERS_PULLED;

	/* Where it fails, the parser sees a truncated packet. */
	if ((void *)(long)skb->data + wanted > (void *)(long)skb->data_end)
		bpf_skb_pull_data(skb, wanted);
	return (struct cursor){(void *)(long)skb->data, (void *)(long)skb->data_end};
}

SEC("tc")
int egress(struct __sk_buff *skb)
{
	struct cursor cursor = skb_cursor(skb);
	struct packet packet = {.ifindex = skb->ifindex, .frame_bytes = skb->len};
	verdict verdict = judge_outbound(skb, &cursor, skb->vlan_present ? 1 : 0, &packet);

	account(&packet, OUTBOUND, verdict);
	return is_admitted(verdict) ? TC_ALLOW : TC_DENY;
}

/* For BPF_PROG_TEST_RUN: return the verdict itself, count and remember nothing. */
SEC("xdp")
int explain_inbound(struct xdp_md *ctx)
{
	struct cursor cursor = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};
	struct packet packet = {.frame_bytes = ctx->data_end - ctx->data};

	return judge_inbound(&cursor, &packet);
}

SEC("xdp")
int explain_outbound(struct xdp_md *ctx)
{
	struct cursor cursor = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};
	struct packet packet = {.frame_bytes = ctx->data_end - ctx->data};

	return judge_outbound(NULL, &cursor, 0, &packet);
}

char _license[] SEC("license") = "GPL";
