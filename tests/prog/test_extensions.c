// SPDX-License-Identifier: GPL-2.0-only
/* IPv6 extension headers: the ports behind those that hosts use are what is judged; any that leads elsewhere,
 * is out of place or one too many is denied, and none hides anything. */
#include <string.h>

#include "prog.h"

enum { NONE = IPPROTO_NONE, ESP = 50, MAX_HEADERS = 6 };

static const uint8_t kinds[] = {IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS, IPPROTO_AH};

static struct spec packet(enum direction direction, uint8_t protocol)
{
	bool in = direction == INBOUND;
	uint16_t port = protocol == IPPROTO_TCP ? 443 : 514;

	return (struct spec){.src = in ? stranger[V6] : host[V6],
			     .dst = in ? host[V6] : stranger[V6],
			     .protocol = protocol,
			     .src_port = in ? 40000 : port,
			     .dst_port = in ? port : 40000,
			     .tcp_flags = ACK,
			     .data = 8};
}

static uint32_t service_of(const struct spec *spec)
{
	return COUNTER_SERVICES + (spec->protocol == IPPROTO_TCP ? HTTPS : LOGS);
}

static struct spec with_header(struct spec spec, uint8_t kind, uint16_t bytes)
{
	spec.n_extensions = 1;
	spec.extensions[0] = kind;
	spec.extension_bytes = bytes;
	return spec;
}

static uint32_t no_service(enum direction direction, uint8_t protocol)
{
	return direction == OUTBOUND && protocol == IPPROTO_TCP ? REASON_NO_FLOW : REASON_PORT;
}

/* Every kind and size, before an open port and before a closed one. */
static void test_sizes(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < COUNT(kinds) * 4; i++) {
		enum direction direction = i % 2;
		uint8_t protocol = i / 2 % 2 ? IPPROTO_TCP : IPPROTO_UDP, kind = kinds[i / 4];
		uint16_t unit = kind == IPPROTO_AH ? 4 : 8;

		for (uint16_t bytes = 8; bytes <= 512; bytes += unit) {
			struct spec spec = with_header(packet(direction, protocol), kind, bytes);

			packet_build(&frame, &spec);
			expect_counter(*state, direction, &frame, service_of(&spec),
				       "header %u of %u bytes, protocol %u", kind, bytes, protocol);
			spec.tcp_flags = direction == INBOUND ? SYN : ACK;
			*(direction == INBOUND ? &spec.dst_port : &spec.src_port) = 442;
			packet_build(&frame, &spec);
			expect_counter(*state, direction, &frame, no_service(direction, protocol),
				       "closed, header %u of %u bytes, protocol %u", kind, bytes, protocol);
		}
	}
}

/* Of a header of 24 bytes only one length byte is right, in the header's own unit. Elsewhere 0xa5a5 or the
 * header's zeroes are read as the length of a datagram. */
static void test_length_byte(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < COUNT(kinds) * 2 * 256; i++) {
		enum direction direction = i / 256 % 2;
		uint8_t kind = kinds[i / 512];
		struct spec spec = with_header(packet(direction, IPPROTO_UDP), kind, 24);
		int length = kind == IPPROTO_AH ? (int)(i % 256 + 2) * 4 : (int)(i % 256 + 1) * 8;
		int rest = 24 + 16 - length;

		packet_build(&frame, &spec);
		frame.bytes[frame.ip + 41] = (uint8_t)i;
		expect_counter(*state, direction, &frame,
			       length == 24            ? service_of(&spec)
			       : rest < 0 || rest >= 8 ? (uint32_t)REASON_LENGTH
						       : (uint32_t)REASON_TRUNCATED,
			       "header %u says %d bytes", kind, length);
	}
}

/* A routing header that leads on is for a router, whatever its kind. */
static void test_routing(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < 2 * 2 * 256; i++) {
		enum direction direction = i / 256 % 2;
		uint8_t protocol = i / 512 ? IPPROTO_TCP : IPPROTO_UDP;
		struct spec spec = with_header(packet(direction, protocol), IPPROTO_ROUTING, 24);

		packet_build(&frame, &spec);
		frame.bytes[frame.ip + 42] = (uint8_t)i;
		expect_counter(*state, direction, &frame, service_of(&spec), "routing type %u", i % 256);
		frame.bytes[frame.ip + 42] = 0;
		frame.bytes[frame.ip + 43] = (uint8_t)i;
		expect_counter(*state, direction, &frame,
			       i % 256 ? (uint32_t)REASON_EXTENSION : service_of(&spec), "%u segments left",
			       i % 256);
	}
}

struct chain {
	uint8_t n;
	uint8_t headers[EXTENSIONS_MAX];
	uint32_t reason; /* REASON_NONE: the ports decide */
};

enum { H = IPPROTO_HOPOPTS, R = IPPROTO_ROUTING, D = IPPROTO_DSTOPTS, A = IPPROTO_AH, F = IPPROTO_FRAGMENT };

