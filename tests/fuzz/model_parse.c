// SPDX-License-Identifier: GPL-2.0-only
/* The model's reading of a packet: offsets into the bytes, from the RFCs' diagrams. */
#include <string.h>

#include "model.h"

enum {
	ETHERTYPE_AT = 12,
	MOST_TAGS = 2,
	MOST_EXTENSIONS = 6,
	HOP_BY_HOP = 0,
	ICMP = 1,
	TCP = 6,
	UDP = 17,
	ROUTING = 43,
	FRAGMENT = 44,
	AUTHENTICATION = 51,
	ICMPV6 = 58,
	NO_NEXT = 59,
	DESTINATION = 60
};

static bool has(const struct model_packet *packet, uint32_t size)
{
	return packet->at + size <= packet->length;
}

static unsigned byte(const struct model_packet *packet, uint32_t offset)
{
	return packet->bytes[packet->at + offset];
}

static unsigned pair(const struct model_packet *packet, uint32_t offset)
{
	return byte(packet, offset) * 256u + byte(packet, offset + 1);
}

static struct model_addr addr_at(const struct model_packet *packet, uint32_t offset, bool is_ipv4)
{
	struct model_addr addr = {.is_ipv4 = is_ipv4};

	memcpy(addr.bytes, packet->bytes + packet->at + offset, is_ipv4 ? 4 : 16);
	return addr;
}

static enum reason read_ethertype(struct model_packet *packet, unsigned *ret_type)
{
	uint32_t at = ETHERTYPE_AT;

	for (unsigned tags = 0;; tags++, at += 4) {
		if (at + 2 > packet->length)
			return REASON_TRUNCATED;
		*ret_type = packet->bytes[at] * 256u + packet->bytes[at + 1];
		packet->at = at + 2;
		if (*ret_type != 0x8100 && *ret_type != 0x88a8)
			return REASON_NONE;
		if (tags == MOST_TAGS)
			return REASON_VLAN;
	}
}

/* Offsets count 8 bytes. One of 1 overwrites the end of a TCP header (RFC 3128). */
static enum reason read_fragment(struct model_packet *packet, unsigned offset, bool more)
{
	packet->fragment = offset > 0 ? LATER_FRAGMENT : more ? FIRST_FRAGMENT : WHOLE;
	return offset == 1 ? REASON_FRAGMENT : REASON_NONE;
}

static enum reason read_ipv4(struct model_packet *packet)
{
	unsigned words, total, field;

	if (!has(packet, 20))
		return REASON_TRUNCATED;
	words = byte(packet, 0) & 15;
	if (byte(packet, 0) >> 4 != 4 || words < 5)
		return REASON_IP_HEADER;
	total = pair(packet, 2);
	if (total < words * 4)
		return REASON_LENGTH;
	if (!has(packet, words * 4))
		return REASON_TRUNCATED;
	packet->src = addr_at(packet, 12, true);
	packet->dst = addr_at(packet, 16, true);
	packet->protocol = (uint8_t)byte(packet, 9);
	packet->hop_limit = (uint8_t)byte(packet, 8);
	packet->payload = total - words * 4;
	field = pair(packet, 6);
	packet->at += words * 4;
	return read_fragment(packet, field % 8192, field / 8192 % 2);
}

/* Steps over one header; what is left of the payload shrinks with it. */
static enum reason step(struct model_packet *packet, uint32_t size)
{
	if (packet->payload < size)
		return REASON_LENGTH;
	packet->protocol = (uint8_t)byte(packet, 0);
	packet->payload -= size;
	if (!has(packet, size))
		return REASON_TRUNCATED;
	packet->at += size;
	return REASON_NONE;
}

static enum reason read_ipv6_fragment(struct model_packet *packet)
{
	unsigned field;
	enum reason reason;

	if (!has(packet, 8))
		return REASON_TRUNCATED;
	field = pair(packet, 2);
	reason = step(packet, 8);
	if (reason)
		return reason;
	/* Discovery may not be fragmented, not even into one (RFC 6980); no other ICMPv6 of ours is. */
	if (packet->protocol == ICMPV6)
		return REASON_FRAGMENT;
	return read_fragment(packet, field / 8, field % 2);
}

