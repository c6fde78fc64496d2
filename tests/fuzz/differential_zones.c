// SPDX-License-Identifier: GPL-2.0-only
/* Random zones: prefixes that overlap, nest and touch. */
#include <stdlib.h>
#include <string.h>

#include "differential.h"
#include "differential_append.h"

enum { MOST_ZONES = 8 };

static const char *const prefixes4[] = {"10.20.0.0",   "10.20.0.25", "198.51.100.0", "198.51.100.7",
					"192.0.2.0",   "128.0.0.0",  "0.0.0.0",      "172.16.0.0",
					"10.20.128.0", "169.254.0.0"};
static const char *const prefixes6[] = {
	"2001:db8::",    "2001:db8:99::7", "2001:db8:20::",       "fe80::", "8000::", "::",
	"2001:db8:99::", "::ffff:0:0",     "2001:db8:20:0:8000::"};

/* Where the prefixes of a policy are: all over the address space, or all within one of these. */
struct area {
	bool is_narrow;
	uint32_t base4;
	uint32_t base6;
	unsigned shared4; /* how many bits all of them share */
	unsigned shared6;
	struct prefix last[2]; /* [is_ipv4] */
};

static struct area random_area(struct random *random)
{
	return (struct area){
		.is_narrow = random_chance(random, 40),
		.base4 = random_below(random, LENGTH(prefixes4)),
		.base6 = random_below(random, LENGTH(prefixes6)),
		.shared4 = random_below(random, 33),
		.shared6 = random_below(random, 129),
		.last = {{.length = 64}, {.addr.word[2] = htonl(0xffff), .length = 16, .is_ipv4 = true}},
	};
}

static void flip(struct prefix *prefix, unsigned bit)
{
	uint8_t *bytes = (uint8_t *)&prefix->addr + (prefix->is_ipv4 ? 12 : 0);

	bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
}

static void trim(struct prefix *prefix)
{
	*prefix = value_prefix_of(&prefix->addr, prefix->is_ipv4, prefix->length);
}

/* Beside, around or within another one, one bit away. */
static struct prefix related_prefix(struct prefix prefix, struct random *random)
{
	unsigned bits = prefix.is_ipv4 ? 32 : 128, kind = random_below(random, 3);

	if (kind == 0 && prefix.length) {
		flip(&prefix, prefix.length - 1u);
	} else if (kind == 1 && prefix.length) {
		prefix.length--;
	} else if (prefix.length < bits) {
		prefix.length++;
		if (random_chance(random, 50))
			flip(&prefix, prefix.length - 1u);
	}
	trim(&prefix);
	return prefix;
}

static struct prefix random_prefix(const struct area *area, struct random *random)
{
	struct prefix prefix = {.is_ipv4 = random_chance(random, 50)};
	uint8_t *bytes = (uint8_t *)&prefix.addr + (prefix.is_ipv4 ? 12 : 0);
	unsigned bits = prefix.is_ipv4 ? 32 : 128, shared = prefix.is_ipv4 ? area->shared4 : area->shared6;
	uint32_t n = prefix.is_ipv4 ? LENGTH(prefixes4) : LENGTH(prefixes6), base = random_below(random, n);

	if (random_chance(random, 25))
		return related_prefix(area->last[prefix.is_ipv4], random);
	if (area->is_narrow)
		base = prefix.is_ipv4 ? area->base4 : area->base6;
	if (prefix.is_ipv4)
		prefix.addr.word[2] = htonl(0xffff);
	inet_pton(prefix.is_ipv4 ? AF_INET : AF_INET6, prefix.is_ipv4 ? prefixes4[base] : prefixes6[base],
		  bytes);
	prefix.length = (uint8_t)(random_chance(random, 15)  ? bits
				  : random_chance(random, 6) ? random_below(random, 2)
							     : random_below(random, bits + 1));
	if (area->is_narrow) {
		prefix.length = (uint8_t)(shared + random_below(random, bits - shared + 1));
		for (unsigned bit = shared; bit < bits; bit++)
			if (random_chance(random, 20))
				flip(&prefix, bit);
	}
	trim(&prefix);
	return prefix;
}

void random_zones(struct policy *policy, struct random *random)
{
	size_t n = random_chance(random, 10) ? 60 + random_below(random, MAX_ZONES - 61)
					     : 1 + random_below(random, MOST_ZONES);
	struct zone *any = APPEND(policy->zones, policy->n_zones);
	struct area area = random_area(random);

	any->name = strdup("any");
	*APPEND(any->prefixes, any->n_prefixes) =
		(struct prefix){.is_ipv4 = true, .addr.word[2] = htonl(0xffff)};
	*APPEND(any->prefixes, any->n_prefixes) = (struct prefix){0};
	for (size_t i = 0; i < n; i++) {
		struct zone *zone = APPEND(policy->zones, policy->n_zones);

		if (asprintf(&zone->name, "z%zu", i) < 0)
			abort();
		for (unsigned k = 1 + random_below(random, 4); k; k--) {
			struct prefix prefix = random_prefix(&area, random);

			*APPEND(zone->prefixes, zone->n_prefixes) = prefix;
			area.last[prefix.is_ipv4] = prefix;
		}
	}
}
