// SPDX-License-Identifier: GPL-2.0-only
/* The model's verdict on what a packet says. */
#include "model_rules.h"

enum { SYN = 0x02, ACK = 0x10 };

static struct model_meeting meeting_of(const struct model *model, const struct model_key *key)
{
	return (struct model_meeting){key->peer, key->local, model->sight.interface};
}

/* Whether the present policy would let the flow be opened at that interface. */
static bool is_still_admitted(const struct model *model, const struct model_flow *flow, bool is_data,
			      uint32_t interface)
{
	const struct model_key *key = &flow->key;
	struct model_meeting meeting = {key->peer, key->local, interface};

	if (!is_data && flow->control && !model_may_connect(model, flow->control))
		return false;
	if (is_data && !flow->control)
		return model_ask(model, INBOUND, TCP, key->local_port, &meeting).is_passive;
	if (is_data || flow->control)
		return model_ask(model, INBOUND, TCP, flow->control, &meeting).is_admitted;
	if (key->protocol != TCP && key->protocol != UDP)
		return model_ping_admits(model, OUTBOUND, &key->peer);
	return model_ask(model, OUTBOUND, key->protocol, key->peer_port, &meeting).is_admitted;
}

/* A rule for what this host opens speaks of the interface that it leaves by, so replies may come in anywhere.
 * A data connection is where its packets are. */
static uint32_t judge_flow(struct model *model, struct model_flow *flow, bool is_data)
{
	bool is_seen = is_data || model->sight.direction == OUTBOUND;
	uint32_t interface = model->sight.interface;
	bool has_moved;

	if (!flow || flow->is_over)
		return REASON_NO_FLOW;
	has_moved = is_seen && model_narrows(model) && flow->interface != interface;
	if (!flow->is_foreign && !has_moved)
		return COUNTER_SERVICES + flow->service;
	if (!is_seen && flow->interface)
		interface = flow->interface;
	if (!is_still_admitted(model, flow, is_data, interface))
		return REASON_CUT;
	/* An error in ICMP can be about one that itself is forged or blocked: that must not go on unasked. */
	if (flow->is_connection &&
	    (model_is_no_source(&flow->key.peer) || model_is_own(model, &flow->key.peer) ||
	     model_is_blocked(model, &flow->key.peer)))
		return COUNTER_SERVICES + flow->service;
	if (model->sight.how != MODEL_MADE) {
		flow->is_foreign = false;
		flow->interface = has_moved ? interface : flow->interface;
	}
	return COUNTER_SERVICES + flow->service;
}

/* What this host opened comes before what it let in. */
static uint32_t judge_connection(struct model *model, const struct model_key *key)
{
	uint32_t verdict = judge_flow(model, model_find_flow(model, key), false);

	if (verdict != REASON_NO_FLOW)
		return verdict;
	return judge_flow(model, model_find_data_flow(model, key), true);
}

static bool has_pinhole(struct model *model, const struct model_key *key)
{
	const struct model_pinhole *pinhole = model_find_pinhole(model, key);
	struct model_meeting meeting = meeting_of(model, key);

	if (pinhole && !pinhole->control)
		return model_ask(model, INBOUND, TCP, key->local_port, &meeting).is_passive;
	return pinhole && model_ask(model, INBOUND, TCP, pinhole->control, &meeting).is_admitted;
}

static struct model_key key_of(const struct model_packet *packet, enum direction direction)
{
	bool is_inbound = direction == INBOUND;

	return (struct model_key){
		.local = is_inbound ? packet->dst : packet->src,
		.peer = is_inbound ? packet->src : packet->dst,
		.local_port = is_inbound ? packet->dst_port : packet->src_port,
		.peer_port = is_inbound ? packet->src_port : packet->dst_port,
		.protocol = packet->protocol,
	};
}

/* At a passive port: an established data connection; else one that this host opened, since that must not use
 * a pinhole up; else a pinhole. `key` is as this host sees it. */
