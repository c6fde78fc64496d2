// SPDX-License-Identifier: GPL-2.0-only
/* The frame builder of packet.h. */
#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "packet.h"

enum {
	ETHERNET_BYTES = 14,
	TAG_BYTES = 4,
	LINK_PAYLOAD = 46, /* the least that Ethernet carries */
	ADDRESSES_BYTES = 12,
	IPV4_BYTES = 20,
	IPV6_BYTES = 40,
	EXTENSION_BYTES = 8,
	HOP_LIMIT = 64,
	AH_BYTES = 24,
	DO_NOT_FRAGMENT = 0x4000
};

/* Zeroed room for `size` more bytes. */
static uint8_t *append(struct frame *frame, uint32_t size)
{
	uint8_t *at = frame->bytes + frame->length;

	assert(frame->length + size <= FRAME_MAX);
	memset(at, 0, size);
	frame->length += size;
	return at;
}

/* RFC 1071; `sum` is what was added up before. Not yet complemented. */
static uint32_t sum_add(const struct frame *frame, uint32_t from, uint32_t to, uint32_t sum)
{
	for (uint32_t i = from; i < to; i++)
		sum += (i - from) % 2 ? frame->bytes[i] : (uint32_t)frame->bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static bool is_ipv4_at(const struct frame *frame, uint32_t ip)
{
	return frame->bytes[ip] >> 4 == 4;
}

/* The sum of the transport header and its data, and of the pseudo header where there is one. */
static uint32_t transport_sum(const struct frame *frame, uint32_t ip, uint32_t transport, uint8_t protocol)
{
	uint32_t sum = 0;

	if (protocol != IPPROTO_ICMP) {
		sum = is_ipv4_at(frame, ip) ? sum_add(frame, ip + 12, ip + 20, 0)
					    : sum_add(frame, ip + 8, ip + 40, 0);
		sum += protocol + frame->length - transport;
	}
	return sum_add(frame, transport, frame->length, sum);
}

static uint32_t checksum_offset(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? 16 : protocol == IPPROTO_UDP ? 6 : 2;
}

static void begin_ethernet(struct frame *frame, uint16_t ethertype, unsigned vlan_tags)
{
	static const uint8_t addresses[ADDRESSES_BYTES] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};

	memset(frame, 0, sizeof(*frame));
	memcpy(append(frame, ADDRESSES_BYTES), addresses, ADDRESSES_BYTES);
	append(frame, ETHERNET_BYTES - ADDRESSES_BYTES);
	frame_set16(frame, ADDRESSES_BYTES, ethertype);
	for (unsigned i = 0; i < vlan_tags; i++)
		frame_add_tag(frame, i ? 0x88a8 : 0x8100, (uint16_t)(100 + i));
}

static void append_ipv4(struct frame *frame, const struct spec *spec, uint8_t protocol)
{
	struct addr src = addr_of(spec->src), dst = addr_of(spec->dst);
	uint32_t at = frame->length;
	uint8_t *ip = append(frame, IPV4_BYTES + 4u * spec->option_words);

	ip[0] = (uint8_t)(0x40 | (IPV4_BYTES / 4 + spec->option_words));
	frame_set16(frame, at + 6,
		    spec->fragment_offset || spec->more_fragments
			    ? (uint16_t)(spec->more_fragments << 13 | spec->fragment_offset)
			    : DO_NOT_FRAGMENT);
	ip[8] = spec->hop_limit ? spec->hop_limit : HOP_LIMIT;
	ip[9] = protocol;
	memcpy(ip + 12, &src.word[3], 4);
	memcpy(ip + 16, &dst.word[3], 4);
	memset(ip + IPV4_BYTES, 1 /* no-operation */, 4u * spec->option_words);
}

/* A header of the form that hop-by-hop and destination options share: a router alert (RFC 2711) and padding.
 * As routing header it has no segments left. */
static void append_extension(struct frame *frame, const struct spec *spec, uint8_t type, uint8_t next)
{
	static const uint8_t router_alert[] = {5, 2, 0, 0, 1, 0};
	uint32_t least = type == IPPROTO_AH ? AH_BYTES : EXTENSION_BYTES, at = frame->length;
	uint32_t size = spec->extension_bytes && type != IPPROTO_FRAGMENT ? spec->extension_bytes : least;
	uint8_t *header = append(frame, size);

	header[0] = next;
	if (type == IPPROTO_FRAGMENT) {
		frame_set16(frame, at + 2, (uint16_t)(spec->fragment_offset << 3 | spec->more_fragments));
		return;
	}
	header[1] = (uint8_t)(type == IPPROTO_AH ? size / 4 - 2 : size / 8 - 1);
	if (type == IPPROTO_HOPOPTS || type == IPPROTO_DSTOPTS)
		memcpy(header + 2, router_alert, sizeof(router_alert));
}

