// SPDX-License-Identifier: GPL-2.0-only
/* What the lines of real servers say, and that what a client put into one says nothing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "log_line.h"
#include "value.h"

#define VSFTPD "Sat Nov 21 17:17:56 2026 [pid 7004] "
#define PROFTPD "2026-11-27 12:04:59,377 pid=389 a="
#define PROFTPD_PORTS " rport=57086 L=::ffff:192.0.2.1 p=21 x="
#define PYFTPDLIB "[D 2026-11-27 12:05:25] "
#define FILEZILLA "2023-07-16T02:18:53.318Z << [FTP Session 2856 203.0.113.9"

static struct log_format *format_of(const char *text)
{
	struct failure failure = {""};
	struct log_format *format = NULL;
	int r = log_format_new(text, &format, &failure);

	if (r < 0)
		print_message("%s: %s\n", text, failure.text);
	assert_int_equal(r, 0);
	return format;
}

/* A copy of the very size, so that a read past its end is seen by the sanitizer. */
static enum log_verdict read_line(struct log_format *format, const char *line, size_t size,
				  struct log_hint *ret)
{
	char *copy = malloc(size ? size : 1);
	enum log_verdict verdict;

	assert_non_null(copy);
	memcpy(copy, line, size);
	verdict = log_line_read(format, copy, size, ret);
	free(copy);
	return verdict;
}

static enum log_verdict verdict_of(const char *format_text, const char *line)
{
	struct log_format *format = format_of(format_text);
	struct log_hint hint;
	enum log_verdict verdict = read_line(format, line, strlen(line), &hint);

	log_format_free(format);
	return verdict;
}

struct says {
	const char *format;
	const char *line;
	const char *client;
	unsigned port;
};

static void assert_says(const struct says *says)
{
	struct log_format *format = format_of(says->format);
	struct log_hint hint = {0};
	char client[ADDR_TEXT_SIZE];
	enum log_verdict verdict = read_line(format, says->line, strlen(says->line), &hint);

	log_format_free(format);
	if (verdict != LOG_HINT)
		print_message("not read: %s\n", says->line);
	assert_int_equal(verdict, LOG_HINT);
	assert_string_equal(value_format_addr(&hint.client, client), says->client);
	assert_int_equal(hint.port, says->port);
}

static void which_of_a_clients_sessions(void **state)
{
	static const struct {
		const char *format, *line;
		unsigned client_port;
	} lines[] = {
		{"pyftpdlib",
		 "[D 2026-11-27 12:05:25] 192.0.2.7:43454-[ftp] -> 229 Entering extended passive mode "
		 "(|||30002|).",
		 43454},
		{"proftpd", PROFTPD "192.0.2.7 rport=43454 L=192.0.2.1 p=21 x=30005 s=227 m=PASV", 43454},
		{"proftpd", PROFTPD "192.0.2.7 rport=- L=192.0.2.1 p=21 x=30005 s=227 m=PASV", 0},
		{"pure-ftpd", "(ftp@192.0.2.7) [DEBUG] 227 Entering Passive Mode (192,0,2,1,117,50)", 0},
		{"(?<client>\\S+) (?<client_port>\\d+) (?<port>\\d+)", "192.0.2.7 65536 30000", 0},
		{"(?<client>\\S+) (?<client_port>\\d+) (?<port>\\d+)", "192.0.2.7 65535 30000", 65535},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct log_format *format = format_of(lines[i].format);
		struct log_hint hint = {0};

		assert_int_equal(read_line(format, lines[i].line, strlen(lines[i].line), &hint), LOG_HINT);
		assert_int_equal(hint.client_port, lines[i].client_port);
		log_format_free(format);
	}
}

