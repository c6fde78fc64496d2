/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs of one generation: what comes in (XDP), what goes out (tc), and both once more for made
 * packets, without side effects. An error in any of them is a deny. What takes the packet's context is a
 * global function where it can be: the verifier follows it once, not once more for all that its caller knows.
 */
#include "command.bpf.h"
#include "connected.bpf.h"
#include "denials.bpf.h"
#include "forged.bpf.h"
#include "outbound.bpf.h"
#include "plain.bpf.h"
#include "reject.bpf.h"
#include "reply.bpf.h"
#include "syn.bpf.h"
#include "unseen.bpf.h"

static __noinline verdict fragment_verdict(const struct packet *packet)
{
	struct addr peer = packet_peer(packet);

	return fragment_judge(&peer, packet->protocol);
}

static __always_inline verdict by_port_or_flow(const struct packet *packet)
{
	const struct port_rule *rule = inbound_rule(packet);

	return inbound_by_port(packet, rule)
		       ?: inbound_by_peer(packet, rule) ?: inbound_by_flow(packet, rule);
}

/* `reason` is what parsing the packet said. REASON_NONE: icmp_judge() must be asked. */
static __always_inline verdict inbound_judge(enum reason reason, const struct packet *packet)
{
	if (reason)
		return reason;
	if (packet->is_link)
		return COUNTER_LINK;
	if (source_is_denied(packet))
		return REASON_SOURCE;
	if (packet->fragment == FRAGMENT_LATER)
		return fragment_verdict(packet);
	if (packet->protocol == PROTO_TCP || packet->protocol == PROTO_UDP)
		return by_port_or_flow(packet);
	if (packet->protocol != (packet->is_ipv4 ? PROTO_ICMP : PROTO_ICMPV6))
		return protocol_judge(packet, INBOUND);
	return REASON_NONE;
}

/* `skb` is NULL for a made packet. */
static __always_inline verdict outbound_judge(enum reason reason, struct __sk_buff *skb,
					      const struct packet *packet)
{
	if (reason)
		return reason;
	if (packet->is_link)
		return COUNTER_LINK;
	if (packet->fragment == FRAGMENT_LATER)
		return fragment_verdict(packet);
	if (packet->protocol == PROTO_TCP)
		return tcp_outbound(skb, packet);
	if (packet->protocol == PROTO_UDP)
		return udp_outbound(skb, packet);
	if (packet->protocol != (packet->is_ipv4 ? PROTO_ICMP : PROTO_ICMPV6))
		return protocol_judge(packet, OUTBOUND);
	return REASON_NONE;
}

/* A segment of a data connection that goes on as it was when the policy in force last judged it: most of the
 * bytes that come in belong to one. REASON_NONE for everything else. */
static __always_inline verdict plain_data_segment(const struct packet *packet, const struct port_rule *rule)
{
	const struct flow *flow;
	struct flow_key key;

	if (flags & GENERATION_NARROWED || !(rule->flags & PORT_PASSIVE) || packet->protocol != PROTO_TCP ||
	    tcp_is_opening(packet))
		return REASON_NONE;
	key = flow_key_of(packet, INBOUND);
	flow = bpf_map_lookup_elem(&data_flows, &key);
	if (!flow || flow->closing_ns || flow->generation != generation)
		return REASON_NONE;
	return admit_service(flow->service);
}

/* A plain packet that its port does not decide on takes one step more or two. Each is a function of its own:
 * the stack of 512 bytes need not hold what two of them know. REASON_NONE leads on. */
static __noinline verdict plain_inbound_by_peer(const void *ip, void *end, const struct port_rule *rule,
						bool is_made, __u32 ifindex)
{
	struct packet packet = {.given = {.direction = INBOUND, .is_made = is_made, .ifindex = ifindex}};

	if (!plain_again(ip, end, &packet))
		return REASON_INTERNAL;
	return forged_or_blocked(&packet,
				 inbound_by_peer(&packet, rule) ?: plain_data_segment(&packet, rule));
}

static __noinline verdict plain_inbound_by_flow(const void *ip, void *end, const struct port_rule *rule,
						bool is_made, __u32 ifindex)
{
	struct packet packet = {.given = {.direction = INBOUND, .is_made = is_made, .ifindex = ifindex}};

	if (!plain_again(ip, end, &packet))
		return REASON_INTERNAL;
	return forged_or_blocked(&packet, inbound_by_flow(&packet, rule));
}

__noinline verdict odd_inbound(struct xdp_md *ctx, bool is_made, __u32 ifindex)
{
	struct packet packet = {.given = frame_given(ctx, INBOUND, is_made, ifindex)};
	struct cursor cursor = frame_cursor(ctx);
	enum reason reason = parse_frame(ctx, false, &cursor, &packet);

	return forged_or_blocked(&packet, inbound_judge(reason, &packet));
}