/* The size of the extension header, or 0 where hosts have no use for it. Its first four bytes are there. */
static uint32_t extension_size(const struct model_packet *packet)
{
	switch (packet->protocol) {
	case AUTHENTICATION:
		return 8 + 4 * byte(packet, 1);
	case ROUTING:
		return byte(packet, 3) ? 0 : 8 + 8 * byte(packet, 1);
	default:
		return 8 + 8 * byte(packet, 1);
	}
}

static bool is_extension(unsigned protocol)
{
	static const uint8_t all[] = {HOP_BY_HOP, ROUTING, AUTHENTICATION, DESTINATION};

	return memchr(all, (int)protocol, sizeof(all));
}

/* Such addresses are IPv4's, written down: in an IPv6 packet they only confuse (RFC 4291, 2.5.5.2). */
static bool is_mapped(const struct model_addr *addr)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(addr->bytes, mapped, sizeof(mapped)) == 0;
}

/* The fixed header. */
static enum reason read_ipv6(struct model_packet *packet)
{
	if (!has(packet, 40))
		return REASON_TRUNCATED;
	if (byte(packet, 0) >> 4 != 6)
		return REASON_IP_HEADER;
	packet->payload = pair(packet, 4);
	packet->protocol = (uint8_t)byte(packet, 6);
	packet->hop_limit = (uint8_t)byte(packet, 7);
	packet->src = addr_at(packet, 8, false);
	packet->dst = addr_at(packet, 24, false);
	packet->at += 40;
	return is_mapped(&packet->src) || is_mapped(&packet->dst) ? REASON_SOURCE : REASON_NONE;
}

static enum reason read_extensions(struct model_packet *packet)
{
	for (unsigned n = 0; is_extension(packet->protocol); n++) {
		enum reason reason;
		uint32_t size;

		if (n == MOST_EXTENSIONS || (n > 0 && packet->protocol == HOP_BY_HOP))
			return REASON_EXTENSION;
		if (!has(packet, 4))
			return REASON_TRUNCATED;
		size = extension_size(packet);
		reason = size ? step(packet, size) : REASON_EXTENSION;
		if (reason)
			return reason;
		/* A fragment header counts as one more, and so does what says that nothing follows. */
		if (n + 1 == MOST_EXTENSIONS && packet->protocol == FRAGMENT)
			return REASON_EXTENSION;
	}
	if (packet->protocol == NO_NEXT)
		return REASON_EXTENSION;
	return packet->protocol == FRAGMENT ? read_ipv6_fragment(packet) : REASON_NONE;
}

/* RFC 9293: a segment opens (SYN), resets (RST), or goes on (ACK, alone or with one of SYN, FIN and RST). */
static bool flags_exist(uint8_t flags)
{
	switch (flags & 0x17) {
	case 0x02: /* SYN */
	case 0x04: /* RST */
	case 0x10: /* ACK */
	case 0x11: /* FIN ACK */
	case 0x12: /* SYN ACK */
	case 0x14: /* RST ACK */
		return true;
	default:
		return false;
	}
}

static enum reason read_tcp(struct model_packet *packet)
{
	bool is_fragment = packet->fragment == FIRST_FRAGMENT;
	unsigned size;

	if (!has(packet, 20))
		return is_fragment ? REASON_FRAGMENT : REASON_TRUNCATED;
	size = (byte(packet, 12) >> 4) * 4;
	if (size < 20)
		return REASON_LENGTH;
	if (size > packet->payload)
		return is_fragment ? REASON_FRAGMENT : REASON_LENGTH;
	packet->src_port = (uint16_t)pair(packet, 0);
	packet->dst_port = (uint16_t)pair(packet, 2);
	packet->tcp_flags = (uint8_t)byte(packet, 13);
	if (!flags_exist(packet->tcp_flags))
		return REASON_TCP_FLAGS;
	return packet->src_port == 0 || packet->dst_port == 0 ? REASON_PORT_ZERO : REASON_NONE;
}

static enum reason read_udp(struct model_packet *packet)
{
	bool is_fragment = packet->fragment == FIRST_FRAGMENT;
	unsigned size;

