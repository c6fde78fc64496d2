// SPDX-License-Identifier: GPL-2.0-only
/* What a link needs is admitted in both directions, other EtherTypes are not, and tags select nothing. */
#include "prog.h"

static const enum direction directions[] = {INBOUND, OUTBOUND};

static void test_ethertypes(void **state)
{
	static const struct {
		uint16_t ethertype;
		uint32_t counter;
	} cases[] = {
		{0x0806, COUNTER_LINK}, /* ARP */
		{0x8809, COUNTER_LINK}, /* LACP */
		{0x888e, COUNTER_LINK}, /* 802.1X */
		{0x0807, REASON_ETHERTYPE},
		{0x0804, REASON_ETHERTYPE},
		{0x8808, REASON_ETHERTYPE}, /* MAC control */
		{0x880b, REASON_ETHERTYPE}, /* PPP */
		{0x888f, REASON_ETHERTYPE},
		{0x088e, REASON_ETHERTYPE},
		{0x0000, REASON_ETHERTYPE},
		{0x002e, REASON_ETHERTYPE}, /* a length: spanning tree and its kin */
		{0x0801, REASON_ETHERTYPE},
		{0x86dc, REASON_ETHERTYPE},
		{0x8847, REASON_ETHERTYPE}, /* MPLS */
		{0x8863, REASON_ETHERTYPE}, /* PPPoE */
		{0x88cc, REASON_ETHERTYPE}, /* LLDP */
		{0x88e5, REASON_ETHERTYPE}, /* MACsec */
		{0x9100, REASON_ETHERTYPE}, /* tags before 802.1ad */
		{0xffff, REASON_ETHERTYPE},
	};
	struct frame frame;

	for (size_t i = 0; i < COUNT(cases) * COUNT(directions); i++) {
		enum direction direction = directions[i / COUNT(cases)];
		uint16_t ethertype = cases[i % COUNT(cases)].ethertype;

		for (unsigned tags = 0; tags <= 3; tags++) {
			frame_build_link(&frame, ethertype, tags);
			expect_counter(*state, direction, &frame,
				       tags > 2 ? (uint32_t)REASON_VLAN : cases[i % COUNT(cases)].counter,
				       "EtherType %#06x, %u tags", ethertype, tags);
		}
	}
}

/* Both kinds of tag, in any order; the ports are still read right behind them. */
static void test_tags(void **state)
{
	static const uint16_t kinds[] = {0x8100, 0x88a8};
	struct frame frame;

	for (unsigned combination = 0; combination < 8 * N_FAMILIES; combination++) {
		enum family family = combination / 8;
		struct spec open = {.src = stranger[family],
				    .dst = host[family],
				    .protocol = IPPROTO_TCP,
				    .src_port = 40000,
				    .dst_port = 443};
		struct spec closed = open;

		closed.dst_port = 442;
		for (unsigned tags = 0; tags <= 3; tags++) {
			packet_build(&frame, &open);
			for (unsigned i = 0; i < tags; i++)
				frame_add_tag(&frame, kinds[combination >> i & 1], (uint16_t)(i + 1));
			expect_counter(*state, INBOUND, &frame,
				       tags > 2 ? (uint32_t)REASON_VLAN : COUNTER_SERVICES + HTTPS,
				       "%s, %u tags, kinds %u", open.src, tags, combination % 8);
			packet_build(&frame, &closed);
			for (unsigned i = 0; i < tags; i++)
				frame_add_tag(&frame, kinds[combination >> i & 1], (uint16_t)(i + 1));
			expect_counter(*state, INBOUND, &frame, tags > 2 ? REASON_VLAN : REASON_PORT,
				       "closed, %s, %u tags, kinds %u", open.src, tags, combination % 8);
		}
	}
}

/* A tag must be whole, a third is not looked at, and priority tags and the reserved number are tags as
 * others. */
static void test_tag_forms(void **state)
{
	struct spec spec = {.src = stranger[V4],
			    .dst = host[V4],
			    .protocol = IPPROTO_TCP,
			    .src_port = 40000,
			    .dst_port = 443};
	struct frame frame;

	for (unsigned tags = 1; tags <= 3; tags++) {
		spec.vlan_tags = (uint8_t)tags;
		packet_build(&frame, &spec);
		for (uint32_t length = 14; length < 14 + 4 * tags; length++) {
			frame.length = length;
			expect_counter(*state, INBOUND, &frame, length < 22 ? REASON_TRUNCATED : REASON_VLAN,
				       "%u tags, %u bytes", tags, length);
		}
	}
	spec.vlan_tags = 0;
	for (unsigned i = 0; i < 3; i++) {
		packet_build(&frame, &spec);
		frame_add_tag(&frame, 0x8100, (uint16_t[]){0x0000, 0xe000, 0x0fff}[i]);
		expect_service(*state, INBOUND, &frame, HTTPS, "tag form %u", i);
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ethertypes),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_tag_forms),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
