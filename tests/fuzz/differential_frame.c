// SPDX-License-Identifier: GPL-2.0-only
/* Random packets: about connections near the policy's edges, first well-formed, then spoilt. */
#include <netinet/in.h>
#include <string.h>

#include "differential.h"

enum { SHORTEST = 14, /* the kernel runs nothing shorter */ LONGEST = FRAME_PADDED - 64, IPPROTO_ESP_ = 50 };

static uint8_t random_flags(struct random *random)
{
	static const uint8_t usual[] = {SYN,       SYN,       SYN, ACK,       ACK,
					ACK | PSH, SYN | ACK, RST, FIN | ACK, RST | ACK};

	return random_chance(random, 88) ? usual[random_below(random, LENGTH(usual))]
					 : (uint8_t)random_next(random);
}

static void fill_extensions(struct spec *spec, struct random *random)
{
	static const uint8_t kinds[] = {IPPROTO_HOPOPTS,  IPPROTO_ROUTING, IPPROTO_DSTOPTS, IPPROTO_AH,
					IPPROTO_FRAGMENT, IPPROTO_NONE,    IPPROTO_ESP_,    IPPROTO_MH};

	spec->n_extensions = (uint8_t)(1 + random_below(random, EXTENSIONS_MAX));
	for (unsigned i = 0; i < spec->n_extensions; i++)
		spec->extensions[i] = kinds[random_chance(random, 85) ? random_below(random, 4)
								      : random_below(random, LENGTH(kinds))];
	if (random_chance(random, 25))
		spec->extensions[spec->n_extensions - 1] = IPPROTO_FRAGMENT;
}

static struct spec spec_of(const struct model_key *key, bool from_host, const struct place_of *local,
			   const struct place_of *peer, struct random *random)
{
	struct spec spec = {
		.src = from_host ? local->text : peer->text,
		.dst = from_host ? peer->text : local->text,
		.protocol = key->protocol,
		.src_port = from_host ? key->local_port : key->peer_port,
		.dst_port = from_host ? key->peer_port : key->local_port,
		.tcp_flags = random_flags(random),
		.data = (uint16_t)random_below(random, 24),
	};

	spec.no_flags = !spec.tcp_flags;
	return spec;
}

static void add_options(struct spec *spec, struct random *random)
{
	if (random_chance(random, 8))
		spec->vlan_tags = (uint8_t)(1 + random_below(random, 3));
	if (random_chance(random, 8))
		spec->option_words = (uint8_t)(1 + random_below(random, 10));
	if (random_chance(random, 12))
		fill_extensions(spec, random);
	if (random_chance(random, 25))
		spec->hop_limit = random_chance(random, 50) ? 255 : (uint8_t)(1 + random_below(random, 255));
}

static void random_icmp(struct frame *ret, enum direction direction, struct scene *scene,
			struct random *random, const struct model *model)
{
	static const uint8_t types[2][17] = {
		{1, 2, 3, 4, 128, 129, 130, 131, 132, 143, 133, 134, 135, 136, 137, 1, 128},
		{3, 11, 12, 0, 8, 5, 9, 10, 13, 14, 17, 3, 3, 8, 0, 4, 11},
	};
	struct model_key key = scene_key(scene, random, model);
	bool is_inbound = direction == INBOUND, is_ipv4 = key.local.is_ipv4;
	struct place_of local = place_of(&key.local), peer = place_of(&key.peer);
	const struct place_of *router =
		random_chance(random, 50) ? &peer : scene_stranger(scene, random, is_ipv4);
	struct spec quote = spec_of(&key, is_inbound, &local, &peer, random);
	struct spec spec = {
		.src = is_inbound ? router->text : local.text,
		.dst = is_inbound ? local.text : router->text,
		.protocol = IPPROTO_ICMP,
		.type = random_chance(random, 95) ? types[is_ipv4][random_below(random, LENGTH(types[0]))]
						  : (uint8_t)random_next(random),
		.data = (uint16_t)random_below(random, 24),
	};
	bool is_error = is_ipv4 ? spec.type == 3 || spec.type == 11 || spec.type == 12 : spec.type < 5;

	add_options(&spec, random);
	if (random_chance(random, 50))
		spec.hop_limit = spec.type >= 133 && spec.type <= 136 ? 255 : 1;
	if (is_error && random_chance(random, 20))
		add_options(&quote, random);
	quote.vlan_tags = 0;
	if (is_error)
		spec.quote = &quote;
	packet_build(ret, &spec);
	if (is_error && random_chance(random, 10)) /* a fragment, quoted */
		frame_set16(ret, ret->transport + 8 + 6, (uint16_t)random_below(random, 3));
	if (!is_error)
		frame_set16(ret, ret->transport + 4, (uint16_t)random_below(random, 5));
}

static void random_plain(struct frame *ret, enum direction direction, struct scene *scene,
			 struct random *random, const struct model *model)
{
	static const uint8_t others[] = {112, 50, 47, 89, 4,  41, 132, 2,  255,
					 33,  1,  58, 0,  51, 44, 59,  60, 43};
	struct model_key key = scene_key(scene, random, model);
	struct place_of local = place_of(&key.local), peer = place_of(&key.peer);
	struct spec spec = spec_of(&key, direction == OUTBOUND, &local, &peer, random);

	add_options(&spec, random);
	if (random_chance(random, 6))
		spec.protocol = others[random_below(random, LENGTH(others))];
	packet_build(ret, &spec);
}

