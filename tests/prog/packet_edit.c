// SPDX-License-Identifier: GPL-2.0-only
/* What tests change of frames that are built, and addresses as text. */
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "packet.h"

bool text_is_ipv4(const char *addr)
{
	return !strchr(addr, ':');
}

struct addr addr_of(const char *text)
{
	struct addr addr = {.word[2] = htonl(0xffff)};

	if (inet_pton(text_is_ipv4(text) ? AF_INET : AF_INET6, text,
		      text_is_ipv4(text) ? &addr.word[3] : &addr.word[0]) != 1)
		abort();
	return addr;
}

void frame_set16(struct frame *frame, uint32_t offset, uint16_t value)
{
	frame->bytes[offset] = (uint8_t)(value >> 8);
	frame->bytes[offset + 1] = (uint8_t)value;
}

uint16_t frame_get16(const struct frame *frame, uint32_t offset)
{
	return (uint16_t)(frame->bytes[offset] << 8 | frame->bytes[offset + 1]);
}

void spec_fragment(struct spec *spec, uint16_t offset, bool more)
{
	spec->fragment_offset = offset;
	spec->more_fragments = more;
	if (text_is_ipv4(spec->src))
		return;
	assert(spec->n_extensions < EXTENSIONS_MAX);
	spec->extensions[spec->n_extensions++] = IPPROTO_FRAGMENT;
}

void frame_flip(struct frame *frame, uint32_t offset, unsigned bit)
{
	frame->bytes[offset] ^= (uint8_t)(1u << bit);
}

void frame_cut_packet(struct frame *frame, uint32_t length)
{
	uint32_t at = frame->ip + (frame->bytes[frame->ip] >> 4 == 4 ? 2 : 4);

	frame_set16(frame, at, (uint16_t)(frame_get16(frame, at) - (frame->length - length)));
	frame->length = length;
}