static void append_ipv6(struct frame *frame, const struct spec *spec, uint8_t protocol)
{
	struct addr src = addr_of(spec->src), dst = addr_of(spec->dst);
	uint8_t *ip = append(frame, IPV6_BYTES);

	ip[0] = 0x60;
	ip[6] = spec->n_extensions ? spec->extensions[0] : protocol;
	ip[7] = spec->hop_limit ? spec->hop_limit : HOP_LIMIT;
	memcpy(ip + 8, &src, 16);
	memcpy(ip + 24, &dst, 16);
	for (unsigned i = 0; i < spec->n_extensions; i++)
		append_extension(frame, spec, spec->extensions[i],
				 i + 1 < spec->n_extensions ? spec->extensions[i + 1] : protocol);
}

static void append_transport(struct frame *frame, const struct spec *spec, uint8_t protocol)
{
	uint32_t at = frame->length;

	if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6) {
		append(frame, 8);
		frame_set16(frame, at, (uint16_t)(spec->type << 8 | spec->code));
		return;
	}
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return;
	append(frame, protocol == IPPROTO_TCP ? 20 : 8);
	frame_set16(frame, at, spec->src_port);
	frame_set16(frame, at + 2, spec->dst_port);
	if (protocol == IPPROTO_UDP) {
		frame_set16(frame, at + 4, (uint16_t)(8 + spec->data));
		return;
	}
	frame->bytes[at + 12] = 0x50;
	frame->bytes[at + 13] = spec->tcp_flags || spec->no_flags ? spec->tcp_flags : SYN;
	frame_set16(frame, at + 14, 0xffff);
}

/* Lengths and checksums of the packet that begins at `ip` and ends where the frame ends now. */
static void seal(struct frame *frame, uint32_t ip, uint32_t transport, uint8_t protocol)
{
	uint32_t at = transport + checksum_offset(protocol);

	if (is_ipv4_at(frame, ip)) {
		frame_set16(frame, ip + 2, (uint16_t)(frame->length - ip));
		frame_set16(frame, ip + 10, (uint16_t)~sum_add(frame, ip, transport, 0));
	} else {
		frame_set16(frame, ip + 4, (uint16_t)(frame->length - ip - IPV6_BYTES));
	}
	if (at + 2 <= frame->length)
		frame_set16(frame, at, (uint16_t)~transport_sum(frame, ip, transport, protocol));
}

/* An IP packet at the end of the frame; a quote is one as well, inside. */
static void append_packet(struct frame *frame, const struct spec *spec)
{
	bool is_ipv4 = text_is_ipv4(spec->src);
	uint8_t protocol = spec->protocol == IPPROTO_ICMP && !is_ipv4 ? IPPROTO_ICMPV6 : spec->protocol;
	uint32_t ip = frame->length, transport;

	(is_ipv4 ? append_ipv4 : append_ipv6)(frame, spec, protocol);
	transport = frame->length;
	append_transport(frame, spec, protocol);
	if (spec->quote)
		append_packet(frame, spec->quote);
	else
		memset(append(frame, spec->data), 0xa5, spec->data);
	seal(frame, ip, transport, protocol);
	frame->ip = ip;
	frame->transport = transport;
}

void packet_build(struct frame *ret, const struct spec *spec)
{
	begin_ethernet(ret, text_is_ipv4(spec->src) ? 0x0800 : 0x86dd, spec->vlan_tags);
	append_packet(ret, spec);
}

void frame_build_link(struct frame *ret, uint16_t ethertype, unsigned vlan_tags)
{
	begin_ethernet(ret, ethertype, vlan_tags);
	append(ret, LINK_PAYLOAD);
}

void frame_add_tag(struct frame *frame, uint16_t tag_protocol, uint16_t id)
{
	uint8_t *at = frame->bytes + ADDRESSES_BYTES;

	append(frame, TAG_BYTES);
	memmove(at + TAG_BYTES, at, frame->length - ADDRESSES_BYTES - TAG_BYTES);
	frame_set16(frame, ADDRESSES_BYTES, tag_protocol);
	frame_set16(frame, ADDRESSES_BYTES + 2, id);
	frame->ip += frame->ip ? TAG_BYTES : 0;
	frame->transport += frame->transport ? TAG_BYTES : 0;
}

bool frame_checksums_are_right(const struct frame *frame)
{
	bool is_ipv4 = is_ipv4_at(frame, frame->ip);
	uint8_t protocol = frame->bytes[frame->ip + (is_ipv4 ? 9 : 6)];

	return (!is_ipv4 || sum_add(frame, frame->ip, frame->transport, 0) == 0xffff) &&
	       transport_sum(frame, frame->ip, frame->transport, protocol) == 0xffff;
}