/* As vsftpd 3.0.3, ProFTPD 1.3.8, Pure-FTPd 1.0.50 and pyftpdlib 1.5.7 write them, but for the addresses. */
static void real_lines(void **state)
{
	static const struct says lines[] = {
		{"vsftpd",
		 VSFTPD "[ftp] FTP response: Client \"::ffff:192.0.2.7\", \"227 Entering Passive Mode "
			"(192,0,2,1,117,158).\"",
		 "192.0.2.7", 30110},
		{"vsftpd",
		 VSFTPD "[ftp] FTP response: Client \"2001:db8::7\", \"229 Entering Extended Passive Mode "
			"(|||30109|)\"",
		 "2001:db8::7", 30109},
		{"vsftpd",
		 "Sun Nov  1 07:00:00 2026 [pid 1] [a b@c.example] FTP response: Client \"192.0.2.7\", "
		 "\"227 Entering Passive Mode (10,0,0,1,117,158).\"",
		 "192.0.2.7", 30110},
		{"vsftpd",
		 "[ftp] FTP response: Client \"192.0.2.7\", \"227 Entering Passive Mode "
		 "(192,0,2,1,117,58).\"",
		 "192.0.2.7", 30010},
		{"vsftpd",
		 "Nov 27 12:04:59 host vsftpd[290]: [ftp] FTP response: Client \"192.0.2.7\", "
		 "\"229 Entering Extended Passive Mode (|||30002|)\"",
		 "192.0.2.7", 30002},
		{"proftpd", PROFTPD "192.0.2.7" PROFTPD_PORTS "30005 s=227 m=PASV", "192.0.2.7", 30005},
		{"proftpd", PROFTPD "2001:db8::7" PROFTPD_PORTS "30000 s=229 m=EPSV", "2001:db8::7", 30000},
		{"pure-ftpd", "(ftp@192.0.2.7) [DEBUG] 227 Entering Passive Mode (192,0,2,1,117,50)",
		 "192.0.2.7", 30002},
		{"pure-ftpd", "(ftp@2001:db8::7) [DEBUG] 229 Extended Passive mode OK (|||30007|)",
		 "2001:db8::7", 30007},
		{"pure-ftpd",
		 "(joe@c.example@192.0.2.7) [DEBUG] 227 Entering Passive Mode (192,0,2,1,117,50)",
		 "192.0.2.7", 30002},
		{"pure-ftpd",
		 "2026-11-27T12:05:25.123456+01:00 host pure-ftpd: (ftp@192.0.2.7) [DEBUG] 227 Entering "
		 "Passive Mode (192,0,2,1,117,50)",
		 "192.0.2.7", 30002},
		{"pyftpdlib",
		 PYFTPDLIB "::ffff:192.0.2.7:43454-[ftp] -> 227 Entering passive mode (192,0,2,1,117,48).",
		 "192.0.2.7", 30000},
		{"pyftpdlib",
		 PYFTPDLIB "2001:db8::7:43454-[a b] -> 229 Entering extended passive mode (|||30002|).",
		 "2001:db8::7", 30002},
		{"pyftpdlib",
		 PYFTPDLIB "fe80::7%eth0:43454-[ftp] -> 229 Entering extended passive mode (|||30002|).",
		 "fe80::7", 30002},
		{"filezilla", FILEZILLA " joe] 227 Entering Passive Mode (203,0,113,1,117,48)", "203.0.113.9",
		 30000},
		{"filezilla", FILEZILLA " joe] 229 Entering Extended Passive Mode (|||30001|)", "203.0.113.9",
		 30001},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_says(&lines[i]);
}

#define FORGED_VSFTPD "FTP response: Client \"6.6.6.6\", \"227 Entering Passive Mode (6,6,6,6,117,48).\""

/* What a client made the same servers write. */
static void forged_lines(void **state)
{
	static const char *const lines[][2] = {
		{"vsftpd",
		 VSFTPD "[a] FTP response: Client \"6.6.6.6\", \"227 Entering Passive Mode "
			"(6,6,6,6,117,48).] FTP response: Client \"192.0.2.7\", \"530 This FTP server "
			"is anonymous only.\""},
		{"vsftpd", VSFTPD "FTP command: Client \"192.0.2.7\", \"USER a] " FORGED_VSFTPD},
		{"vsftpd", VSFTPD "[ftp] FTP command: Client \"192.0.2.7\", \"CWD x] " FORGED_VSFTPD "\""},
		{"vsftpd", VSFTPD "[ftp] FTP response: Client \"192.0.2.7\", \"257 \"/[x] " FORGED_VSFTPD},
		{"vsftpd", VSFTPD "[ftp] OK UPLOAD: Client \"192.0.2.7\", \"/[x] " FORGED_VSFTPD},
		{"vsftpd", VSFTPD "[ftp] FTP response: Client \"6.6.6.6\", \"227 Entering Passive Mode "
				  "(6,6,6,6,117,48).\" and more"},
		{"vsftpd", " " VSFTPD "[ftp] " FORGED_VSFTPD},
		{"vsftpd", "x" FORGED_VSFTPD},
		{"vsftpd", "Nov 27 12:04:59 host other[290]: [ftp] " FORGED_VSFTPD},
		{"vsftpd", VSFTPD "[x\n" VSFTPD "[a] " FORGED_VSFTPD},
		{"vsftpd", VSFTPD "[a] " FORGED_VSFTPD "\n"},
		{"vsftpd", VSFTPD "[a] " FORGED_VSFTPD "\r"},
		{"proftpd", PROFTPD "192.0.2.7" PROFTPD_PORTS "30005 s=550 m=PASV"},
		{"proftpd", PROFTPD "192.0.2.7" PROFTPD_PORTS "30005 s=226 m=RETR"},
		{"proftpd", PROFTPD "192.0.2.7" PROFTPD_PORTS "- s=500 m=X"},
		{"proftpd", PROFTPD "192.0.2.7" PROFTPD_PORTS "- s=500 m=X a=6.6.6.6 x=30005 s=227 m=PASV"},
		/* SystemLog, whose lines a client can forge whole. */
		{"proftpd", "2026-11-27 12:04:59,377 host proftpd[389] host (c[192.0.2.7]): Entering Passive "
			    "Mode (192,0,2,1,117,53)."},
		{"pure-ftpd", "(?@192.0.2.7) [DEBUG] Command [user] [x@6.6.6.6) [DEBUG] 227 Entering Passive "
			      "Mode (6,6,6,6,117,48)]"},
		{"pure-ftpd", "(x@6.6.6.6) [DEBUG] 227 Entering Passive Mode (6,6,6,6,117,48)@192.0.2.7) "
			      "[DEBUG] 230 ok"},
		{"pure-ftpd", "(ftp@192.0.2.7) [INFO] Can't change directory to x@6.6.6.6) [DEBUG] 227 "
			      "Entering Passive Mode (6,6,6,6,117,48)"},
		{"pure-ftpd", "(ftp@six.six.example) [DEBUG] 227 Entering Passive Mode (192,0,2,1,117,50)"},
		{"pyftpdlib", PYFTPDLIB "192.0.2.7:1-[a] -> 227 Entering passive mode (6,6,6,6,117,48).] -> "
					"331 Username ok, send password."},
		{"pyftpdlib", PYFTPDLIB "192.0.2.7:1-[] <- USER a] -> 227 Entering passive mode "
					"(6,6,6,6,117,48)."},
		{"pyftpdlib", "    " PYFTPDLIB "6.6.6.6:1-[] -> 227 Entering passive mode (6,6,6,6,117,48)."},
		{"pyftpdlib", "DEBUG:pyftpdlib:6.6.6.6:1-[] -> 227 Entering passive mode (6,6,6,6,117,48)."},
		{"filezilla", FILEZILLA " a] 227 Entering Passive Mode (6,6,6,6,117,48)] 331 Please, specify "
					"the password."},
		{"filezilla", "2023-07-16T02:18:53.318Z >> [FTP Session 2856 203.0.113.9 joe] 227 Entering "
			      "Passive Mode (203,0,113,1,117,48)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		enum log_verdict verdict = verdict_of(lines[i][0], lines[i][1]);

		if (verdict != LOG_NOTHING)
			print_message("%s: verdict %d of: %s\n", lines[i][0], verdict, lines[i][1]);
		assert_int_equal(verdict, LOG_NOTHING);
	}
}

static void unusable(void **state)
{
	static const char *const lines[] = {
		/* A part above 255, ports below 1024 and above 65535, what is no address, or a number with a
		 * leading zero. */
		"(ftp@192.0.2.7) [DEBUG] 227 Entering Passive Mode (192,0,2,1,256,48)",
		"(ftp@192.0.2.7) [DEBUG] 227 Entering Passive Mode (192,0,2,1,117,256)",
		"(ftp@192.0.2.7) [DEBUG] 227 Entering Passive Mode (192,0,2,1,99999999999999999999,1)",
		"(ftp@192.0.2.7) [DEBUG] 227 Entering Passive Mode (192,0,2,1,3,255)",
		"(ftp@192.0.2.7) [DEBUG] 227 Entering Passive Mode (192,0,2,1,0,0)",
		"(ftp@192.0.2.7) [DEBUG] 227 Entering Passive Mode (192,0,2,1,0117,48)",
		"(ftp@192.0.2.7) [DEBUG] 229 Extended Passive mode OK (|||1023|)",
		"(ftp@192.0.2.7) [DEBUG] 229 Extended Passive mode OK (|||65536|)",
		"(ftp@192.0.2.7.1) [DEBUG] 229 Extended Passive mode OK (|||30000|)",
		"(ftp@::ffff:c000:207) [DEBUG] 229 Extended Passive mode OK (|||30000|)",
		"(ftp@1:2:3:4:5:6:7:8:9) [DEBUG] 229 Extended Passive mode OK (|||30000|)",
		"(ftp@00000000000000000000000000000000000000000000000000000000000000000000000000000000::1) "
		"[DEBUG] 229 Extended Passive mode OK (|||30000|)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(verdict_of("pure-ftpd", lines[i]), LOG_UNUSABLE);
}

static void any_bytes(void **state)
{
	static const char nul[] = "(ftp@192.0.2.7\0) [DEBUG] 229 Extended Passive mode OK (|||30000|)";
	static const char nul_user[] = "(f\0p@192.0.2.7) [DEBUG] 229 Extended Passive mode OK (|||30000|)";
	static const char latin[] =
		"(\xff\xc3(\xed\xa0\x80@192.0.2.7) [DEBUG] 229 Extended Passive mode OK (|||30000|)";
	static const char latin_user[] =
		"(\xff\xc3\xed\xa0@192.0.2.7) [DEBUG] 229 Extended Passive mode OK (|||30000|)";
	struct log_format *format = format_of("pure-ftpd"), *own = format_of("(?<client>[^ ]*) (?<port>.*)");
	struct log_hint hint;

	(void)state;
	assert_int_equal(read_line(format, nul, sizeof(nul) - 1, &hint), LOG_NOTHING);
	assert_int_equal(read_line(format, nul_user, sizeof(nul_user) - 1, &hint), LOG_HINT);
	assert_int_equal(read_line(format, latin, sizeof(latin) - 1, &hint), LOG_NOTHING);
	assert_int_equal(read_line(format, latin_user, sizeof(latin_user) - 1, &hint), LOG_HINT);
	assert_int_equal(read_line(format, "", 0, &hint), LOG_NOTHING);
	assert_int_equal(read_line(own, "1.2.3.4\0.5 3000", 15, &hint), LOG_UNUSABLE);
	assert_int_equal(read_line(own, "1.2.3.4 3000\0001", 14, &hint), LOG_UNUSABLE);
	assert_int_equal(read_line(own, " ", 1, &hint), LOG_UNUSABLE);
	log_format_free(format);
	log_format_free(own);
}

static void own_patterns(void **state)
{
	static const struct says lines[] = {
		{"client=(?<client>\\S+) port=(?<port>\\d+)", "client=192.0.2.7 port=30000", "192.0.2.7",
		 30000},
		{"(?<client>\\S+) 227 .*,(?<p1>\\d+),(?<p2>\\d+)\\)", "2001:db8::7 227 (1,2,3,4,117,48)",
		 "2001:db8::7", 30000},
		{"(?:(?<port>\\d+)|(?<p1>\\d+),(?<p2>\\d+)) (?<client>\\S+)", "117,48 192.0.2.7", "192.0.2.7",
		 30000},
		{"(?<client>\\S+) (?<port>3\\K\\d+)", "192.0.2.7 30000", "192.0.2.7", 30000},
		{"(?P<client>\\S+) (?'port'\\d+)", "192.0.2.7 30000", "192.0.2.7", 30000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_says(&lines[i]);
	/* The whole line, though the pattern does not say so. */
	assert_int_equal(verdict_of("(?<client>\\S+) (?<port>\\d+)", "x 192.0.2.7 30000"), LOG_NOTHING);
	assert_int_equal(verdict_of("(?<client>\\S+) (?<port>\\d+)", "192.0.2.7 30000 x"), LOG_NOTHING);
}

static void assert_refused(const char *pattern, const char *why)
{
	struct failure failure = {""};
	struct log_format *format = NULL;

	assert_int_equal(log_format_new(pattern, &format, &failure), -EINVAL);
	assert_null(format);
	if (!strstr(failure.text, why))
		print_message("%s: %s\n", pattern, failure.text);
	assert_non_null(strstr(failure.text, why));
}

static void wrong_patterns(void **state)
{
	char longest[LOG_PATTERN_MAX + 2];

	(void)state;
	assert_refused("(?<client>\\S+", "wrong at character 14: missing closing parenthesis");
	assert_refused("(?<port>\\d+)", "needs a group (?<client>");
	assert_refused("(?<client>\\d+)", "needs a group (?<port>");
	assert_refused("(?<client>\\d+)(?<p1>\\d+)", "only one");
	assert_refused("(?<client>\\d+)(?<p2>\\d+)(?<port>\\d+)", "only one");
	assert_refused("(?J)(?<client>a)(?<client>b)(?<port>\\d+)", "several groups named 'client'");
	assert_refused("(*UTF)(?<client>\\d+)(?<port>\\d+)", "wrong at");
	assert_refused("(*UCP)(?<client>\\d+)(?<port>\\d+)", "wrong at");
	assert_refused("(?<client>\\C+)(?<port>\\d+)", "wrong at");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_refused(longest, "longer than 1024");
}

/* Patterns that would take ages, or all memory, give up instead. */
static void limits(void **state)
{
	static const char *const patterns[] = {
		"(?:a+)+(?<client>[bc])(?<port>[bc])",           "(?:a|aa)+(?<client>[bc])(?<port>[bc])",
		"((?:a|(?1))*)+(?<client>[bc])(?<port>[bc])",    "(a*)*(?:\\1)*(?<client>[bc])(?<port>[bc])",
		"(?:(?:(?:a*)*)*)*(?<client>[bc])(?<port>[bc])",
	};
	char line[LOG_LINE_MAX + 1];

	(void)state;
	memset(line, 'a', sizeof(line));
	line[LOG_LINE_MAX - 1] = '!';
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct log_format *format = format_of(patterns[i]);
		struct log_hint hint;

		for (int n = 0; n < 100; n++)
			assert_int_equal(read_line(format, line, LOG_LINE_MAX, &hint), LOG_TOO_MUCH);
		assert_int_equal(read_line(format, line, LOG_LINE_MAX + 1, &hint), LOG_TOO_MUCH);
		log_format_free(format);
	}
}

/* Nothing that a line of the longest length holds brings a built-in format to its limits. */
static void formats_are_cheap(void **state)
{
	static const char *const fill[] = {VSFTPD "[",
					   VSFTPD "[a] FTP response: Client \"",
					   "(",
					   "(a@",
					   "(a@a@",
					   PYFTPDLIB,
					   PYFTPDLIB "1.2.3.4:1-[",
					   PROFTPD "1 p=1 L=",
					   FILEZILLA,
					   FILEZILLA " "};
	static const char bytes[] = "1:a @].%=";
	const char *name;

	(void)state;
	for (size_t i = 0; (name = log_format_name(i)); i++) {
		struct log_format *format = format_of(name);

		for (size_t j = 0; j < sizeof(fill) / sizeof(fill[0]); j++) {
			for (size_t k = 0; bytes[k]; k++) {
				struct log_hint hint;
				char line[LOG_LINE_MAX];

				memset(line, bytes[k], sizeof(line));
				memcpy(line, fill[j], strlen(fill[j]));
				assert_int_equal(read_line(format, line, sizeof(line), &hint), LOG_NOTHING);
			}
		}
		log_format_free(format);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_lines),        cmocka_unit_test(which_of_a_clients_sessions),
		cmocka_unit_test(forged_lines),      cmocka_unit_test(unusable),
		cmocka_unit_test(any_bytes),         cmocka_unit_test(own_patterns),
		cmocka_unit_test(wrong_patterns),    cmocka_unit_test(limits),
		cmocka_unit_test(formats_are_cheap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
