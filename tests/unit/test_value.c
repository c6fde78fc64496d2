// SPDX-License-Identifier: GPL-2.0-only
/* Which texts are values, which are not, and what they come to. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "value.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_port(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint16_t port;
	} cases[] = {
		{"1", 0, 1},           {"443", 0, 443},       {"65535", 0, 65535},
		{"0", -ERANGE, 0},     {"65536", -ERANGE, 0}, {"18446744073709551617", -ERANGE, 0},
		{"", -EINVAL, 0},      {"0443", -EINVAL, 0},  {"+443", -EINVAL, 0},
		{"-1", -EINVAL, 0},    {" 443", -EINVAL, 0},  {"443 ", -EINVAL, 0},
		{"0x1bb", -EINVAL, 0}, {"443a", -EINVAL, 0},  {"4.43", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint16_t port = 7;

		assert_int_equal(value_parse_port(cases[i].text, &port), cases[i].r);
		assert_int_equal(port, cases[i].r == 0 ? cases[i].port : 7);
	}
}

static void test_port_range(void **state)
{
	static const struct {
		const char *text;
		int r;
		struct port_range range;
	} cases[] = {
		{"21", 0, {21, 21}},        {"3000-3003", 0, {3000, 3003}}, {"7-7", 0, {7, 7}},
		{"1-65535", 0, {1, 65535}}, {"3003-3000", -EINVAL, {0, 0}}, {"1-65536", -ERANGE, {0, 0}},
		{"0-5", -ERANGE, {0, 0}},   {"0-x", -EINVAL, {0, 0}},       {"x-70000", -EINVAL, {0, 0}},
		{"5-", -EINVAL, {0, 0}},    {"-5", -EINVAL, {0, 0}},        {"-", -EINVAL, {0, 0}},
		{"1-2-3", -EINVAL, {0, 0}}, {"1 - 2", -EINVAL, {0, 0}},     {"", -EINVAL, {0, 0}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct port_range range = {9, 9}, expected = cases[i].r == 0 ? cases[i].range : range;

		assert_int_equal(value_parse_port_range(cases[i].text, &range), cases[i].r);
		assert_int_equal(range.first, expected.first);
		assert_int_equal(range.last, expected.last);
	}
}

static void test_number(void **state)
{
	uint64_t number = 5;

	(void)state;
	assert_int_equal(value_parse_number("18446744073709551615", 0, UINT64_MAX, &number), 0);
	assert_true(number == UINT64_MAX);
	assert_int_equal(value_parse_number("18446744073709551616", 0, UINT64_MAX, &number), -ERANGE);
	assert_int_equal(value_parse_number("99999999999999999999x", 0, UINT64_MAX, &number), -EINVAL);
	assert_int_equal(value_parse_number("9", 10, 20, &number), -ERANGE);
	assert_int_equal(value_parse_number("21", 10, 20, &number), -ERANGE);
	assert_true(number == UINT64_MAX);
	assert_int_equal(value_parse_number("10", 10, 20, &number), 0);
	assert_int_equal(number, 10);
	assert_int_equal(value_parse_number("0", 0, 1, &number), 0);
	assert_int_equal(number, 0);
}

static void test_addr(void **state)
{
	static const char *const wrong[] = {"",
					    "1.2.3",
					    "1.2.3.4.5",
					    "1.2.3.256",
					    "01.2.3.4",
					    "1.2.3.4 ",
					    " 1.2.3.4",
					    "::ffff:1.2.3.4",
					    "::ffff:102:304",
					    "fe80::1%eth0",
					    "1::2::3",
					    "host",
					    "1.2.3.4/32",
					    ":",
					    "[::1]"};
	struct addr addr, other;
	char text[ADDR_TEXT_SIZE];

	(void)state;
	assert_int_equal(value_parse_addr("192.0.2.1", &addr), 0);
	assert_true(value_addr_is_ipv4(&addr));
	assert_int_equal(addr.word[0], 0);
	assert_int_equal(addr.word[1], 0);
	assert_int_equal(addr.word[2], htonl(0xffff));
	assert_int_equal(addr.word[3], htonl(0xc0000201));
	assert_string_equal(value_format_addr(&addr, text), "192.0.2.1");
	other = addr;
	assert_true(value_addr_equal(&addr, &other));
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(value_parse_addr(wrong[i], &other), -EINVAL);
	assert_true(value_addr_equal(&addr, &other));
	assert_int_equal(value_parse_addr("2001:DB8:0::1", &other), 0);
	assert_false(value_addr_is_ipv4(&other));
	assert_false(value_addr_equal(&addr, &other));
	assert_int_equal(other.word[0], htonl(0x20010db8));
	assert_string_equal(value_format_addr(&other, text), "2001:db8::1");
	/* IPv4-compatible, not mapped: an ordinary IPv6 address. */
	assert_int_equal(value_parse_addr("::1.2.3.4", &other), 0);
	assert_false(value_addr_is_ipv4(&other));
}

