/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs of one generation: what comes in (XDP), what goes out (tc), and both once more for made
 * packets, without side effects. An error in any of them is a deny. */
#include "outbound.bpf.h"
#include "reject.bpf.h"

enum { HEADERS_PULLED = 192 /* bytes of an skb made linear: Ethernet to ports, and an ICMP error's quote */ };

static __noinline bool is_own_address(const struct addr *addr)
{
	return bpf_map_lookup_elem(&own_addresses, addr);
}

/* A source that nobody on the wire may use: one that no host has, or this host's own. */
static __always_inline bool source_is_denied(const struct packet *packet)
{
	__u32 mark = own_mark(&packet->src);
	const __u8 *marked = bpf_map_lookup_elem(&own_marks, &mark);
	struct addr copy;

	if (packet->is_ipv4 ? source4_is_denied(packet->src.word[3]) : source6_is_denied(&packet->src))
		return true;
	if (!marked || !*marked)
		return false;
	copy = packet->src;
	return is_own_address(&copy);
}

/* `reason` is what parsing the packet said. */
static __always_inline verdict inbound_judge(enum reason reason, struct cursor *cursor, struct packet *packet)
{
	struct packet copy;

	if (reason)
		return reason;
	if (packet->is_link)
		return COUNTER_LINK;
	if (source_is_denied(packet) && !(addr_is_zero(&packet->src) && icmp_may_be_unspecified(packet)))
		return REASON_SOURCE;
	if (packet->fragment == FRAGMENT_LATER) {
		struct addr peer = packet->src;

		return fragment_judge(&peer, packet->protocol);
	}
	if (packet->protocol == PROTO_TCP)
		return tcp_inbound(packet);
	if (packet->protocol == PROTO_UDP)
		return udp_inbound(packet);
	if (packet->protocol != (packet->is_ipv4 ? PROTO_ICMP : PROTO_ICMPV6))
		return protocol_judge(packet, INBOUND);
	copy = *packet;
	return icmp_judge(cursor->pos, cursor->end, &copy, NULL);
}

/* `skb` is NULL for a made packet. */
static __always_inline verdict outbound_judge(enum reason reason, struct __sk_buff *skb,
					      struct cursor *cursor, struct packet *packet)
{
	struct packet copy;

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
	if (packet->protocol != (packet->is_ipv4 ? PROTO_ICMP : PROTO_ICMPV6))
		return protocol_judge(packet, OUTBOUND);
	copy = *packet;
	return icmp_judge(cursor->pos, cursor->end, &copy, skb);
}

/* Blocked zones come before any allow; but what is denied anyway costs them no lookup. */
static __always_inline verdict block(const struct packet *packet, enum direction direction, verdict verdict)
{
	struct addr peer = direction == INBOUND ? packet->src : packet->dst;

	if (!(flags & GENERATION_BLOCK) || !is_admitted(verdict) || packet->is_link)
		return verdict;
	return is_blocked(&peer, packet->is_ipv4) ? REASON_BLOCKED : verdict;
}

static __always_inline verdict judge_inbound(enum reason reason, struct cursor *cursor, struct packet *packet)
{
	return block(packet, INBOUND, inbound_judge(reason, cursor, packet));
}

