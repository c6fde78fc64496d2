// SPDX-License-Identifier: GPL-2.0-only
/* What the map entries of a policy say: which address is in which zones. */
#include "compile_fixture.h"
#include "ranges.h"

static struct addr addr(const char *text)
{
	struct addr made;

	assert_int_equal(value_parse_addr(text, &made), 0);
	return made;
}

static void assert_zones(const struct compiled *c, const char *text, uint64_t bits)
{
	struct addr at = addr(text);

	assert_true(zones_of(c, &at)->bits[0] == bits);
}

static void addresses_are_in_every_zone_that_contains_them(void **state)
{
	struct fixture *f = *state;
	struct prefix wide[] = {prefix("10.0.0.0", 7),      prefix("10.20.0.0", 16),
				prefix("2001:db8::", 33),   prefix("10.20.0.24", 31),
				prefix("10.20.0.25", 32),   prefix("10.21.0.0", 16),
				prefix("2001:db8:20::", 49)};
	struct rule in[] = {{.service = WEB, .peers = (size_t[]){OFFICE, RELAY, HALF4, ANY}, .n_peers = 4}};
	struct compiled *c;

	f->zones[HALF4].prefixes = wide;
	f->zones[HALF4].n_prefixes = COUNT(wide);
	f->policy.inbound = in;
	f->policy.n_inbound = COUNT(in);
	c = do_compile(f, NULL);

	assert_zones(c, "9.255.255.255", 0);
	assert_zones(c, "10.0.0.0", 1 << HALF4);
	assert_zones(c, "10.19.255.255", 1 << HALF4);
	assert_zones(c, "10.20.0.0", 1 << OFFICE | 1 << HALF4);
	assert_zones(c, "10.20.0.24", 1 << OFFICE | 1 << HALF4);
	assert_zones(c, "10.20.0.25", 1 << OFFICE | 1 << HALF4 | 1 << RELAY);
	assert_zones(c, "10.20.0.26", 1 << OFFICE | 1 << HALF4);
	assert_zones(c, "10.20.255.255", 1 << OFFICE | 1 << HALF4);
	assert_zones(c, "10.21.0.0", 1 << HALF4);
	assert_zones(c, "11.255.255.255", 1 << HALF4);
	assert_zones(c, "12.0.0.0", 0);
	assert_zones(c, "2001:db8::", 1 << HALF4);
	assert_zones(c, "2001:db8:20::", 1 << OFFICE | 1 << HALF4);
	assert_zones(c, "2001:db8:20:ffff:ffff:ffff:ffff:ffff", 1 << OFFICE | 1 << HALF4);
	assert_zones(c, "2001:db8:21::", 1 << HALF4);
	assert_zones(c, "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", 1 << HALF4);
	assert_zones(c, "2001:db8:8000::", 0);
	/* A range begins only where the zones change, and each set is there once. */
	assert_int_equal(c->zones4.n_ranges, 7);
	assert_int_equal(c->zones6.n_ranges, 5);
	assert_int_equal(c->n_zone_sets, 4);
}

static void families_do_not_contain_each_other(void **state)
{
	struct fixture *f = *state;
	struct prefix mapped[] = {prefix("::ffff:0:0", 96)};
	struct addr mapped_host = {.word = {0, 0, htonl(0xffff), htonl(0xc0000201)}};
	struct rule in[] = {{.service = WEB, .peers = (size_t[]){OFFICE, HALF6, HALF4, RELAY}, .n_peers = 4}};
	struct compiled *c;

	f->zones[RELAY].prefixes = mapped;
	f->policy.inbound = in;
	f->policy.n_inbound = COUNT(in);
	c = do_compile(f, NULL);
	assert_zones(c, "::", 1 << HALF6);
	assert_zones(c, "0.0.0.0", 1 << HALF4);
	assert_zones(c, "10.20.0.0", 1 << OFFICE | 1 << HALF4);
	assert_zones(c, "2001:db8:20::", 1 << OFFICE | 1 << HALF6);
	assert_true(c->zone_sets[table_find(&c->zones6, &mapped_host)].bits[0] == (1 << RELAY | 1 << HALF6));

	in[0].peers = (size_t[]){HALF4, RELAY};
	in[0].n_peers = 2;
	c = do_compile(f, NULL);
	assert_zones(c, "192.0.2.1", 1 << HALF4);
	assert_true(c->zone_sets[table_find(&c->zones6, &mapped_host)].bits[0] == 1 << RELAY);
}

static void unused_zones_have_no_ranges(void **state)
{
	struct fixture *f = *state;
	struct rule out[] = {{.service = WEB, .peers = (size_t[]){ANY, RELAY}, .n_peers = 2}};
	struct compiled *c;

	f->policy.outbound = out;
	f->policy.n_outbound = COUNT(out);
	c = do_compile(f, NULL);
	assert_zones(c, "10.20.0.25", 1 << RELAY);
	assert_zones(c, "10.20.0.24", 0);
	assert_int_equal(c->zones4.n_ranges, 3);
	assert_int_equal(c->zones6.n_ranges, 0);
}

static struct prefix random_prefix(void)
{
	uint8_t length = (uint8_t)(1 + rand() % 32);
	uint32_t bits = (uint32_t)(rand() % 16) << 28 | (uint32_t)(rand() % 16) << 2;
	struct prefix made = prefix("0.0.0.0", length);

	made.addr.word[3] = htonl(bits & 0xffffffffu << (32 - length));
	return made;
}

/* Compared with the definition itself: each prefix is a zone of its own. */
static void containment_agrees_with_its_definition(void **state)
{
	enum { N = MAX_ZONES - 1 };
	struct fixture *f = *state;
	struct prefix many[N];
	struct zone zones[MAX_ZONES] = {0};
	size_t peers[N], n_contained = 0;
	struct rule in[] = {{.service = WEB, .peers = peers, .n_peers = N}};
	struct compiled *c;

	srand(7);
	for (size_t i = 0; i < N; i++) {
		many[i] = random_prefix();
		zones[i + 1] = (struct zone){.prefixes = &many[i], .n_prefixes = 1};
		peers[i] = i + 1;
	}
	f->policy.zones = zones;
	f->policy.n_zones = MAX_ZONES;
	f->policy.inbound = in;
	f->policy.n_inbound = COUNT(in);
	c = do_compile(f, NULL);
	for (size_t i = 0; i < N; i++) {
		const struct zone_set *inner = zones_of(c, &many[i].addr);

		for (size_t k = 0; k < N; k++) {
			uint32_t diff = ntohl(many[i].addr.word[3] ^ many[k].addr.word[3]);
			bool contains = diff >> (32 - many[k].length) == 0;

			n_contained += contains;
			assert_int_equal(inner->bits[(k + 1) / 64] >> (k + 1) % 64 & 1, contains);
		}
	}
	assert_true(n_contained > 2 * N && n_contained < N * N / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses_are_in_every_zone_that_contains_them),
		TEST(families_do_not_contain_each_other),
		TEST(unused_zones_have_no_ranges),
		TEST(containment_agrees_with_its_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