static uint32_t judge_passive(struct model *model, const struct model_key *key, const struct opinion *opinion,
			      bool opens)
{
	uint32_t verdict = REASON_NO_FLOW;

	if (!opens)
		verdict = judge_flow(model, model_find_data_flow(model, key), true);
	if (!opens && verdict == REASON_NO_FLOW)
		verdict = judge_flow(model, model_find_flow(model, key), false);
	if (verdict != REASON_NO_FLOW)
		return verdict;
	if (has_pinhole(model, key))
		return COUNTER_SERVICES + opinion->service;
	return opens ? REASON_NO_PINHOLE : REASON_NO_FLOW;
}

static bool is_opening(const struct model_packet *packet)
{
	return (packet->tcp_flags & (SYN | ACK)) == SYN;
}

static uint32_t inbound_tcp(struct model *model, const struct model_packet *packet)
{
	struct model_key key = key_of(packet, INBOUND);
	struct model_meeting meeting = meeting_of(model, &key);
	struct opinion opinion = model_ask(model, INBOUND, TCP, packet->dst_port, &meeting);

	if (opinion.is_admitted)
		return COUNTER_SERVICES + opinion.service;
	if (opinion.is_passive)
		return judge_passive(model, &key, &opinion, is_opening(packet));
	if (is_opening(packet))
		return opinion.is_named ? REASON_PEER : REASON_PORT;
	return judge_connection(model, &key);
}

static uint32_t inbound_udp(struct model *model, const struct model_packet *packet)
{
	struct model_key key = key_of(packet, INBOUND);
	struct model_meeting meeting = meeting_of(model, &key);
	struct opinion opinion = model_ask(model, INBOUND, UDP, packet->dst_port, &meeting);
	uint32_t verdict;

	if (opinion.is_admitted)
		return COUNTER_SERVICES + opinion.service;
	verdict = judge_flow(model, model_find_flow(model, &key), false);
	if (verdict != REASON_NO_FLOW)
		return verdict;
	return opinion.is_named ? REASON_PEER : REASON_PORT;
}

/* This host opens a connection, and remembers it. `admitted` is the verdict where there is room. */
static uint32_t open_flow(struct model *model, enum model_how how, const struct model_key *key,
			  uint16_t service, uint32_t admitted)
{
	struct model_flow flow = {.key = *key, .service = service, .interface = model->sight.interface};
	const struct model_flow *old = model_find_flow(model, key);
	bool is_new = !old;

	if (how != MODEL_REAL || (old && old->has_socket))
		return admitted;
	if (is_new && !model->user_flows)
		return REASON_USER_FLOWS;
	if (!model_put_flow(model, &flow))
		return REASON_FLOWS_FULL;
	model->user_flows -= is_new;
	if (key->protocol == UDP)
		model_put_peer(model, &key->peer, false);
	return admitted;
}

static uint32_t outbound_open(struct model *model, enum model_how how, const struct model_key *key)
{
	struct model_meeting meeting = meeting_of(model, key);
	struct opinion opinion = model_ask(model, OUTBOUND, key->protocol, key->peer_port, &meeting);

	if (!opinion.is_admitted)
		return opinion.is_named ? REASON_PEER : REASON_PORT;
	return open_flow(model, how, key, opinion.service, COUNTER_SERVICES + opinion.service);
}

/* A SYN opens; all else is a reply. */
static uint32_t outbound_tcp(struct model *model, enum model_how how, const struct model_packet *packet)
{
	struct model_key key = key_of(packet, OUTBOUND);
	struct model_meeting meeting = meeting_of(model, &key);
	struct opinion opinion;

	if (is_opening(packet))
		return outbound_open(model, how, &key);
	opinion = model_ask(model, INBOUND, TCP, packet->src_port, &meeting);
	if (opinion.is_admitted)
		return COUNTER_SERVICES + opinion.service;
	if (opinion.is_passive)
		return judge_passive(model, &key, &opinion, false);
	return judge_connection(model, &key);
}

static uint32_t outbound_udp(struct model *model, enum model_how how, const struct model_packet *packet)
{
	struct model_key key = key_of(packet, OUTBOUND);
	struct model_meeting meeting = meeting_of(model, &key);
	struct opinion opinion = model_ask(model, INBOUND, UDP, packet->src_port, &meeting);
	uint32_t verdict;

	if (opinion.is_admitted)
		return COUNTER_SERVICES + opinion.service;
	verdict = judge_flow(model, model_find_flow(model, &key), false);
	if (verdict < COUNTER_SERVICES)
		return outbound_open(model, how, &key);
	if (how == MODEL_REAL)
		model_put_peer(model, &key.peer, false);
	return verdict;
}

