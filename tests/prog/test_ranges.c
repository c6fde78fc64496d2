// SPDX-License-Identifier: GPL-2.0-only
/* Which zones an address is in, and whether it is blocked: at the borders of prefixes, and one bit away. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "prog.h"

enum { MOST_PREFIXES = 96 };

struct prefixes {
	struct prog_prefix all[MOST_PREFIXES];
	size_t n;
};

static uint32_t verdict_to(const struct prog *prog, const char *peer, uint16_t port)
{
	struct spec spec = {.src = host[text_is_ipv4(peer) ? V4 : V6],
			    .dst = peer,
			    .protocol = IPPROTO_TCP,
			    .src_port = 50000,
			    .dst_port = port};
	struct frame frame;

	packet_build(&frame, &spec);
	return prog_explain(prog, OUTBOUND, &frame);
}

static bool is_in(const struct prefixes *prefixes, uint16_t zone, const struct addr *addr)
{
	for (size_t i = 0; i < prefixes->n; i++)
		if (prefixes->all[i].zone == zone && value_prefix_contains(&prefixes->all[i].prefix, addr))
			return true;
	return false;
}

/* Compared with the definition, through ports that are open for the office, for the relay and for any. */
static void assert_addr(const struct prog *prog, const struct prefixes *prefixes, const struct addr *addr)
{
	const struct {
		uint16_t port;
		enum service service;
		bool is_admitted;
	} ports[] = {{53, DNS, is_in(prefixes, ZONE_OFFICE, addr)},
		     {25, MAIL, is_in(prefixes, ZONE_RELAY, addr)},
		     {8443, WEB, true}};
	bool is_blocked = is_in(prefixes, ZONE_BLOCKED, addr);
	char text[ADDR_TEXT_SIZE];

	value_format_addr(addr, text);
	for (size_t i = 0; i < COUNT(ports); i++) {
		uint32_t found = verdict_to(prog, text, ports[i].port);
		uint32_t wanted = !ports[i].is_admitted ? (uint32_t)REASON_PEER
				  : is_blocked          ? (uint32_t)REASON_BLOCKED
							: (uint32_t)COUNTER_SERVICES + ports[i].service;

		if (found != wanted)
			fail_msg("%s port %u: `%s`, not `%s`", text, ports[i].port, prog_counter_name(found),
				 prog_counter_name(wanted));
	}
}

/* The first and the last address of each prefix, and those that differ from them by one of the bits around
 * its length, or by any other. */
