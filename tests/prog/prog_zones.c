// SPDX-License-Identifier: GPL-2.0-only
/* Compiles prefixes as the zones of the small policy. */
#include "prog_zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compile_parts.h"

struct compiled *zones_compile(const struct prog_prefix *prefixes, size_t n)
{
	struct prefix *members = calloc(3 * n + 1, sizeof(*members));
	struct compiled *compiled = calloc(1, sizeof(*compiled));
	struct zone zones[ZONE_RELAY + 1] = {0};
	struct policy policy = {
		.zones = zones, .n_zones = ZONE_RELAY + 1, .block = (size_t[]){ZONE_BLOCKED}, .n_block = 1};
	struct zone_set used = zone_set_of((size_t[]){ZONE_OFFICE, ZONE_RELAY}, 2);
	const char *limit;

	assert_non_null(members);
	assert_non_null(compiled);
	zones[ZONE_OFFICE].prefixes = members;
	zones[ZONE_BLOCKED].prefixes = members + n;
	zones[ZONE_RELAY].prefixes = members + 2 * n;
	for (size_t i = 0; i < n; i++) {
		struct zone *zone = &zones[prefixes[i].zone];

		zone->prefixes[zone->n_prefixes++] = prefixes[i].prefix;
	}
	assert_int_equal(compile_prefixes(&policy, &used, compiled, &limit), 0);
	assert_int_equal(compile_block(&policy, compiled, &limit), 0);
	free(members);
	return compiled;
}

void zones_free(struct compiled *compiled)
{
	compiled_free(compiled);
}

uint32_t zones_flags(const struct compiled *compiled)
{
	return compiled->block4.n_ranges || compiled->block6.n_ranges ? GENERATION_BLOCK : 0;
}

struct prog_prefix zones_prefix(const char *text, uint16_t zone)
{
	struct prog_prefix made = {.zone = zone};

	if (value_parse_prefix(text, &made.prefix, NULL))
		fail_msg("no prefix: %s", text);
	return made;
}