/* Ports say nothing here, so a rule has to admit each direction. ICMP of the other family is no protocol. */
static uint32_t judge_protocol(const struct model *model, enum direction direction,
			       const struct model_packet *packet)
{
	struct model_key key = key_of(packet, direction);
	struct model_meeting meeting = meeting_of(model, &key);
	struct opinion opinion = model_ask(model, direction, packet->protocol, 0, &meeting);

	if (packet->protocol == ICMP || packet->protocol == ICMPV6)
		return REASON_PROTOCOL;
	if (opinion.is_admitted)
		return COUNTER_SERVICES + opinion.service;
	return opinion.is_named ? REASON_PEER : REASON_PROTOCOL;
}

/* Whether an error is about a packet of this host, or about one on its way to us that we turned away: the
 * packet it quotes travelled against it. */
static bool is_about_us(struct model *model, enum direction direction, const struct model_packet *error)
{
	struct model_meeting meeting;
	struct model_packet quote;
	struct model_key key;

	if (!model_parse_quote(&quote, error))
		return false;
	key = key_of(&quote, direction == INBOUND ? OUTBOUND : INBOUND);
	if (!model_addr_equal(&key.local, direction == INBOUND ? &error->dst : &error->src))
		return false;
	meeting = meeting_of(model, &key);
	if (model_ask(model, INBOUND, key.protocol, key.local_port, &meeting).is_admitted)
		return true;
	if (judge_flow(model, model_find_flow(model, &key), false) >= COUNTER_SERVICES)
		return true;
	if (key.protocol != TCP)
		return false;
	return judge_flow(model, model_find_data_flow(model, &key), true) >= COUNTER_SERVICES ||
	       has_pinhole(model, &key);
}

/* An echo request or the reply to one. What this host sends out brings its replies back, told apart by the
 * identifier; requests of others and our replies need no memory. */
static uint32_t judge_echo(struct model *model, enum direction direction, enum model_how how,
			   const struct model_packet *packet, bool is_request)
{
	const struct model_addr *peer = direction == INBOUND ? &packet->src : &packet->dst;
	enum direction asked = is_request ? direction : direction == INBOUND ? OUTBOUND : INBOUND;
	struct model_key key = key_of(packet, direction);
	uint32_t verdict;

	key.local_port = packet->echo_id;
	key.peer_port = 0;
	if (!model->policy->ping[asked].n_peers)
		return REASON_ICMP_TYPE;
	if (direction == INBOUND && !is_request) {
		verdict = judge_flow(model, model_find_flow(model, &key), false);
		return verdict >= COUNTER_SERVICES ? COUNTER_PING : verdict;
	}
	if (!model_ping_admits(model, asked, peer))
		return REASON_PEER;
	if (direction == INBOUND || !is_request)
		return COUNTER_PING;
	return open_flow(model, how, &key, 0, COUNTER_PING);
}

static uint32_t judge_icmp4(struct model *model, enum direction direction, enum model_how how,
			    const struct model_packet *packet)
{
	switch (packet->type) {
	case 0: /* echo reply */
	case 8: /* echo */
		return judge_echo(model, direction, how, packet, packet->type == 8);
	case 3:  /* destination unreachable */
	case 11: /* time exceeded */
	case 12: /* parameter problem */
		return is_about_us(model, direction, packet) ? COUNTER_ICMP : REASON_ICMP_QUOTE;
	default:
		return REASON_ICMP_TYPE;
	}
}

static uint32_t judge_icmp6(struct model *model, enum direction direction, enum model_how how,
			    const struct model_packet *packet)
{
	switch (packet->type) {
	case 1: /* destination unreachable */
	case 2: /* packet too big */
	case 3: /* time exceeded */
	case 4: /* parameter problem */
		return is_about_us(model, direction, packet) ? COUNTER_ICMP : REASON_ICMP_QUOTE;
	case 128: /* echo request */
	case 129: /* echo reply */
		return judge_echo(model, direction, how, packet, packet->type == 128);
	case 130: /* multicast listener query */
	case 131: /* report */
	case 132: /* done */
	case 143: /* version 2 report */
		return packet->hop_limit == 1 ? COUNTER_ICMP : REASON_HOP_LIMIT;
	case 133: /* router solicitation */
	case 134: /* router advertisement */
	case 135: /* neighbour solicitation */
	case 136: /* neighbour advertisement */
		return packet->hop_limit == 255 ? COUNTER_ICMP : REASON_HOP_LIMIT;
	default:
		return REASON_ICMP_TYPE;
	}
}