static void test_prefix(void **state)
{
	static const struct {
		const char *text;
		int r;
		bool host_bits;
		const char *formatted;
	} cases[] = {
		{"10.20.0.0/16", 0, false, "10.20.0.0/16"},
		{"10.20.0.25", 0, false, "10.20.0.25"},
		{"10.20.0.25/32", 0, false, "10.20.0.25"},
		{"0.0.0.0/0", 0, false, "0.0.0.0/0"},
		{"10.20.0.2/31", 0, false, "10.20.0.2/31"},
		{"::/0", 0, false, "::/0"},
		{"2001:db8:20::/48", 0, false, "2001:db8:20::/48"},
		{"2001:db8::1/128", 0, false, "2001:db8::1"},
		{"2001:db8::8000:0/97", 0, false, "2001:db8::8000:0/97"},
		{"10.20.0.1/16", -EINVAL, true, NULL},
		{"10.20.0.3/31", -EINVAL, true, NULL},
		{"128.0.0.0/0", -EINVAL, true, NULL},
		{"2001:db8::1/64", -EINVAL, true, NULL},
		{"2001:db8::8000:0/96", -EINVAL, true, NULL},
		{"10.0.0.0/33", -ERANGE, false, NULL},
		{"::/129", -ERANGE, false, NULL},
		{"10.0.0.0/", -EINVAL, false, NULL},
		{"10.0.0.0/08", -EINVAL, false, NULL},
		{"10.0.0.0/-1", -EINVAL, false, NULL},
		{"10.0.0.0/8/8", -EINVAL, false, NULL},
		{"/8", -EINVAL, false, NULL},
		{"::ffff:0:0/96", -EINVAL, false, NULL},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/8", -EINVAL, false,
		 NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct prefix prefix = {.length = 99};
		bool host_bits = false;
		char text[ADDR_TEXT_SIZE];

		assert_int_equal(value_parse_prefix(cases[i].text, &prefix, &host_bits), cases[i].r);
		assert_int_equal(host_bits, cases[i].host_bits);
		if (cases[i].r == 0)
			assert_string_equal(value_format_prefix(&prefix, text), cases[i].formatted);
		else
			assert_int_equal(prefix.length, 99);
		assert_int_equal(value_parse_prefix(cases[i].text, &prefix, NULL), cases[i].r);
	}
}

static void test_contains(void **state)
{
	static const struct {
		const char *prefix, *addr;
		bool contains;
	} cases[] = {
		{"10.20.0.0/16", "10.20.255.255", true},
		{"10.20.0.0/16", "10.21.0.0", false},
		{"0.0.0.0/0", "255.255.255.255", true},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "ffff::1", true},
		{"::/0", "192.0.2.1", false},
		{"192.0.2.1/32", "192.0.2.1", true},
		{"192.0.2.1/32", "192.0.2.0", false},
		{"2001:db8::/33", "2001:db8:7fff::", true},
		{"2001:db8::/33", "2001:db8:8000::", false},
		{"2001:db8::/32", "2001:db9::", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct prefix prefix;
		struct addr addr;

		assert_int_equal(value_parse_prefix(cases[i].prefix, &prefix, NULL), 0);
		assert_int_equal(value_parse_addr(cases[i].addr, &addr), 0);
		assert_int_equal(value_prefix_contains(&prefix, &addr), cases[i].contains);
	}
}

static void test_duration(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t ns;
	} cases[] = {
		{"30s", 0, 30000000000},  {"500ms", 0, 500000000}, {"5m", 0, 300000000000},
		{"1h", 0, 3600000000000}, {"0s", -ERANGE, 0},      {"99999999999999999999s", -ERANGE, 0},
		{"5124096h", -ERANGE, 0}, {"30", -EINVAL, 0},      {"s", -EINVAL, 0},
		{"30 s", -EINVAL, 0},     {"30S", -EINVAL, 0},     {"-1s", -EINVAL, 0},
		{"1.5s", -EINVAL, 0},     {"1m30s", -EINVAL, 0},   {"", -EINVAL, 0},
		{"03s", -EINVAL, 0},      {"1d", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t ns = 42;

		assert_int_equal(value_parse_duration(cases[i].text, &ns), cases[i].r);
		assert_true(ns == (cases[i].r == 0 ? cases[i].ns : 42));
	}
}

static void test_bool(void **state)
{
	static const char *const yes[] = {"on", "yes", "true"}, *const no[] = {"off", "no", "false"},
				 *const wrong[] = {"", "On", "1", "y", "onn", "TRUE"};
	bool value;

	(void)state;
	for (size_t i = 0; i < COUNT(yes); i++) {
		value = false;
		assert_int_equal(value_parse_bool(yes[i], &value), 0);
		assert_true(value);
		assert_int_equal(value_parse_bool(no[i], &value), 0);
		assert_false(value);
	}
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(value_parse_bool(wrong[i], &value), -EINVAL);
}

static void test_name(void **state)
{
	(void)state;
	assert_true(value_is_name("a"));
	assert_true(value_is_name("ftps-explicit"));
	assert_true(value_is_name("3com.X_y-z"));
	assert_true(value_is_name("abcdefghijklmnopqrstuvwxyz12345"));
	assert_false(value_is_name("abcdefghijklmnopqrstuvwxyz123456"));
	assert_false(value_is_name(""));
	assert_false(value_is_name("-a"));
	assert_false(value_is_name(".a"));
	assert_false(value_is_name("a b"));
	assert_false(value_is_name("a/b"));
	assert_false(value_is_name("caf\xc3\xa9"));
	assert_false(value_is_name("a\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_port),     cmocka_unit_test(test_port_range),
		cmocka_unit_test(test_number),   cmocka_unit_test(test_addr),
		cmocka_unit_test(test_prefix),   cmocka_unit_test(test_contains),
		cmocka_unit_test(test_duration), cmocka_unit_test(test_bool),
		cmocka_unit_test(test_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