static __always_inline verdict judge_outbound(enum reason reason, struct __sk_buff *skb,
					      struct cursor *cursor, struct packet *packet)
{
	return block(packet, OUTBOUND, outbound_judge(reason, skb, cursor, packet));
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

static __always_inline struct brief brief_of(const struct packet *packet, __u32 ifindex, verdict verdict)
{
	return (struct brief){
		.ifindex = ifindex,
		.frame_bytes = packet->given.frame_bytes,
		.network = packet->network,
		.transport = packet->transport,
		.verdict = verdict,
		.protocol = packet->protocol,
		.direction = packet->given.direction,
		.is_ipv4 = packet->is_ipv4,
		.is_fragment = packet->fragment != FRAGMENT_NONE,
		.tcp_flags = packet->tcp_flags,
	};
}

/* Reads the addresses once more: were they kept for the reports, every packet that is not reported would pay
 * for it. Ports and ICMP types are where they are in every transport, or what stands there. */
static __noinline void report_denied(void *data, void *data_end, const struct brief *brief)
{
	bool is_inbound = brief->direction == INBOUND;
	struct cursor cursor = {data, data_end};
	const struct attempt *attempt;
	struct packet packet = {};
	struct event *event;
	__u64 sequence;
	__be16 *ports;

	event = denial_begin(&sequence);
	if (!event)
		return;
	if (brief->protocol && cursor_take(&cursor, brief->network & OFFSET_MASK)) {
		if (brief->is_ipv4)
			parse_ipv4(&cursor, &packet);
		else
			parse_ipv6(&cursor, &packet);
	}
	cursor.pos = data;
	if (brief->transport && cursor_take(&cursor, brief->transport & OFFSET_MASK)) {
		ports = cursor_take(&cursor, 2 * sizeof(*ports));
		if (ports && (brief->protocol == PROTO_TCP || brief->protocol == PROTO_UDP)) {
			packet.src_port = bpf_ntohs(ports[0]);
			packet.dst_port = bpf_ntohs(ports[1]);
		} else if (ports) {
			packet.src_port = bpf_ntohs(ports[0]) >> 8;
			packet.dst_port = bpf_ntohs(ports[0]) & 0xff;
		}
	}
	event->peer = is_inbound ? packet.src : packet.dst;
	event->local = is_inbound ? packet.dst : packet.src;
	event->peer_port = is_inbound ? packet.src_port : packet.dst_port;
	event->local_port = is_inbound ? packet.dst_port : packet.src_port;
	event->ifindex = brief->ifindex;
	event->direction = brief->direction;
	event->protocol = brief->protocol;
	event->reason = brief->verdict;
	event->cookie = brief->cookie;
	attempt = brief->cookie ? bpf_map_lookup_elem(&attempts, &brief->cookie) : NULL;
	if (attempt) {
		event->pid = attempt->pid;
		event->uid = attempt->uid;
		__builtin_memcpy(event->comm, attempt->comm, sizeof(event->comm));
	}
	event_end(event, sequence);
}

/* An ICMP answer is known by its addresses alone: it has no ports. */
static __always_inline struct flow_key answer_key(const struct packet *packet, enum direction direction)
{
	struct flow_key key = flow_key_of(packet, direction);

	if (packet->protocol == PROTO_TCP)
		return key;
	key.local_port = 0;
	key.peer_port = 0;
	key.protocol = 0;
	return key;
}

/* In generic mode only: a native XDP program does not see what is redirected to its interface. */
static __always_inline bool is_our_answer(const struct packet *packet, verdict verdict)
{
	struct flow_key key;

	if (!(flags & GENERATION_REJECT_OUTBOUND) ||
	    (verdict != REASON_NO_FLOW && verdict != REASON_ICMP_QUOTE))
		return false;
	if (packet->protocol == PROTO_TCP && !(packet->tcp_flags & TCP_RST))
		return false;
	key = answer_key(packet, INBOUND);
	return answer_take(&key);
}

SEC("xdp")
int ingress(struct xdp_md *ctx)
{
	struct cursor cursor = frame_cursor(ctx);
	struct packet packet = {.given = frame_given(ctx, INBOUND, false)};
	enum reason reason = parse_frame(ctx, false, &cursor, &packet);
	verdict verdict = judge_inbound(reason, &cursor, &packet);

	if (is_our_answer(&packet, verdict))
		verdict = COUNTER_ANSWERS;
	count(INBOUND, verdict, packet.given.frame_bytes);
	if (is_admitted(verdict))
		return XDP_PASS;
	if (sample_take(SAMPLE_DENIALS, DENIALS_PER_SECOND)) {
		struct brief brief = brief_of(&packet, ctx->ingress_ifindex, verdict);

		report_denied((void *)(long)ctx->data, (void *)(long)ctx->data_end, &brief);
	}
	if (flags & GENERATION_AUDIT)
		return XDP_PASS;
	if (flags & GENERATION_REJECT_INBOUND) {
		struct brief brief = brief_of(&packet, ctx->ingress_ifindex, verdict);

		return answer_frame(ctx, &brief);
	}
	return XDP_DROP;
}

SEC("tc")
int egress(struct __sk_buff *skb)
{
	struct cursor cursor = skb_cursor(skb);
	struct packet packet = {.given = skb_given(skb)};
	enum reason reason = parse_frame(skb, true, &cursor, &packet);
	verdict verdict = judge_outbound(reason, skb, &cursor, &packet);

	count(OUTBOUND, verdict, packet.given.frame_bytes);
	if (is_admitted(verdict))
		return TC_ALLOW;
	if (sample_take(SAMPLE_DENIALS, DENIALS_PER_SECOND)) {
		struct brief brief = brief_of(&packet, skb->ifindex, verdict);

		brief.cookie = bpf_get_socket_cookie(skb);
		report_denied((void *)(long)skb->data, (void *)(long)skb->data_end, &brief);
	}
	if (flags & GENERATION_AUDIT)
		return TC_ALLOW;
	if (flags & GENERATION_REJECT_OUTBOUND && !is_forwarded(skb)) {
		struct brief brief = brief_of(&packet, skb->ifindex, verdict);
		struct flow_key key = answer_key(&packet, OUTBOUND);

		return answer_skb(skb, &brief, &key);
	}
	return TC_DENY;
}

/* For BPF_PROG_TEST_RUN: return the verdict itself, count and remember nothing. */
SEC("xdp")
int explain_inbound(struct xdp_md *ctx)
{
	struct cursor cursor = frame_cursor(ctx);
	struct packet packet = {.given = frame_given(ctx, INBOUND, true)};

	return judge_inbound(parse_frame(ctx, false, &cursor, &packet), &cursor, &packet);
}

SEC("xdp")
int explain_outbound(struct xdp_md *ctx)
{
	struct cursor cursor = frame_cursor(ctx);
	struct packet packet = {.given = frame_given(ctx, OUTBOUND, true)};

	return judge_outbound(parse_frame(ctx, false, &cursor, &packet), NULL, &cursor, &packet);
}

char _license[] SEC("license") = "GPL";