static void assert_around(const struct prog *prog, const struct prefixes *prefixes,
			  const struct prefix *prefix)
{
	unsigned offset = prefix->is_ipv4 ? 96 : 0, length = prefix->length + offset;
	struct addr ends[2] = {prefix->addr, prefix->addr};

	for (unsigned bit = length; bit < 128; bit++)
		((uint8_t *)&ends[1])[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	for (unsigned end = 0; end < 2; end++) {
		assert_addr(prog, prefixes, &ends[end]);
		for (unsigned bit = offset; bit < 128; bit++) {
			struct addr at = ends[end];

			if (bit + 2 < length && bit % 7 != end)
				continue;
			((uint8_t *)&at)[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			if (value_addr_is_ipv4(&at) == prefix->is_ipv4)
				assert_addr(prog, prefixes, &at);
		}
	}
}

static void assert_all(const struct prefixes *prefixes)
{
	struct prog *prog = prog_load_zones(GENERATION, NULL, prefixes->all, prefixes->n);

	prog_fill_policy(prog);
	for (size_t i = 0; i < prefixes->n; i++)
		assert_around(prog, prefixes, &prefixes->all[i].prefix);
	prog_free(prog);
}

static void add(struct prefixes *prefixes, uint16_t zone, const char *text)
{
	assert_true(prefixes->n < MOST_PREFIXES);
	prefixes->all[prefixes->n++] = zones_prefix(text, zone);
}

static void test_nested_and_adjacent(void **state)
{
	static struct prefixes p;

	(void)state;
	add(&p, ZONE_OFFICE, "10.0.0.0/9");
	add(&p, ZONE_OFFICE, "10.128.0.0/9");
	add(&p, ZONE_RELAY, "10.127.255.255/32");
	add(&p, ZONE_RELAY, "10.128.0.0/32");
	add(&p, ZONE_BLOCKED, "10.127.255.254/31");
	add(&p, ZONE_RELAY, "11.0.0.0/8");
	add(&p, ZONE_BLOCKED, "11.255.0.0/16");
	add(&p, ZONE_OFFICE, "2001:db8::/63");
	add(&p, ZONE_RELAY, "2001:db8::ffff:ffff:ffff:ffff/128");
	add(&p, ZONE_RELAY, "2001:db8:0:1::/65");
	add(&p, ZONE_BLOCKED, "2001:db8:0:1::/128");
	add(&p, ZONE_BLOCKED, "2001:db8:0:1:8000::/65");
	add(&p, ZONE_OFFICE, "2001:db8:0:2::/64");
	assert_all(&p);
}

static void test_ends_of_the_address_space(void **state)
{
	static struct prefixes p;

	(void)state;
	add(&p, ZONE_OFFICE, "0.0.0.0/0");
	add(&p, ZONE_RELAY, "255.255.255.255/32");
	add(&p, ZONE_RELAY, "0.0.0.0/32");
	add(&p, ZONE_BLOCKED, "128.0.0.0/1");
	add(&p, ZONE_OFFICE, "::/0");
	add(&p, ZONE_RELAY, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
	add(&p, ZONE_RELAY, "::/128");
	add(&p, ZONE_BLOCKED, "8000::/1");
	assert_all(&p);
}

static void test_one_address_each(void **state)
{
	static struct prefixes p;

	(void)state;
	add(&p, ZONE_OFFICE, "192.0.2.7");
	add(&p, ZONE_BLOCKED, "192.0.2.7");
	add(&p, ZONE_RELAY, "2001:db8::7");
	add(&p, ZONE_BLOCKED, "2001:db8::6");
	assert_all(&p);
}

/* All of them begin with the same `shared` bits; the few that are random make them nest and touch. */
static void add_random(struct prefixes *p, bool is_ipv4, unsigned shared)
{
	static const uint16_t zones[] = {ZONE_OFFICE, ZONE_RELAY, ZONE_BLOCKED};
	unsigned all = is_ipv4 ? 32 : 128, length = shared + (unsigned)rand() % (all - shared + 1);
	struct addr addr = addr_of(is_ipv4 ? "10.165.90.195" : "2001:db8:a55a:c33c:1234:5678:9abc:def0");
	struct prog_prefix *made = &p->all[p->n++];

	for (unsigned bit = shared; bit < all; bit++) {
		unsigned at = bit + (is_ipv4 ? 96 : 0);

		if (bit < shared + 3 ? rand() % 2 : rand() % 16 == 0)
			((uint8_t *)&addr)[at / 8] ^= (uint8_t)(0x80 >> at % 8);
	}
	made->prefix = value_prefix_of(&addr, is_ipv4, (uint8_t)length);
	made->zone = zones[rand() % 3];
}

/* The windows lie at the beginning of an address, at its end, and over the border of its halves. */
static void test_windows(void **state)
{
	static const struct {
		unsigned v4;
		unsigned v6;
	} shared[] = {{0, 0},   {1, 32},  {9, 48},  {16, 57},  {20, 61},
		      {24, 63}, {28, 64}, {30, 65}, {31, 112}, {32, 126}};

	(void)state;
	srand(5);
	for (size_t i = 0; i < COUNT(shared); i++) {
		struct prefixes p = {.n = 0};

		for (int k = 0; k < 24; k++) {
			add_random(&p, true, shared[i].v4);
			add_random(&p, false, shared[i].v6);
		}
		assert_all(&p);
	}
}

static void set_bucket(const struct prog *prog, const char *map, uint32_t first, uint32_t last)
{
	struct range_bucket bucket = {first, last};

	for (uint32_t key = 0; key < 2; key++)
		assert_return_code(bpf_map_update_elem(prog_map(prog, map), &key, &bucket, BPF_ANY), errno);
}

/* Buckets that lead nowhere, as after a fault in memory: nobody is let in by them. */
static void test_unreadable_tables_deny(void **state)
{
	static const struct range_bucket broken[] = {{1000, 1000}, {0, UINT32_MAX}, {0, 1000000}};
	static struct prefixes p;
	struct prog *prog;

	(void)state;
	add(&p, ZONE_OFFICE, "128.0.0.0/1");
	add(&p, ZONE_OFFICE, "8000::/1");
	add(&p, ZONE_BLOCKED, "64.0.0.0/2");
	add(&p, ZONE_BLOCKED, "4000::/2");
	prog = prog_load_zones(GENERATION, NULL, p.all, p.n);
	prog_fill_policy(prog);
	assert_int_equal(verdict_to(prog, "198.51.100.7", 53), COUNTER_SERVICES + DNS);
	assert_int_equal(verdict_to(prog, "a001::7", 53), COUNTER_SERVICES + DNS);
	for (size_t i = 0; i < COUNT(broken); i++) {
		set_bucket(prog, "block_buckets4", broken[i].first, broken[i].last);
		set_bucket(prog, "block_buckets6", broken[i].first, broken[i].last);
		assert_int_equal(verdict_to(prog, "70.0.2.1", 8443), REASON_BLOCKED);
		assert_int_equal(verdict_to(prog, "5000::1", 8443), REASON_BLOCKED);
		set_bucket(prog, "zone_buckets4", broken[i].first, broken[i].last);
		set_bucket(prog, "zone_buckets6", broken[i].first, broken[i].last);
		assert_int_equal(verdict_to(prog, "198.51.100.7", 53), REASON_PEER);
		assert_int_equal(verdict_to(prog, "a001::7", 53), REASON_PEER);
	}
	prog_free(prog);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nested_and_adjacent),
		cmocka_unit_test(test_ends_of_the_address_space),
		cmocka_unit_test(test_one_address_each),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_unreadable_tables_deny),
	};

	return prog_main(tests, COUNT(tests), NULL, NULL);
}