static void make_fragment(struct frame *frame, struct random *random)
{
	static const uint16_t offsets[] = {0, 1, 2, 3, 185, 0x1fff};
	uint16_t offset = offsets[random_below(random, LENGTH(offsets))],
		 more = (uint16_t)random_below(random, 2);
	uint32_t at = frame->transport - 8;

	if (frame->bytes[frame->ip] >> 4 == 4)
		frame_set16(frame, frame->ip + 6,
			    (uint16_t)(offset | more << 13 | random_below(random, 8) << 14));
	else if (at >= frame->ip + 40)
		/* The last extension header may be a fragment header, or gets a length and options. */
		frame_set16(frame, at + 2, (uint16_t)(offset << 3 | random_below(random, 4) << 1 | more));
}

/* A header more, before the transport header, that says how long it is. */
static void insert_extension(struct frame *frame, struct random *random)
{
	static const uint8_t kinds[] = {0, 43, 44, 51, 60, 60, 60};
	uint32_t ip = frame->ip, size = 8 * (1 + random_below(random, 3)), at = ip + 40;
	uint8_t kind = kinds[random_below(random, LENGTH(kinds))];

	if (frame->bytes[ip] >> 4 != 6 || frame->length + size > LONGEST || frame->length < at)
		return;
	memmove(frame->bytes + at + size, frame->bytes + at, frame->length - at);
	memset(frame->bytes + at, 0, size);
	frame->bytes[at] = frame->bytes[ip + 6];
	frame->bytes[at + 1] = (uint8_t)(kind == 51 ? size / 4 - 2 : size / 8 - 1);
	frame->bytes[ip + 6] = kind;
	frame->length += size;
	frame->transport += size;
	frame_set16(frame, ip + 4, (uint16_t)(frame_get16(frame, ip + 4) + size));
}

static void pad(struct frame *frame, struct random *random)
{
	uint32_t size = 1 + random_below(random, 60);

	if (frame->length + size > LONGEST)
		return;
	for (uint32_t i = 0; i < size; i++)
		frame->bytes[frame->length + i] = (uint8_t)random_next(random);
	frame->length += size;
}

/* The frame of before up to here, and this one from there on. */
static void splice(struct frame *frame, const struct frame *previous, struct random *random)
{
	uint32_t shorter = frame->length < previous->length ? frame->length : previous->length;

	if (shorter)
		memcpy(frame->bytes, previous->bytes, random_below(random, shorter));
}

/* The IP packet ends sooner; what was behind it is padding now. */
static void shorten_packet(struct frame *frame, struct random *random)
{
	uint32_t at = frame->ip + (frame->bytes[frame->ip] >> 4 == 4 ? 2 : 4);

	frame_set16(frame, at, (uint16_t)(frame_get16(frame, at) - random_below(random, 40)));
}

static uint32_t any_offset(const struct frame *frame, struct random *random)
{
	uint32_t most = random_chance(random, 80) && frame->length > 80 ? 80 : frame->length;

	return random_below(random, most);
}

static void spoil(struct frame *frame, struct scene *scene, struct random *random)
{
	uint32_t at = any_offset(frame, random);
	uint32_t field = frame->transport + 2 * random_below(random, 10);

	switch (random_below(random, 14)) {
	case 0:
	case 1:
		frame_flip(frame, at, random_below(random, 8));
		break;
	case 2:
		frame->bytes[at] = (uint8_t)random_next(random);
		break;
	case 3:
		frame->length = SHORTEST + random_below(random, frame->length - SHORTEST + 1);
		break;
	case 4:
		if (frame->transport && frame->length > frame->transport)
			frame_cut_packet(frame,
					 frame->transport +
						 random_below(random, frame->length - frame->transport));
		break;
	case 5:
		pad(frame, random);
		break;
	case 6:
	case 7:
		if (frame->transport)
			make_fragment(frame, random);
		break;
	case 8:
		frame_add_tag(frame, random_chance(random, 50) ? 0x8100 : 0x88a8,
			      (uint16_t)random_next(random));
		break;
	case 9:
		if (frame->ip)
			insert_extension(frame, random);
		break;
	case 10:
		splice(frame, &scene->previous, random);
		break;
	case 11:
	case 12:
		if (frame->ip)
			shorten_packet(frame, random);
		break;
	default:
		/* A port, a length, flags: one off, or nothing. */
		if (field + 2 <= frame->length)
			frame_set16(frame, field,
				    (uint16_t)(random_chance(random, 30)
						       ? 0
						       : frame_get16(frame, field) + random_below(random, 3) -
								 1));
	}
}

static void random_link(struct frame *ret, struct random *random)
{
	static const uint16_t types[] = {0x0806, 0x8809, 0x888e, 0x8035, 0x88cc, 0x0000, 0x05dc, 0x0800,
					 0x86dd, 0x8863, 0x8847, 0x9100, 0x0001, 0x0002, 0x8100, 0x88a8};
	uint16_t type = types[random_below(random, LENGTH(types))];

	frame_build_link(ret, type, random_chance(random, 40) ? random_below(random, 4) : 0);
}

void random_frame(struct frame *ret, enum direction direction, struct scene *scene, struct random *random,
		  const struct model *model)
{
	uint32_t kind = random_below(random, 100);

	if (kind < 3)
		random_link(ret, random);
	else if (kind < 25)
		random_icmp(ret, direction, scene, random, model);
	else
		random_plain(ret, direction, scene, random, model);
	if (random_chance(random, 45))
		for (unsigned k = 1 + random_below(random, 3); k; k--)
			if (ret->length < LONGEST)
				spoil(ret, scene, random);
	scene->previous = *ret;
}
