// SPDX-License-Identifier: GPL-2.0-only
// Text to values and back: the only converters of ports, addresses, prefixes, durations and names.
#include "value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *text;
	bool value;
} bool_words[] = {{"on", true},   {"yes", true}, {"true", true},
		  {"off", false}, {"no", false}, {"false", false}};

/* Locale must not change what a policy means, hence none of <ctype.h>. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Digits up to `end`. A leading zero is refused: some read it as octal. */
static int parse_digits(const char *text, const char *end, uint64_t *ret)
{
	uint64_t number = 0;
	bool overflow = false;

	if (text == end || (*text == '0' && end - text > 1))
		return -EINVAL;
	for (; text < end; text++) {
		if (!is_digit(*text))
			return -EINVAL;
		overflow = overflow || __builtin_mul_overflow(number, 10, &number) ||
			   __builtin_add_overflow(number, (uint64_t)(*text - '0'), &number);
	}
	if (overflow)
		return -ERANGE;
	*ret = number;
	return 0;
}

static int parse_bounded(const char *text, const char *end, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t number;
	int r = parse_digits(text, end, &number);

	if (r < 0)
		return r;
	if (number < min || number > max)
		return -ERANGE;
	*ret = number;
	return 0;
}

int value_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number)
{
	return parse_bounded(text, text + strlen(text), min, max, ret_number);
}

int value_parse_port(const char *text, uint16_t *ret_port)
{
	uint64_t port;
	int r = value_parse_number(text, 1, UINT16_MAX, &port);

	if (r == 0)
		*ret_port = (uint16_t)port;
	return r;
}

int value_parse_port_range(const char *text, struct port_range *ret_range)
{
	const char *end = text + strlen(text);
	const char *dash = strchr(text, '-');
	uint64_t first, last;
	int r, r_last;

	r = parse_bounded(text, dash ? dash : end, 1, UINT16_MAX, &first);
	r_last = dash ? parse_bounded(dash + 1, end, 1, UINT16_MAX, &last) : r;
	/* The form is judged before the numbers: "0-x" is no range at all. */
	if (r == -EINVAL || r_last == -EINVAL)
		return -EINVAL;
	if (r < 0 || r_last < 0)
		return -ERANGE;
	if (!dash)
		last = first;
	if (first > last)
		return -EINVAL;
	*ret_range = (struct port_range){.first = (uint16_t)first, .last = (uint16_t)last};
	return 0;
}

int value_parse_addr(const char *text, struct addr *ret_addr)
{
	struct addr addr = {.word = {0, 0, htonl(0xffff), 0}};

	if (inet_pton(AF_INET, text, &addr.word[3]) != 1 &&
	    (inet_pton(AF_INET6, text, &addr) != 1 || value_addr_is_ipv4(&addr)))
		return -EINVAL;
	*ret_addr = addr;
	return 0;
}

int value_parse_prefix(const char *text, struct prefix *ret_prefix, bool *ret_host_bits)
{
	const char *slash = strchr(text, '/');
	size_t addr_size = slash ? (size_t)(slash - text) : strlen(text);
	char addr_text[ADDR_TEXT_SIZE];
	struct prefix prefix;
	struct addr addr;
	bool is_ipv4;
	uint64_t length;
	int r;

	if (addr_size >= sizeof(addr_text))
		return -EINVAL;
	memcpy(addr_text, text, addr_size);
	addr_text[addr_size] = '\0';
	r = value_parse_addr(addr_text, &addr);
	if (r < 0)
		return r;
	is_ipv4 = value_addr_is_ipv4(&addr);
	length = is_ipv4 ? 32 : 128;
	if (slash) {
		r = value_parse_number(slash + 1, 0, length, &length);
		if (r < 0)
			return r;
	}
	prefix = value_prefix_of(&addr, is_ipv4, (uint8_t)length);
	if (!value_addr_equal(&prefix.addr, &addr)) {
		if (ret_host_bits)
			*ret_host_bits = true;
		return -EINVAL;
	}
	*ret_prefix = prefix;
	return 0;
}

int value_parse_duration(const char *text, uint64_t *ret_ns)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = {{"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}};
	const char *end = text;
	uint64_t number;
	int r;

	while (is_digit(*end))
		end++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit) != 0)
			continue;
		r = parse_bounded(text, end, 1, UINT64_MAX / units[i].ns, &number);
		if (r == 0)
			*ret_ns = number * units[i].ns;
		return r;
	}
	return -EINVAL;
}

int value_parse_bool(const char *text, bool *ret_bool)
{
	for (size_t i = 0; i < sizeof(bool_words) / sizeof(bool_words[0]); i++)
		if (strcmp(text, bool_words[i].text) == 0) {
			*ret_bool = bool_words[i].value;
			return 0;
		}
	return -EINVAL;
}

bool value_is_name(const char *text)
{
	size_t length = 0;

	if (!is_alnum(*text))
		return false;
	for (; text[length]; length++)
		if (length >= NAME_SIZE - 1 || (!is_alnum(text[length]) && !strchr("._-", text[length])))
			return false;
	return true;
}

bool value_addr_is_ipv4(const struct addr *addr)
{
	return addr_is_mapped(addr);
}

bool value_addr_equal(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* The network mask of word `i` of an address whose first `bits` bits count. */
static __be32 mask_word(unsigned bits, unsigned i)
{
	unsigned used = bits <= i * 32 ? 0 : bits - i * 32;

	if (used == 0)
		return 0;
	return used >= 32 ? UINT32_MAX : htonl(UINT32_MAX << (32 - used));
}

struct prefix value_prefix_of(const struct addr *addr, bool is_ipv4, uint8_t length)
{
	struct prefix prefix = {.length = length, .is_ipv4 = is_ipv4};
	unsigned bits = length + (is_ipv4 ? 96u : 0u);

	for (unsigned i = 0; i < 4; i++)
		prefix.addr.word[i] = addr->word[i] & mask_word(bits, i);
	return prefix;
}

bool value_prefix_contains(const struct prefix *prefix, const struct addr *addr)
{
	struct prefix of;

	/* ::/0 holds no IPv4 address, although those are stored as ::ffff:a.b.c.d. */
	if (value_addr_is_ipv4(addr) != prefix->is_ipv4)
		return false;
	of = value_prefix_of(addr, prefix->is_ipv4, prefix->length);
	return value_addr_equal(&of.addr, &prefix->addr);
}

static const char *format_addr(const struct addr *addr, bool is_ipv4, char *buf)
{
	return is_ipv4 ? inet_ntop(AF_INET, &addr->word[3], buf, ADDR_TEXT_SIZE)
		       : inet_ntop(AF_INET6, addr, buf, ADDR_TEXT_SIZE);
}

const char *value_format_addr(const struct addr *addr, char *buf)
{
	return format_addr(addr, value_addr_is_ipv4(addr), buf);
}

const char *value_format_prefix(const struct prefix *prefix, char *buf)
{
	size_t size;

	format_addr(&prefix->addr, prefix->is_ipv4, buf);
	size = strlen(buf);
	if (prefix->length < (prefix->is_ipv4 ? 32 : 128))
		snprintf(buf + size, ADDR_TEXT_SIZE - size, "/%u", prefix->length);
	return buf;
}
