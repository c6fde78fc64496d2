/* SPDX-License-Identifier: GPL-2.0-only */
/* The zones of the small policy, as tables of ranges. */
#ifndef POSTERN_TESTS_PROG_ZONES_H
#define POSTERN_TESTS_PROG_ZONES_H

#include <stddef.h>
#include <stdint.h>

#include "value.h"

enum { ZONE_OFFICE = 1, ZONE_BLOCKED = 2, ZONE_RELAY = 65 /* in another word of a struct zone_set */ };

/* A prefix and the zone it is in. ZONE_BLOCKED is blocked and in no rule. */
struct prog_prefix {
	struct prefix prefix;
	uint16_t zone;
};

struct compiled;

/* Only the tables are filled. Whatever fails here fails the test. */
struct compiled *zones_compile(const struct prog_prefix *prefixes, size_t n);
void zones_free(struct compiled *compiled);
/* The enum generation_flag that belong to it. */
uint32_t zones_flags(const struct compiled *compiled);

struct prog_prefix zones_prefix(const char *text, uint16_t zone);

#endif
