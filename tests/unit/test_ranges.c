// SPDX-License-Identifier: GPL-2.0-only
/* Prefixes as ranges and buckets: their borders, the last address, the window, the limit. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compile_parts.h"
#include "ranges.h"

enum { N_ZONES = 4, MOST_PREFIXES = 400, MOST_IN_ZONE = 200 };

/* Zones 1 to 3 and what became of them. */
struct tables {
	struct zone zones[N_ZONES];
	struct prefix prefixes[N_ZONES][MOST_IN_ZONE];
	struct compiled compiled;
};

static void add_prefix(struct tables *t, size_t zone, struct prefix prefix)
{
	t->zones[zone].prefixes = t->prefixes[zone];
	assert_true(t->zones[zone].n_prefixes < MOST_IN_ZONE);
	t->prefixes[zone][t->zones[zone].n_prefixes++] = prefix;
}

static void add(struct tables *t, size_t zone, const char *text)
{
	struct prefix prefix;

	assert_int_equal(value_parse_prefix(text, &prefix, NULL), 0);
	add_prefix(t, zone, prefix);
}

static const struct compiled *make(struct tables *t)
{
	struct policy policy = {
		.zones = t->zones, .n_zones = N_ZONES, .block = (size_t[]){1, 2, 3}, .n_block = 3};
	struct zone_set used = zone_set_of(policy.block, 3);
	const char *limit;

	assert_int_equal(compile_prefixes(&policy, &used, &t->compiled, &limit), 0);
	assert_int_equal(compile_block(&policy, &t->compiled, &limit), 0);
	return &t->compiled;
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct tables));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	struct tables *t = *state;

	range_table_free(&t->compiled.zones4);
	range_table_free(&t->compiled.zones6);
	range_table_free(&t->compiled.block4);
	range_table_free(&t->compiled.block6);
	free(t->compiled.zone_sets);
	free(t);
	return 0;
}

static unsigned bit_of(const struct addr *addr, bool is_ipv4, unsigned i)
{
	unsigned at = i + (is_ipv4 ? 96 : 0);

	return ((const uint8_t *)addr)[at / 8] >> (7 - at % 8) & 1;
}

/* Whether the bucket of the address, if it has one, holds the right range. Bit by bit. */
static void assert_bucket(const struct range_table *table, const struct addr *addr)
{
	const struct range_window *window = &table->window;
	const struct range_bucket *bucket;
	bool is_ipv4 = table->ranges4;
	size_t right = range_index(table, addr);
	uint32_t number = 0;

	for (unsigned i = 0; i < window->skip; i++) {
		uint64_t half = i < 64 ? window->common_high : window->common_low;

		if ((half >> (63 - i % 64) & 1) != bit_of(addr, is_ipv4, i)) {
			assert_int_equal(range_value(table, right), 0);
			return;
		}
	}
	for (unsigned i = 0; i < window->bits; i++)
		number = number << 1 | bit_of(addr, is_ipv4, window->skip + i);
	assert_true(number < table->n_buckets);
	bucket = &table->buckets[number];
	assert_true(bucket->first <= right && right <= bucket->last && bucket->last < table->n_ranges);
}

/* Compared with the definition. */
static void assert_addr(const struct tables *t, const struct addr *addr)
{
	struct zone_set expected = {0};
	bool is_ipv4 = value_addr_is_ipv4(addr);

	for (size_t i = 1; i < N_ZONES; i++)
		for (size_t k = 0; k < t->zones[i].n_prefixes; k++)
			if (value_prefix_contains(&t->zones[i].prefixes[k], addr))
				zone_set_add(&expected, i);
	assert_memory_equal(zones_of(&t->compiled, addr), &expected, sizeof(expected));
	assert_int_equal(is_blocked(&t->compiled, addr), expected.bits[0] != 0);
	if ((is_ipv4 ? &t->compiled.zones4 : &t->compiled.zones6)->n_ranges) {
		assert_bucket(is_ipv4 ? &t->compiled.zones4 : &t->compiled.zones6, addr);
		assert_bucket(is_ipv4 ? &t->compiled.block4 : &t->compiled.block6, addr);
	}
}

/* To the address before or behind; false at the end of the family. */
static bool step(struct addr *addr, bool is_ipv4, bool forward)
{
	uint8_t *bytes = (uint8_t *)addr, carry = forward ? 0xff : 0;

	for (int i = 15; i >= (is_ipv4 ? 12 : 0); i--) {
		bool carried = bytes[i] == carry;

		bytes[i] = (uint8_t)(bytes[i] + (forward ? 1 : -1));
		if (!carried)
			return true;
	}
	return false;
}