static const struct chain chains[] = {
	{0, {0}, REASON_NONE},
	{2, {H, D}, REASON_NONE},
	{2, {D, D}, REASON_NONE},
	{2, {A, R}, REASON_NONE},
	{4, {H, R, A, D}, REASON_NONE},
	{5, {H, D, R, A, D}, REASON_NONE},
	{6, {D, D, D, D, D, D}, REASON_NONE},
	{6, {H, A, A, A, A, A}, REASON_NONE},
	{7, {D, D, D, D, D, D, D}, REASON_EXTENSION},
	{7, {H, D, R, A, D, R, D}, REASON_EXTENSION},
	{7, {H, D, D, D, D, D, A}, REASON_EXTENSION},
	{8, {D, D, D, D, D, D, D, D}, REASON_EXTENSION},
	/* hop-by-hop options come first or not at all */
	{2, {H, H}, REASON_EXTENSION},
	{2, {R, H}, REASON_EXTENSION},
	{2, {D, H}, REASON_EXTENSION},
	{2, {A, H}, REASON_EXTENSION},
	{6, {D, D, D, D, D, H}, REASON_EXTENSION},
	{7, {D, D, D, D, D, D, H}, REASON_EXTENSION},
	/* nothing follows, or what hides what follows */
	{1, {NONE}, REASON_EXTENSION},
	{2, {H, NONE}, REASON_EXTENSION},
	{2, {D, NONE}, REASON_EXTENSION},
	{7, {D, D, D, D, D, D, NONE}, REASON_EXTENSION},
	{1, {ESP}, REASON_PROTOCOL},
	{2, {D, ESP}, REASON_PROTOCOL},
	{7, {D, D, D, D, D, D, ESP}, REASON_PROTOCOL},
	{1, {IPPROTO_MH}, REASON_PROTOCOL},
	{1, {139}, REASON_PROTOCOL}, /* HIP */
	{1, {140}, REASON_PROTOCOL}, /* Shim6 */
	{1, {253}, REASON_PROTOCOL},
	/* atomic fragments; what comes behind a fragment header is looked at no more */
	{1, {F}, REASON_NONE},
	{2, {H, F}, REASON_NONE},
	{2, {D, F}, REASON_NONE},
	{2, {R, F}, REASON_NONE},
	{2, {A, F}, REASON_NONE},
	{6, {H, D, R, A, D, F}, REASON_NONE},
	{7, {H, D, R, A, D, D, F}, REASON_EXTENSION},
	{2, {F, D}, REASON_PROTOCOL},
	{2, {F, H}, REASON_PROTOCOL},
	{2, {F, R}, REASON_PROTOCOL},
	{2, {F, A}, REASON_PROTOCOL},
	{2, {F, F}, REASON_PROTOCOL},
	{2, {F, NONE}, REASON_PROTOCOL},
	{2, {F, ESP}, REASON_PROTOCOL},
};

/* Each before an open port, a closed one and a neighbour solicitation. */
static void test_chains(void **state)
{
	const struct spec solicitation = {.src = "fe80::1",
					  .dst = "fe80::2",
					  .protocol = IPPROTO_ICMP,
					  .type = 135,
					  .hop_limit = 255,
					  .data = 16};
	struct frame frame;

	for (unsigned i = 0; i < COUNT(chains) * 6; i++) {
		const struct chain *c = &chains[i / 6];
		enum direction direction = i % 2;
		uint8_t protocol = i % 6 < 2 ? IPPROTO_UDP : IPPROTO_TCP;
		struct spec spec = packet(direction, protocol);
		uint32_t counter = service_of(&spec);

		if (i % 6 / 2 == 2) {
			/* Not even in a single fragment (RFC 6980). */
			spec = solicitation;
			counter = memchr(c->headers, F, c->n) ? (uint32_t)REASON_FRAGMENT
							      : (uint32_t)COUNTER_ICMP;
		}
		memcpy(spec.extensions, c->headers, sizeof(spec.extensions));
		spec.n_extensions = c->n;
		packet_build(&frame, &spec);
		expect_counter(*state, direction, &frame, c->reason ? c->reason : counter,
			       "chain %u, protocol %u", i / 6, spec.protocol);
		if (c->reason || spec.protocol == IPPROTO_ICMP)
			continue;
		*(direction == INBOUND ? &spec.dst_port : &spec.src_port) = 442;
		spec.tcp_flags = direction == INBOUND ? SYN : ACK;
		packet_build(&frame, &spec);
		expect_counter(*state, direction, &frame, no_service(direction, protocol),
			       "chain %u, closed port, protocol %u", i / 6, spec.protocol);
	}
}

/* In IPv4 none of these exists. */
static void test_not_in_ipv4(void **state)
{
	static const uint8_t numbers[] = {H, R, D, A, F, NONE, ESP};
	struct frame frame;

	for (unsigned i = 0; i < COUNT(numbers) * 2; i++) {
		bool in = i % 2 == INBOUND;
		struct spec spec = {.src = in ? stranger[V4] : host[V4],
				    .dst = in ? host[V4] : stranger[V4],
				    .protocol = IPPROTO_UDP,
				    .src_port = in ? 40000 : 514,
				    .dst_port = in ? 514 : 40000,
				    .data = 32};

		packet_build(&frame, &spec);
		frame.bytes[frame.ip + 9] = numbers[i / 2];
		memset(frame.bytes + frame.transport, 0, 8);
		frame.bytes[frame.transport] = IPPROTO_UDP;
		expect_counter(*state, i % 2, &frame, REASON_PROTOCOL, "protocol %u", numbers[i / 2]);
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),       cmocka_unit_test(test_length_byte),
		cmocka_unit_test(test_routing),     cmocka_unit_test(test_chains),
		cmocka_unit_test(test_not_in_ipv4),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