	if (!has(packet, 8))
		return is_fragment ? REASON_FRAGMENT : REASON_TRUNCATED;
	size = pair(packet, 4);
	if (size < 8)
		return REASON_LENGTH;
	/* Behind the packet lies padding: no ports. */
	if (packet->payload < 8)
		return is_fragment ? REASON_FRAGMENT : REASON_LENGTH;
	if (!is_fragment && size > packet->payload)
		return REASON_LENGTH;
	packet->src_port = (uint16_t)pair(packet, 0);
	packet->dst_port = (uint16_t)pair(packet, 2);
	return packet->src_port == 0 || packet->dst_port == 0 ? REASON_PORT_ZERO : REASON_NONE;
}

static enum reason read_icmp(struct model_packet *packet)
{
	if (packet->fragment == FIRST_FRAGMENT)
		return REASON_FRAGMENT;
	if (!has(packet, 8))
		return REASON_TRUNCATED;
	if (packet->payload < 8)
		return REASON_LENGTH;
	packet->type = (uint8_t)byte(packet, 0);
	packet->echo_id = (uint16_t)pair(packet, 4);
	return REASON_NONE;
}

enum reason model_parse(struct model_packet *packet, const uint8_t *bytes, uint32_t length)
{
	enum reason reason;
	unsigned type;

	memset(packet, 0, sizeof(*packet));
	packet->bytes = bytes;
	packet->length = length;
	reason = read_ethertype(packet, &type);
	if (reason)
		return reason;
	packet->is_link = type == 0x0806 || type == 0x8809 || type == 0x888e;
	if (packet->is_link)
		return REASON_NONE;
	if (type != 0x0800 && type != 0x86dd)
		return REASON_ETHERTYPE;
	reason = type == 0x0800 ? read_ipv4(packet) : read_ipv6(packet);
	if (!reason && type == 0x86dd)
		reason = read_extensions(packet);
	if (reason)
		return reason;
	if (!has(packet, packet->payload))
		return REASON_LENGTH;
	if (packet->fragment == LATER_FRAGMENT)
		return REASON_NONE;
	if (packet->protocol == TCP)
		return read_tcp(packet);
	if (packet->protocol == UDP)
		return read_udp(packet);
	return packet->protocol == (packet->src.is_ipv4 ? ICMP : ICMPV6) ? read_icmp(packet) : REASON_NONE;
}

uint16_t model_bare_syn_port(const uint8_t *bytes, uint32_t length)
{
	unsigned tcp, ip = ETHERTYPE_AT + 2;

	if (length < ip + 20)
		return 0;
	if (bytes[12] == 0x08 && bytes[13] == 0x00) {
		/* Don't fragment, and the reserved bit, say nothing of fragments. */
		if (bytes[ip] != 0x45 || bytes[ip + 6] % 64 || bytes[ip + 7] || bytes[ip + 9] != TCP)
			return 0;
		tcp = ip + 20;
	} else if (bytes[12] == 0x86 && bytes[13] == 0xdd) {
		if (bytes[ip] / 16 != 6 || bytes[ip + 6] != TCP)
			return 0;
		tcp = ip + 40;
	} else {
		return 0;
	}
	if (length < tcp + 20 || bytes[tcp + 13] != 0x02)
		return 0;
	return (uint16_t)(bytes[tcp + 2] * 256u + bytes[tcp + 3]);
}

bool model_parse_quote(struct model_packet *quote, const struct model_packet *error)
{
	bool is_ipv4 = error->src.is_ipv4;

	memset(quote, 0, sizeof(*quote));
	quote->bytes = error->bytes;
	quote->at = error->at + 8;
	quote->length = error->at + error->payload;
	if ((is_ipv4 ? read_ipv4(quote) : read_ipv6(quote)) != REASON_NONE)
		return false;
	/* Of other headers this host sends none before its ports. */
	if (!is_ipv4 && quote->protocol == FRAGMENT && read_ipv6_fragment(quote) != REASON_NONE)
		return false;
	if (quote->fragment == LATER_FRAGMENT || (quote->protocol != TCP && quote->protocol != UDP))
		return false;
	if (!has(quote, 4))
		return false;
	quote->src_port = (uint16_t)pair(quote, 0);
	quote->dst_port = (uint16_t)pair(quote, 2);
	return true;
}
