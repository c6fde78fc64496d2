// SPDX-License-Identifier: GPL-2.0-only
/* The ports that replies of FTP servers name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../bpf/reply_line.bpf.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* As the kernel program does: what a record still has is passed over. Returns how many ports there were. */
static size_t feed(struct reply_reader *reader, const char *text, size_t size, uint16_t *ports)
{
	size_t n = 0;

	for (size_t i = 0; i < size;) {
		uint16_t port;

		if (reader->pass) {
			size_t pass = reader->pass < size - i ? reader->pass : size - i;

			reader->pass -= (uint32_t)pass;
			i += pass;
			continue;
		}
		port = reply_read_byte(reader, (uint8_t)text[i++]);
		if (port)
			ports[n++] = port;
	}
	return n;
}

struct reply_case {
	const char *text;
	uint16_t port; /* 0: it names none */
};

static const struct reply_case cases[] = {
	{"227 Entering Passive Mode (127,0,0,1,117,158).\r\n", 117 * 256 + 158},
	{"227 Entering passive mode (10,0,0,1,255,255).\r\n", 65535},
	{"227 Entering Passive Mode (10,0,0,1,0,1)\n", 1},
	{"227 =10 (1,2,3,4,5,6)\r\n", 5 * 256 + 6},
	{"229 Entering Extended Passive Mode (|||30109|)\r\n", 30109},
	{"229 Extended Passive mode OK (|||30303|)\r\n", 30303},
	{"229 x (!!!65535!)\r\n", 65535},
	{"227 Entering Passive Mode (256,0,0,1,117,158).\r\n", 0},
	{"227 Entering Passive Mode (127,0,0,1,117,256).\r\n", 0},
	{"227 Entering Passive Mode (127,0,0,1,1000000000,0).\r\n", 0},
	{"227 Entering Passive Mode (127,0,0,1,117).\r\n", 0},
	{"227 Entering Passive Mode (127,0,0,1,117,158,1).\r\n", 0},
	{"227 Entering Passive Mode (127,0,0,1,,158).\r\n", 0},
	{"227 Entering Passive Mode (127,0,0,1,117,).\r\n", 0},
	{"227 Entering Passive Mode (127, 0,0,1,117,158).\r\n", 0},
	{"227 Entering Passive Mode (127,0,0,1,117,158\r\n", 0},
	{"227 Entering Passive Mode 127,0,0,1,117,158\r\n", 0},
	{"227-Entering Passive Mode (127,0,0,1,117,158).\r\n227 End\r\n", 0},
	{"227-x\r\n227 Entering Passive Mode (127,0,0,1,117,158).\r\n", 0},
	{"227\tEntering Passive Mode (127,0,0,1,117,158).\r\n", 0},
	{" 227 Entering Passive Mode (127,0,0,1,117,158).\r\n", 0},
	{"2270 Entering Passive Mode (127,0,0,1,117,158).\r\n", 0},
	{"229 x (|||65536|)\r\n", 0},
	{"229 x (|||99999999999|)\r\n", 0},
	{"229 x (|||0|)\r\n", 0},
	{"229 x (||||)\r\n", 0},
	{"229 x (||30000|)\r\n", 0},
	{"229 x (|1|10.0.0.1|30000|)\r\n", 0},
	{"229 x (|!|30000|)\r\n", 0},
	{"229 x (1113000011)\r\n", 0},
	{"229 x (|||30000!)\r\n", 0},
	{"229 x (|||30000|\r\n", 0},
	{"229 x (|||30000|x)\r\n", 0},
	{"228 x (|||30000|)\r\n", 0},
	{"227 x (|||30000|)\r\n", 0},
	{"229 x (127,0,0,1,117,158)\r\n", 0},
	{"220 227 Entering Passive Mode (127,0,0,1,117,158).\r\n", 0},
	{"500 'A\r227 Entering Passive Mode (127,0,0,1,117,158).': no such command\r\n", 0},
	{"211-Status:\r\n227 Entering Passive Mode (127,0,0,1,117,158).\r\n211 End\r\n", 0},
	{"211-Status:\r\n\r\n229 x (|||30000|)\r\n 211 no end\r\n211-nor this\r\n211 End\r\n", 0},
	{"214-Help\r\n214\r\n229 x (|||30000|)\r\n214 End\r\n", 0},
	{"\r\n229 x (|||30000|)\r\n", 0},
	{"hello\r\n229 x (|||30000|)\r\n", 0},
};

