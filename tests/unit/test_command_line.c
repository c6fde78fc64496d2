// SPDX-License-Identifier: GPL-2.0-only
/* The commands of FTP clients that ask for a port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../bpf/command_line.bpf.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct command_case {
	const char *text;
	uint32_t asked;
};

static const struct command_case cases[] = {
	{"PASV\r\n", 1},
	{"EPSV\r\n", 1},
	{"epsv\r\n", 1},
	{"pAsV\n", 1},
	{"SPSV\r\n", 1},
	{"CPSV\r\n", 1},
	{"PPSV\r\nEASV\r\nPASX\r\nPAS\r\n", 0},
	{"[ASV\r\nP\x01SV\r\n", 0},
	{"EPSV 2\r\n", 1},
	{"PASV\r\nPASV\r\nEPSV\r\n", 3},
	{"USER a\r\nPASS PASV\r\nPASV\r\nLIST\r\n", 1},
	{"\xff\xf4\xff\xf2"
	 "ABOR\r\nPASV\r\n",
	 1},
	{" PASV\r\n", 1},
	{"\r\n\r\nPASV\r\n", 1},
	{"PASV", 0}, /* it can go on */
	{"PASVX\r\n", 0},
	{"XPASV\r\n", 0},
	{"PAS\r\nV\r\n", 0},
	{"PAS V\r\n", 0},
	{"NOOP PASV\r\n", 0},
	{"STOR 227 EPSV (1,2,3,4,5,6)\r\n", 0},
	{"SITE SAY \rPASV\r", 0},
	{"AUTH TLS\r\n\x16\x03\x01\x02\nPASV\r\n", 0},
	{"\x17\x03\x03\nPASV\r\n", 0},
	{"LIST \x16\r\nPASV\r\n", 1},
};

static void each_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct command_reader reader = {0};

		for (const char *at = cases[i].text; *at; at++)
			command_read_byte(&reader, (uint8_t)*at);
		if (reader.asked != cases[i].asked)
			fail_msg("%u instead of %u: %s", reader.asked, cases[i].asked, cases[i].text);
	}
}

static void tls_ends_the_reading(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		struct command_reader reader = {0};

		command_read_byte(&reader, (uint8_t)byte);
		assert_int_equal(reader.state == COMMAND_LOST, byte >= 20 && byte <= 23);
	}
}

/* Whatever comes, its state is one of its states, and its counts stay small. */
static void anything(void **state)
{
	static const char alphabet[] = "PASVEpsv \r\n\xff\x16";
	struct command_reader reader = {0};

	(void)state;
	srand(1);
	for (unsigned i = 0; i < 3000000; i++) {
		uint16_t asked = reader.asked;

		command_read_byte(&reader, i % 7 ? (uint8_t)alphabet[(size_t)rand() % (sizeof(alphabet) - 1)]
						 : (uint8_t)rand());
		assert_true(reader.state <= COMMAND_LAST && reader.state != COMMAND_WORD);
		assert_true((uint16_t)(reader.asked - asked) <= 1);
		if (reader.state == COMMAND_LOST)
			reader = (struct command_reader){0};
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_counts),
		cmocka_unit_test(tls_ends_the_reading),
		cmocka_unit_test(anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
