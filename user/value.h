/* SPDX-License-Identifier: GPL-2.0-only */
/* Text to values and back: ports, ranges, addresses, prefixes, durations, names. */
#ifndef POSTERN_VALUE_H
#define POSTERN_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

/* An inclusive range of ports in host byte order; a single port has first == last. */
struct port_range {
	uint16_t first;
	uint16_t last;
};

/* A prefix; `length` counts the bits of the family (0-32 or 0-128), bits behind it are zero. */
struct prefix {
	struct addr addr;
	uint8_t length;
	bool is_ipv4;
};

enum { ADDR_TEXT_SIZE = 64 /* fits any address or prefix as text, its NUL included */ };

/* Every value_parse_* returns 0, or -EINVAL where the text is not of the form, or -ERANGE where it is
 * but the number is outside what the type holds; the output is untouched then. Text must be whole:
 * blanks and trailing characters are errors. */

/* A decimal port, 1-65535. */
int value_parse_port(const char *text, uint16_t *ret_port);
/* "N" or "N-M" with N <= M (-EINVAL otherwise). */
int value_parse_port_range(const char *text, struct port_range *ret_range);
/* A decimal number from min to max. */
int value_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number);
/* An IPv4 or IPv6 address; IPv4 is stored mapped (see struct addr). An IPv4-mapped IPv6 text is
 * -EINVAL: such a packet cannot exist. */
int value_parse_addr(const char *text, struct addr *ret_addr);
/* An address with or without "/LENGTH". Host bits that are set are -EINVAL with *ret_host_bits
 * (may be NULL) true, so that the caller can name the prefix that was meant. */
int value_parse_prefix(const char *text, struct prefix *ret_prefix, bool *ret_host_bits);
/* A number with a unit: ms, s, m, h ("30s"); nanoseconds. 0 is -ERANGE. */
int value_parse_duration(const char *text, uint64_t *ret_ns);
/* on, yes, true; off, no, false. */
int value_parse_bool(const char *text, bool *ret_bool);
/* Names of zones, services and servers: a letter or digit, then letters, digits, '.', '_', '-';
 * shorter than NAME_SIZE. */
bool value_is_name(const char *text);

bool value_addr_is_ipv4(const struct addr *addr);
bool value_addr_equal(const struct addr *a, const struct addr *b);
bool value_prefix_contains(const struct prefix *prefix, const struct addr *addr);
struct prefix value_prefix_of(const struct addr *addr, bool is_ipv4, uint8_t length);

/* Write text to `buf` of ADDR_TEXT_SIZE and return it. IPv4 comes out dotted. */
const char *value_format_addr(const struct addr *addr, char *buf);
const char *value_format_prefix(const struct prefix *prefix, char *buf);

#endif
