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
	void *data = cursor->pos;
	enum reason reason = parse_frame(cursor, packet);
	struct given given = packet->given;
	bool denied;

	if (reason)
		return reason;
	if (packet->is_link)
		return COUNTER_LINK;
	denied = packet->is_ipv4 ? source4_is_denied(packet->src.word[3]) : source6_is_denied(&packet->src);
	if (denied && !(addr_is_zero(&packet->src) && icmp_may_be_unspecified(packet)))
		return REASON_SOURCE;
	if (packet->fragment == FRAGMENT_LATER) {
		struct addr peer = packet->src;

		return fragment_judge(&peer, packet->protocol);
	}
	if (packet->protocol == PROTO_TCP)
		return tcp_inbound(packet);
	if (packet->protocol == PROTO_UDP)
		return udp_inbound(packet);
	return icmp_judge(data, cursor->end, &given);
}

/* `skb` is NULL for a made packet. */
static __always_inline verdict judge_outbound(struct __sk_buff *skb, struct cursor *cursor,
					      struct packet *packet)
{
	void *data = cursor->pos;
	enum reason reason = parse_frame(cursor, packet);
	struct given given = packet->given;

	if (reason)
		return reason;
	if (packet->is_link)
		return COUNTER_LINK;
	if (packet->fragment == FRAGMENT_LATER) {
		struct addr peer = packet->dst;

		return fragment_judge(&peer, packet->protocol);
	}
	if (packet->protocol == PROTO_TCP)
		return tcp_outbound(skb, packet);
	if (packet->protocol == PROTO_UDP)
		return udp_outbound(skb, packet);
	return icmp_judge(data, cursor->end, &given);
}

static __always_inline struct cursor frame_cursor(struct xdp_md *ctx)
{
	return (struct cursor){(void *)(long)ctx->data, (void *)(long)ctx->data_end};
}

static __always_inline struct given frame_given(struct xdp_md *ctx, enum direction direction, bool is_made)
{
	return (struct given){
		.frame_bytes = ctx->data_end - ctx->data,
		.direction = direction,
		.is_made = is_made,
	};
}

/* Headers that are not in the linear part are pulled there. Where that fails, the parser sees a truncated
 * packet. */
static __always_inline struct cursor skb_cursor(struct __sk_buff *skb)
{
	__u32 wanted = skb->len < HEADERS_PULLED ? skb->len : HEADERS_PULLED;

	if ((void *)(long)skb->data + wanted > (void *)(long)skb->data_end)
		bpf_skb_pull_data(skb, wanted);
	return (struct cursor){(void *)(long)skb->data, (void *)(long)skb->data_end};
}

static __always_inline struct given skb_given(struct __sk_buff *skb)
{
	return (struct given){.frame_bytes = skb->len, .tags = skb->vlan_present, .direction = OUTBOUND};
}

static __always_inline void report_denied(struct cursor *cursor, struct packet *packet, __u32 ifindex,
					  verdict verdict)
{
	bool is_inbound = packet->given.direction == INBOUND;
	__u64 sequence;
	struct event *event = denial_begin(&sequence);

	if (!event)
		return;
	parse_frame(cursor, packet);
	event->peer = is_inbound ? packet->src : packet->dst;
	event->local = is_inbound ? packet->dst : packet->src;
	event->peer_port = is_inbound ? packet->src_port : packet->dst_port;
	event->local_port = is_inbound ? packet->dst_port : packet->src_port;
	event->ifindex = ifindex;
	event->direction = packet->given.direction;
	event->protocol = packet->protocol;
	event->reason = verdict;
	event_end(event, sequence);
}

/* Reports parse the packet once more, in functions of their own: were its addresses kept for them, every
 * packet that is not reported would pay for writing them down. */
static __noinline void report_inbound(struct xdp_md *ctx, verdict verdict)
{
	struct cursor cursor = frame_cursor(ctx);
	struct packet packet = {.given = frame_given(ctx, INBOUND, false)};

	report_denied(&cursor, &packet, ctx->ingress_ifindex, verdict);
}

static __noinline void report_outbound(struct __sk_buff *skb, verdict verdict)
{
	struct cursor cursor = skb_cursor(skb);
	struct packet packet = {.given = skb_given(skb)};

	report_denied(&cursor, &packet, skb->ifindex, verdict);
}

SEC("xdp")
int ingress(struct xdp_md *ctx)
{
	struct cursor cursor = frame_cursor(ctx);
	struct packet packet = {.given = frame_given(ctx, INBOUND, false)};
	verdict verdict = judge_inbound(&cursor, &packet);

	count(INBOUND, verdict, packet.given.frame_bytes);
	if (is_admitted(verdict))
		return XDP_PASS;
	if (sample_take(SAMPLE_DENIALS, DENIALS_PER_SECOND))
		report_inbound(ctx, verdict);
	return XDP_DROP;
}

SEC("tc")
int egress(struct __sk_buff *skb)
{
	struct cursor cursor = skb_cursor(skb);
	struct packet packet = {.given = skb_given(skb)};
	verdict verdict = judge_outbound(skb, &cursor, &packet);

	count(OUTBOUND, verdict, packet.given.frame_bytes);
	if (is_admitted(verdict))
		return TC_ALLOW;
	if (sample_take(SAMPLE_DENIALS, DENIALS_PER_SECOND))
		report_outbound(skb, verdict);
	return TC_DENY;
}

/* For BPF_PROG_TEST_RUN: return the verdict itself, count and remember nothing. */
SEC("xdp")
int explain_inbound(struct xdp_md *ctx)
{
	struct cursor cursor = frame_cursor(ctx);
	struct packet packet = {.given = frame_given(ctx, INBOUND, true)};

	return judge_inbound(&cursor, &packet);
}

SEC("xdp")
int explain_outbound(struct xdp_md *ctx)
{
	struct cursor cursor = frame_cursor(ctx);
	struct packet packet = {.given = frame_given(ctx, OUTBOUND, true)};

	return judge_outbound(NULL, &cursor, &packet);
}

char _license[] SEC("license") = "GPL";