/* At each prefix: its first and last address, their neighbours, and all that differ by one bit. */
static void assert_around(const struct tables *t, const struct prefix *prefix)
{
	unsigned offset = prefix->is_ipv4 ? 96 : 0;
	struct addr first = prefix->addr, last = prefix->addr, at;

	for (unsigned bit = prefix->length + offset; bit < 128; bit++)
		((uint8_t *)&last)[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	assert_addr(t, &first);
	assert_addr(t, &last);
	at = first;
	if (step(&at, prefix->is_ipv4, false) && value_addr_is_ipv4(&at) == prefix->is_ipv4)
		assert_addr(t, &at);
	at = last;
	if (step(&at, prefix->is_ipv4, true) && value_addr_is_ipv4(&at) == prefix->is_ipv4)
		assert_addr(t, &at);
	for (unsigned bit = offset; bit < 128; bit++) {
		at = bit % 2 ? first : last;
		((uint8_t *)&at)[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		if (value_addr_is_ipv4(&at) == prefix->is_ipv4)
			assert_addr(t, &at);
	}
}

static void assert_all(const struct tables *t)
{
	for (size_t i = 1; i < N_ZONES; i++)
		for (size_t k = 0; k < t->zones[i].n_prefixes; k++)
			assert_around(t, &t->zones[i].prefixes[k]);
}

static void nothing_has_no_table(void **state)
{
	const struct compiled *c = make(*state);

	assert_int_equal(c->zones4.n_ranges + c->zones6.n_ranges, 0);
	assert_int_equal(c->block4.n_ranges + c->block6.n_ranges, 0);
	assert_int_equal(c->zones4.window.bits, 0);
	assert_int_equal(c->n_zone_sets, 1); /* that without zones */
}

static void neighbours_in_the_same_zones_are_one_range(void **state)
{
	struct tables *t = *state;
	const struct compiled *c;

	add(t, 1, "10.0.0.0/9");
	add(t, 1, "10.128.0.0/9");
	add(t, 1, "10.0.0.0/9"); /* twice */
	add(t, 2, "11.0.0.0/8"); /* beside it, but in another zone */
	add(t, 1, "2001:db8::/64");
	add(t, 1, "2001:db8:0:1::/65");
	add(t, 1, "2001:db8:0:1:8000::/65");
	c = make(t);
	assert_int_equal(c->zones4.n_ranges, 4);
	assert_int_equal(c->block4.n_ranges, 3);
	assert_int_equal(c->zones6.n_ranges, 3);
	assert_int_equal(c->n_zone_sets, 3);
	assert_all(t);
}

static void nested_prefixes_add_up(void **state)
{
	struct tables *t = *state;

	add(t, 1, "10.0.0.0/8");
	add(t, 2, "10.0.0.0/9"); /* begins with it */
	add(t, 3, "10.255.255.255/32");
	add(t, 1, "10.255.255.254/31"); /* all end together, and what encloses it is of the same zone */
	add(t, 3, "10.20.0.0/16");
	add(t, 2, "10.20.0.0/16"); /* one prefix, two zones */
	add(t, 1, "10.20.128.0/17");
	add(t, 1, "2001:db8::/32");
	add(t, 2, "2001:db8::/64");
	add(t, 3, "2001:db8::/128");
	add(t, 3, "2001:db8::ffff:ffff:ffff:ffff/128"); /* the next range begins in the other half */
	add(t, 2, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/128");
	make(t);
	assert_all(t);
}

static void the_ends_of_the_address_space(void **state)
{
	struct tables *t = *state;
	const struct compiled *c;

	add(t, 1, "0.0.0.0/0");
	add(t, 1, "::/0");
	c = make(t);
	assert_int_equal(c->zones4.n_ranges, 1);
	assert_int_equal(c->zones6.n_ranges, 1);
	assert_all(t);
	teardown(state);
	assert_int_equal(setup(state), 0);
	t = *state;
	add(t, 1, "255.255.255.255");
	add(t, 2, "255.255.255.254/31");
	add(t, 3, "0.0.0.0");
	add(t, 1, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	add(t, 2, "ffff:ffff:ffff:ffff::/64");
	add(t, 3, "::");
	make(t);
	assert_all(t);
}

static void the_window_is_behind_what_all_share(void **state)
{
	struct tables *t = *state;
	const struct compiled *c;

	add(t, 1, "20.76.5.9"); /* 3 ranges: 2 bits, the last ones */
	add(t, 1, "2001:db8:0:1::/64");
	add(t, 1, "2001:db8:0:3::/64"); /* 5 ranges; 62 bits are the same */
	c = make(t);
	assert_int_equal(c->zones4.window.bits, 2);
	assert_int_equal(c->zones4.window.skip, 30);
	assert_true(c->zones4.window.common_high == 0x144c050800000000);
	assert_int_equal(c->zones6.window.bits, 3);
	assert_int_equal(c->zones6.window.skip, 62);
	assert_true(c->zones6.window.common_high == 0x20010db800000000);
	assert_int_equal(c->zones6.n_buckets, 8);
	assert_all(t);
}

static struct prefix random_prefix(bool is_ipv4, unsigned shared, uint8_t fill)
{
	unsigned all = is_ipv4 ? 32 : 128, length = shared + (unsigned)rand() % (all - shared + 1);
	struct addr addr = {.word = {0, 0, is_ipv4 ? htonl(0xffff) : 0, 0}};
	uint8_t *bytes = (uint8_t *)&addr + (is_ipv4 ? 12 : 0);

	if (rand() % 3 == 0)
		length = all;
	for (unsigned bit = 0; bit < all; bit++) {
		/* Few bits are random: so they nest and touch. */
		unsigned value = bit < shared       ? fill >> bit % 8 & 1u
				 : bit < shared + 5 ? (unsigned)rand() & 1u
				 : bit + 4 > length ? (unsigned)rand() & 1u
				 : rand() % 16      ? 0u
						    : 1u;

		bytes[bit / 8] |= (uint8_t)(value << (7 - bit % 8));
	}
	return value_prefix_of(&addr, is_ipv4, (uint8_t)length);
}

static void tables_agree_with_the_definition(void **state)
{
	static const uint8_t shared[] = {0,  1,  2,  8,  15, 16, 17,  27,  31,  32,  47,  48, 49,
					 60, 63, 64, 65, 80, 96, 111, 112, 113, 120, 127, 128};

	srand(11);
	for (size_t i = 0; i < sizeof(shared); i++) {
		struct tables *t = *state;

		for (unsigned k = 0; k < MOST_PREFIXES / 4; k++) {
			if (shared[i] <= 32)
				add_prefix(t, 1 + k % 3, random_prefix(true, shared[i], (uint8_t)(i * 37)));
			/* Not ::ffff:0:0/96, which no IPv6 address is in. */
			add_prefix(t, 1 + k % 3, random_prefix(false, shared[i], (uint8_t)(i * 37 | 4)));
		}
		make(t);
		assert_all(t);
		teardown(state);
		assert_int_equal(setup(state), 0);
	}
}

/* Every other address is a prefix: each makes two ranges. */
static void too_many_ranges_are_refused(void **state)
{
	enum { N = MAX_RANGES / 2 };
	struct prefix *prefixes = calloc(N, sizeof(*prefixes));
	struct zone zones[2] = {{.n_prefixes = 0}, {.prefixes = prefixes, .n_prefixes = N}};
	struct policy policy = {.zones = zones, .n_zones = 2, .block = (size_t[]){1}, .n_block = 1};
	struct compiled compiled = {0};
	const char *limit = NULL;

	(void)state;
	assert_non_null(prefixes);
	for (uint32_t i = 0; i < N; i++)
		prefixes[i] = (struct prefix){
			.addr.word = {0, 0, htonl(0xffff), htonl(2 * i + 1)}, .length = 32, .is_ipv4 = true};
	assert_int_equal(compile_block(&policy, &compiled, &limit), -E2BIG);
	assert_non_null(strstr(limit, "ranges"));
	assert_int_equal(compiled.block4.n_ranges, 0);
	zones[1].n_prefixes--;
	assert_int_equal(compile_block(&policy, &compiled, &limit), 0);
	assert_int_equal(compiled.block4.n_ranges, MAX_RANGES - 1);
	range_table_free(&compiled.block4);
	free(prefixes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_has_no_table),
		TEST(neighbours_in_the_same_zones_are_one_range),
		TEST(nested_prefixes_add_up),
		TEST(the_ends_of_the_address_space),
		TEST(the_window_is_behind_what_all_share),
		TEST(tables_agree_with_the_definition),
		TEST(too_many_ranges_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