/* Who sends from nowhere yet: an address is tried out, routers are asked for, and groups are joined. */
static bool may_be_unspecified(const struct model_packet *packet)
{
	if (packet->fragment == LATER_FRAGMENT || packet->protocol != ICMPV6)
		return false;
	return packet->type == 135 || packet->type == 133 || (packet->type >= 130 && packet->type <= 132) ||
	       packet->type == 143;
}

static bool is_source_denied(const struct model_packet *packet)
{
	const struct model_addr unspecified = {.is_ipv4 = false};

	if (model_addr_equal(&packet->src, &unspecified))
		return !may_be_unspecified(packet);
	return model_is_no_source(&packet->src);
}

/* Later fragments carry no ports: they pass where this host has a live UDP flow with the peer. */
static uint32_t judge_fragment(struct model *model, const struct model_packet *packet,
			       const struct model_addr *peer)
{
	const struct model_peer *found = model_find_peer(model, peer);

	return packet->protocol == UDP && found && !found->is_over ? COUNTER_FRAGMENTS : REASON_FRAGMENT;
}

static uint32_t judge_parsed(struct model *model, enum direction direction, enum model_how how,
			     const struct model_packet *packet)
{
	bool is_inbound = direction == INBOUND, is_ipv4 = packet->src.is_ipv4;

	if (is_inbound && is_source_denied(packet))
		return REASON_SOURCE;
	if (packet->fragment == LATER_FRAGMENT)
		return judge_fragment(model, packet, is_inbound ? &packet->src : &packet->dst);
	if (packet->protocol == TCP)
		return is_inbound ? inbound_tcp(model, packet) : outbound_tcp(model, how, packet);
	if (packet->protocol == UDP)
		return is_inbound ? inbound_udp(model, packet) : outbound_udp(model, how, packet);
	if (is_ipv4 && packet->protocol == ICMP)
		return judge_icmp4(model, direction, how, packet);
	if (!is_ipv4 && packet->protocol == ICMPV6)
		return judge_icmp6(model, direction, how, packet);
	return judge_protocol(model, direction, packet);
}

/* A SYN right behind an IP header without options, at a port that is open to nobody at any time: whatever
 * else may be wrong with it is not looked at. */
static bool is_syn_to_closed_port(const struct model *model, const uint8_t *bytes, uint32_t length)
{
	uint16_t port = model_bare_syn_port(bytes, length);
	struct model_meeting nobody = {0};
	struct opinion opinion;

	if (!port)
		return false;
	opinion = model_ask(model, INBOUND, TCP, port, &nobody);
	return !opinion.is_named && !opinion.is_passive;
}

uint32_t model_judge(struct model *model, const struct model_sight *sight, const uint8_t *bytes,
		     uint32_t length)
{
	enum direction direction = sight->direction;
	struct model_packet packet;
	uint32_t verdict = model_parse(&packet, bytes, length);
	bool is_blocked, is_forged;

	if (direction == INBOUND && is_syn_to_closed_port(model, bytes, length))
		return REASON_PORT;
	if (verdict != REASON_NONE)
		return verdict;
	if (packet.is_link)
		return COUNTER_LINK;
	model->sight = *sight;
	is_blocked = model_is_blocked(model, direction == INBOUND ? &packet.src : &packet.dst);
	is_forged = direction == INBOUND && model_is_own(model, &packet.src);
	/* A packet that is denied opens nothing. */
	verdict = judge_parsed(model, direction, is_blocked || is_forged ? MODEL_MADE : sight->how, &packet);
	if (verdict < COUNTER_LINK)
		return verdict;
	return is_forged ? REASON_SOURCE : is_blocked ? REASON_BLOCKED : verdict;
}