static void one_line_names_its_port(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reply_reader reader = {0};
		uint16_t ports[8] = {0};
		size_t n = feed(&reader, cases[i].text, strlen(cases[i].text), ports);

		if (n != (cases[i].port != 0) || ports[0] != cases[i].port)
			fail_msg("%zu ports, %u: %s", n, ports[0], cases[i].text);
	}
}

/* What comes before must not matter, where it is a reply. */
static void after_other_replies(void **state)
{
	static const char *const before[] = {
		"220 (vsFTPd 3.0.3)\r\n",
		"220-Welcome\r\n229 x (|||30000|)\r\n220 here\r\n",
		"211-Features:\r\n EPSV\r\n211-PASV\r\n211 End\r\n",
		"331 Password for 227 Entering (1,2,3,4,5,6)\r\n",
		"200\r\n",
		"200\n",
	};

	(void)state;
	for (size_t b = 0; b < COUNT(before); b++) {
		struct reply_reader reader = {0};
		uint16_t ports[8] = {0};

		assert_int_equal(feed(&reader, before[b], strlen(before[b]), ports), 0);
		assert_int_equal(feed(&reader, cases[4].text, strlen(cases[4].text), ports), 1);
		assert_int_equal(ports[0], cases[4].port);
	}
}

/* Several in one segment, and one split at every byte, are the same to a reader that keeps its state. */
static void coalesced(void **state)
{
	static const char text[] = "227 a (1,2,3,4,5,6)\r\n200 ok\r\n229 b (|||40000|)\r\n";
	struct reply_reader reader = {0};
	uint16_t ports[8] = {0};

	(void)state;
	assert_int_equal(feed(&reader, text, sizeof(text) - 1, ports), 2);
	assert_int_equal(ports[0], 5 * 256 + 6);
	assert_int_equal(ports[1], 40000);
}

static size_t record(char *to, uint8_t type, uint16_t size)
{
	to[0] = (char)type;
	to[1] = 3;
	to[2] = 3;
	to[3] = (char)(size >> 8);
	to[4] = (char)(size & 0xff);
	/* What it holds would be a reply. */
	for (size_t i = 0; i < size; i++)
		to[5 + i] = "\n229 x (|||30000|)\r\n"[i % 20];
	return 5u + size;
}

static void tls_is_passed_over(void **state)
{
	struct reply_reader reader = {0};
	uint16_t ports[8] = {0};
	char *text = malloc(200000);
	size_t size = 0;

	(void)state;
	size += (size_t)sprintf(text, "234 Proceed\r\n");
	size += record(text + size, 22, 1234);
	size += record(text + size, 20, 1);
	size += record(text + size, 23, 65535);
	size += record(text + size, 23, 0);
	size += record(text + size, 21, 2);
	size += (size_t)sprintf(text + size, "%s", cases[0].text);
	assert_int_equal(feed(&reader, text, size, ports), 1);
	assert_int_equal(ports[0], cases[0].port);
	free(text);
}

static void what_is_no_record_ends_the_reading(void **state)
{
	static const char *const odd[] = {"\x16\x04\x03", "\x13\x03\x03", "\x18\x03\x03", "\x80\x2e\x01"};

	(void)state;
	for (size_t i = 0; i < COUNT(odd); i++) {
		struct reply_reader reader = {0};
		uint16_t ports[8] = {0};

		feed(&reader, odd[i], 3, ports);
		assert_int_equal(reader.state, REPLY_LOST);
		assert_int_equal(feed(&reader, cases[0].text, strlen(cases[0].text), ports), 0);
	}
}

/* Whatever comes, its state is one of its states, and its counts stay small. */
static void anything(void **state)
{
	static const char alphabet[] = "0123456789 -(),|\r\n22279\x16\x03x";
	struct reply_reader reader = {0};

	(void)state;
	srand(1);
	for (unsigned i = 0; i < 3000000; i++) {
		uint8_t byte =
			i % 7 ? (uint8_t)alphabet[(size_t)rand() % (sizeof(alphabet) - 1)] : (uint8_t)rand();

		if (reader.pass) {
			reader.pass--;
			continue;
		}
		reply_read_byte(&reader, byte);
		assert_true(reader.state <= REPLY_LOST);
		assert_true(reader.count <= REPLY_FIELDS);
		if (reader.state == REPLY_LOST)
			reader = (struct reply_reader){0};
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_names_its_port),
		cmocka_unit_test(after_other_replies),
		cmocka_unit_test(coalesced),
		cmocka_unit_test(tls_is_passed_over),
		cmocka_unit_test(anything),
		cmocka_unit_test(what_is_no_record_ends_the_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
