/* SPDX-License-Identifier: GPL-2.0-only */
/* Builds frames as a network would send them: all lengths and checksums right, until a test changes them. */
#ifndef POSTERN_TESTS_PACKET_H
#define POSTERN_TESTS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

enum {
	FRAME_MAX = 9216,
	FRAME_PADDED = 1024, /* what fits one buffer of the kernel's test runs, with room to spare */
	EXTENSIONS_MAX = 8
};

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10, URG = 0x20, ECE = 0x40, CWR = 0x80 };

struct frame {
	uint32_t length;
	uint32_t ip;        /* offset of the IP header; 0: none */
	uint32_t transport; /* offset of what follows the IP header and its options or extensions */
	uint8_t bytes[FRAME_MAX];
};

/* What a frame is to hold; the family is that of the addresses, given as text. */
struct spec {
	const char *src;
	const char *dst;
	uint8_t protocol; /* IPPROTO_*; of IPPROTO_ICMP the family's own is taken */
	uint16_t src_port;
	uint16_t dst_port;
	uint8_t tcp_flags; /* 0: SYN, see `no_flags` */
	bool no_flags;
	uint8_t type; /* of ICMP */
	uint8_t code;
	uint8_t hop_limit;                  /* 0: 64 */
	uint8_t vlan_tags;                  /* how many */
	uint16_t data;                      /* bytes behind the transport header; before a quote nothing */
	uint8_t option_words;               /* of IPv4: 32-bit words, all no-operation */
	uint8_t extensions[EXTENSIONS_MAX]; /* of IPv6: their numbers, up to n_extensions */
	uint8_t n_extensions;
	uint16_t extension_bytes; /* of each but a fragment header; 0: the least, of AH 24 */
	uint16_t fragment_offset; /* in units of 8 bytes; of IPv6, where there is a fragment header */
	bool more_fragments;      /* the same */
	const struct spec *quote; /* of ICMP errors: what they are about */
};

/* Makes it a fragment (whose contents stay what they are): of IPv6 by one more extension header, with which a
 * whole packet becomes an atomic fragment. */
void spec_fragment(struct spec *spec, uint16_t offset, bool more);
void packet_build(struct frame *ret, const struct spec *spec);
/* An Ethernet frame with VLAN tags and 46 bytes that are no IP packet. */
void frame_build_link(struct frame *ret, uint16_t ethertype, unsigned vlan_tags);
/* Inserts one more tag. */
void frame_add_tag(struct frame *frame, uint16_t tag_protocol, uint16_t id);
/* Turns the bit over; nothing else changes, checksums neither. */
void frame_flip(struct frame *frame, uint32_t offset, unsigned bit);
void frame_set16(struct frame *frame, uint32_t offset, uint16_t value);
uint16_t frame_get16(const struct frame *frame, uint32_t offset);
/* Shortens the frame and, with it, the length in the IP header. */
void frame_cut_packet(struct frame *frame, uint32_t length);
bool frame_checksums_are_right(const struct frame *frame);

bool text_is_ipv4(const char *addr);
/* As the data path keeps it; fails the test where it is no address. */
struct addr addr_of(const char *text);

#endif