__noinline verdict icmp_inbound(struct xdp_md *ctx, bool is_made, __u32 ifindex)
{
	struct packet packet = {.given = frame_given(ctx, INBOUND, is_made, ifindex)};
	struct cursor cursor = frame_cursor(ctx);
	enum reason reason = parse_frame(ctx, false, &cursor, &packet);

	return echo_limit(&packet, forged_or_blocked(&packet, reason ?: icmp_judge(&cursor, &packet, NULL)));
}

/* What belongs to no flow whose socket lives, once more. */
__noinline verdict unseen_inbound(struct xdp_md *ctx)
{
	struct packet packet = {.given = frame_given(ctx, INBOUND, false, frame_ifindex(ctx, NULL))};
	struct cursor cursor = frame_cursor(ctx);

	if (parse_frame(ctx, false, &cursor, &packet))
		return REASON_NO_FLOW;
	return forged_or_blocked(&packet, unseen_judge(ctx, &packet));
}

/* REASON_NONE: it is no plain packet. */
static __always_inline verdict plain_inbound(struct xdp_md *ctx, const struct explain_head *made)
{
	struct packet packet = {.given = first_buffer_given(ctx, INBOUND, made, 0)};
	struct cursor cursor = frame_cursor(ctx);
	const struct port_rule *rule;
	verdict verdict;

	if (!plain_headers(&cursor, &packet))
		return REASON_NONE;
	verdict = plain_connected_segment(&packet);
	if (verdict)
		return verdict;
	if (!plain_transport(&cursor, &packet) || !plain_addresses(&packet))
		return REASON_NONE;
	rule = inbound_rule(&packet);
	verdict = inbound_by_port(&packet, rule);
	if (!verdict) {
		__u32 ifindex = frame_ifindex(ctx, made);

		verdict = plain_inbound_by_peer(packet.ip, packet.end, rule, made, ifindex)
				  ?: plain_inbound_by_flow(packet.ip, packet.end, rule, made, ifindex);
	} else if (is_admitted(verdict)) {
		verdict = plain_again(packet.ip, packet.end, &packet) ? forged_or_blocked(&packet, verdict)
								      : REASON_INTERNAL;
	}
	if (flags & GENERATION_REPLY && !made && rule && rule->flags & PORT_CONTROL && is_admitted(verdict) &&
	    !tcp_is_opening(&packet))
		command_read(ctx);
	return verdict;
}

static __always_inline verdict other_inbound(struct xdp_md *ctx, const struct explain_head *made)
{
	__u32 ifindex = frame_ifindex(ctx, made);

	return odd_inbound(ctx, made, ifindex) ?: icmp_inbound(ctx, made, ifindex);
}

__noinline verdict plain_outbound(struct __sk_buff *skb)
{
	struct packet packet = {.given = skb_given(skb)};
	struct cursor cursor = skb_cursor(skb);

	if (!plain_again(cursor.pos + ETH_HLEN, cursor.end, &packet))
		return REASON_INTERNAL;
	return packet.protocol == PROTO_TCP ? tcp_outbound(skb, &packet) : udp_outbound(skb, &packet);
}

__noinline verdict odd_outbound(struct __sk_buff *skb)
{
	struct packet packet = {.given = skb_given(skb)};
	struct cursor cursor = skb_cursor(skb);
	enum reason reason = parse_frame(skb, true, &cursor, &packet);

	return forged_or_blocked(&packet, outbound_judge(reason, skb, &packet));
}

__noinline verdict icmp_outbound(struct __sk_buff *skb)
{
	struct packet packet = {.given = skb_given(skb)};
	struct cursor cursor = skb_cursor(skb);
	enum reason reason = parse_frame(skb, true, &cursor, &packet);

	return forged_or_blocked(&packet, reason ?: icmp_judge(&cursor, &packet, skb));
}

static __always_inline verdict judge_outbound(struct __sk_buff *skb)
{
	struct packet packet = {.given = skb_given(skb)};
	struct cursor cursor = skb_cursor(skb);

	if (plain_headers(&cursor, &packet)) {
		verdict verdict = plain_connected_segment(&packet);

		if (verdict)
			return verdict;
		if (plain_transport(&cursor, &packet) && plain_addresses(&packet))
			return forged_or_blocked(&packet, reply_by_port(&packet) ?: plain_outbound(skb));
	}
	skb_pull_headers(skb);
	return odd_outbound(skb) ?: icmp_outbound(skb);
}

/* The same, for a frame that nobody sent. */
__noinline verdict made_plain_outbound(struct xdp_md *ctx, __u32 ifindex)
{
	struct packet packet = {.given = first_buffer_given(ctx, OUTBOUND, true, ifindex)};
	struct cursor cursor = frame_cursor(ctx);

	if (!plain_again(cursor.pos + ETH_HLEN, cursor.end, &packet))
		return REASON_INTERNAL;
	return packet.protocol == PROTO_TCP ? tcp_outbound(NULL, &packet) : udp_outbound(NULL, &packet);
}

