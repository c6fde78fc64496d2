/* SPDX-License-Identifier: GPL-2.0-only */
/* Parts of a policy as text for people and as JSON. */
#ifndef POSTERN_DESCRIBE_H
#define POSTERN_DESCRIBE_H

#include <jansson.h>
#include <stddef.h>

#include "policy.h"

enum { PORTS_TEXT_SIZE = 512, SCOPE_TEXT_SIZE = 96 };

/* "80,443,3000-3003", cut off with "…" where it is longer; into `buf` of PORTS_TEXT_SIZE, returned. */
const char *describe_ranges(const struct port_range *ranges, size_t n, char *buf);
json_t *json_ranges(const struct port_range *ranges, size_t n);

/* "50,112", likewise. */
const char *describe_protocols(const uint8_t *protocols, size_t n, char *buf);
json_t *json_protocols(const uint8_t *protocols, size_t n);

/* Peers are indexes in policy->zones: "office (10.20.0.0/16), 192.0.2.7", malloc()ed; NULL: out of
 * memory. */
char *describe_peers(const struct policy *policy, const size_t *peers, size_t n);
/* "on eth1 at 203.0.113.10", "" where it is everywhere; into `buf` of SCOPE_TEXT_SIZE, returned. */
const char *describe_scope(const struct scope *scope, char *buf);
/* [{zone: NAME or null, prefixes: […]}] */
json_t *json_peers(const struct policy *policy, const size_t *peers, size_t n);

#endif