__noinline verdict made_odd_outbound(struct xdp_md *ctx, __u32 ifindex)
{
	struct packet packet = {.given = frame_given(ctx, OUTBOUND, true, ifindex)};
	struct cursor cursor = frame_cursor(ctx);
	enum reason reason = parse_frame(ctx, false, &cursor, &packet);

	return forged_or_blocked(&packet, outbound_judge(reason, NULL, &packet));
}

__noinline verdict made_icmp_outbound(struct xdp_md *ctx, __u32 ifindex)
{
	struct packet packet = {.given = frame_given(ctx, OUTBOUND, true, ifindex)};
	struct cursor cursor = frame_cursor(ctx);
	enum reason reason = parse_frame(ctx, false, &cursor, &packet);

	return forged_or_blocked(&packet, reason ?: icmp_judge(&cursor, &packet, NULL));
}

static __always_inline verdict judge_made_outbound(struct xdp_md *ctx, __u32 ifindex)
{
	struct packet packet = {.given = first_buffer_given(ctx, OUTBOUND, true, ifindex)};
	struct cursor cursor = frame_cursor(ctx);

	if (plain_headers(&cursor, &packet)) {
		verdict verdict = plain_connected_segment(&packet);

		if (verdict)
			return verdict;
		if (plain_transport(&cursor, &packet) && plain_addresses(&packet))
			return forged_or_blocked(&packet,
						 reply_by_port(&packet) ?: made_plain_outbound(ctx, ifindex));
	}
	return made_odd_outbound(ctx, ifindex) ?: made_icmp_outbound(ctx, ifindex);
}

static __always_inline int frame_end(struct xdp_md *ctx, verdict verdict, __u32 bytes)
{
	struct counter_value *counted = count(INBOUND, verdict, bytes);

	if (is_admitted(verdict))
		return XDP_PASS;
	if (denial_may_be_reported(counted))
		denial_report_frame(ctx, verdict);
	if (!(flags & (GENERATION_AUDIT | GENERATION_REJECT_INBOUND)))
		return XDP_DROP;
	return flags & GENERATION_AUDIT ? XDP_PASS : answer_frame(ctx, verdict);
}

SEC("xdp")
int ingress(struct xdp_md *ctx)
{
	verdict verdict = plain_syn(ctx);
	__u32 bytes;

	if (verdict == REASON_PORT)
		return frame_end(ctx, verdict, ctx->data_end - ctx->data);
	barrier_var(ctx); /* nothing that was read is kept */
	bytes = ctx->data_end - ctx->data;
	if (!verdict)
		verdict = plain_inbound(ctx, NULL);
	if (!verdict) {
		verdict = other_inbound(ctx, NULL);
		bytes = frame_length(ctx);
	}
	/* In generic mode only: a native XDP program does not see what is redirected to its interface. */
	if (flags & GENERATION_REJECT_OUTBOUND &&
	    (verdict == REASON_NO_FLOW || verdict == REASON_CUT || verdict == REASON_ICMP_QUOTE) &&
	    frame_is_our_answer(ctx))
		verdict = COUNTER_ANSWERS;
	if (verdict == REASON_NO_FLOW)
		verdict = unseen_inbound(ctx);
	return frame_end(ctx, verdict, bytes);
}

SEC("tc")
int egress(struct __sk_buff *skb)
{
	struct counter_value *counted;
	verdict verdict;

	verdict = judge_outbound(skb);
	counted = count(OUTBOUND, verdict & ~VERDICT_CONTROL, skb->len);
	if (is_admitted(verdict)) {
		if (flags & GENERATION_REPLY && verdict & VERDICT_CONTROL)
			reply_read(skb);
		return TC_ALLOW;
	}
	if (denial_may_be_reported(counted))
		denial_report_skb(skb, verdict);
	if (flags & GENERATION_AUDIT)
		return TC_ALLOW;
	if (!(flags & GENERATION_REJECT_OUTBOUND) || is_forwarded(skb))
		return TC_DENY;
	skb_pull_headers(skb);
	return answer_skb(skb, verdict);
}

/* For BPF_PROG_TEST_RUN, on a frame behind a struct explain_head: return the verdict itself, count and
 * remember nothing. */
SEC("xdp")
int explain_inbound(struct xdp_md *ctx)
{
	struct explain_head head;

	if (!head_take(ctx, &head))
		return REASON_INTERNAL;
	return plain_syn(ctx) ?: plain_inbound(ctx, &head) ?: other_inbound(ctx, &head);
}

SEC("xdp")
int explain_outbound(struct xdp_md *ctx)
{
	struct explain_head head;

	return head_take(ctx, &head) ? judge_made_outbound(ctx, head.ifindex) : REASON_INTERNAL;
}

char _license[] SEC("license") = "GPL";
