// SPDX-License-Identifier: GPL-2.0-only
/* Log lines as an attacker would have them. A server writes what a client chose into its lines: whatever that
 * is, a line may name no other client than the server's own, and no port that the server did not say. Random
 * bytes may do no harm. Usage: fuzz_log_lines [RUNS [SEED]] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "line_buffer.h"
#include "log_line.h"
#include "value.h"

#define CLIENT "192.0.2.7"
enum { PORT = 30110, MAX_TEXT = 400, MAX_LINE = 2048, N_FORMATS = 5 };

/* A line of a server: "\1" is where the client's text comes, and its own name for itself "\2". `port` is what
 * the line truly says, 0: nothing. */
struct template
{
	unsigned format;
	const char *text;
	unsigned port;
};

enum { VSFTPD, PROFTPD, PURE_FTPD, PYFTPDLIB, FILEZILLA };
static const char *const names[N_FORMATS] = {"vsftpd", "proftpd", "pure-ftpd", "pyftpdlib", "filezilla"};

#define V "Sat Nov 21 17:17:56 2026 [pid 7004] "
#define P(port, status, method)                                                                              \
	"2026-11-27 12:04:59,377 pid=389 a=" CLIENT " rport=57086 L=::ffff:192.0.2.1 p=21 x=" port           \
	" s=" status " m=" method
#define Y "[D 2026-11-27 12:05:25] " CLIENT ":43454-"
#define F "2023-07-16T02:18:53.318Z << [FTP Session 2856 " CLIENT

static const struct template templates[] = {
	{VSFTPD, V "[\1] FTP response: Client \"" CLIENT "\", \"331 Please specify the password.\"", 0},
	{VSFTPD,
	 V "[\1] FTP response: Client \"" CLIENT "\", \"227 Entering Passive Mode (192,0,2,1,117,158).\"",
	 PORT},
	{VSFTPD, V "[ftp] FTP response: Client \"" CLIENT "\", \"550 \1\"", 0},
	{VSFTPD, V "[ftp] FTP response: Client \"" CLIENT "\", \"257 \"\1\" created\"", 0},
	{VSFTPD, V "FTP command: Client \"" CLIENT "\", \"USER \1\"", 0},
	{VSFTPD, V "[\1] FAIL LOGIN: Client \"" CLIENT "\"", 0},
	{VSFTPD, V "[ftp] OK UPLOAD: Client \"" CLIENT "\", \"\1\", 10 bytes, 1.0Kbyte/sec", 0},
	{VSFTPD, "[\1] FTP response: Client \"" CLIENT "\", \"530 Login incorrect.\"", 0},
	{PROFTPD, P("30110", "227", "PASV"), PORT},
	{PROFTPD, P("30110", "226", "RETR"), 0},
	{PROFTPD, P("-", "500", "\2"), 0},
	{PURE_FTPD, "(\1@" CLIENT ") [DEBUG] 227 Entering Passive Mode (192,0,2,1,117,158)", PORT},
	{PURE_FTPD, "(\1@" CLIENT ") [DEBUG] 331 User \1 OK. Password required", 0},
	{PURE_FTPD, "(?@" CLIENT ") [DEBUG] Command [user] [\1]", 0},
	{PURE_FTPD, "(ftp@" CLIENT ") [INFO] Can't change directory to \1", 0},
	{PYFTPDLIB, Y "[\1] -> 331 Username ok, send password.", 0},
	{PYFTPDLIB, Y "[\1] -> 227 Entering passive mode (192,0,2,1,117,158).", PORT},
	{PYFTPDLIB, Y "[] <- USER \1", 0},
	{PYFTPDLIB, Y "[ftp] -> 250 \"\1\" is the current directory.", 0},
	{PYFTPDLIB, Y "[ftp] RETR \1 completed=1 bytes=9 seconds=0.1", 0},
	{FILEZILLA, F " \1] 227 Entering Passive Mode (192,0,2,1,117,158)", PORT},
	{FILEZILLA, F " \1] 331 Please, specify the password.", 0},
	{FILEZILLA, F " joe] 550 \1", 0},
};
enum { N_TEMPLATES = sizeof(templates) / sizeof(templates[0]) };

/* What forged lines are made of. */
static const char *const pieces[] = {
	"] FTP response: Client \"6.6.6.6\", \"",
	"227 Entering Passive Mode (6,6,6,6,117,48)",
	"229 Entering Extended Passive Mode (|||30000|)",
	"227 Entering passive mode (6,6,6,6,117,48).",
	"229 Extended Passive mode OK (|||30000|)",
	".\"",
	"\"",
	"] ",
	"[",
	"(x@6.6.6.6) [DEBUG] ",
	"x@6.6.6.6) [DEBUG] ",
	"@6.6.6.6",
	"] -> ",
	"[D 2026-11-27 12:05:25] 6.6.6.6:1-[",
	"2023-07-16T02:18:53.318Z << [FTP Session 1 6.6.6.6 a] ",
	" a=6.6.6.6 x=30000 s=227 m=PASV",
	"x=30000",
	" ",
	")",
	"(",
	"\r",
	V,
	CLIENT,
};
enum { N_PIECES = sizeof(pieces) / sizeof(pieces[0]) };

static uint64_t state;

/* xorshift64 (Marsaglia): the same runs everywhere. */
static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % below;
}

static void add(char *text, size_t *used, size_t max, const char *bytes, size_t size)
{
	if (size > max - *used)
		size = max - *used;
	memcpy(text + *used, bytes, size);
	*used += size;
}

/* What a client chose: without a line end, which these servers do not write, and `no_blanks` where it is one
 * word. */
static size_t make_text(char *text, bool no_blanks)
{
	size_t used = 0;

	for (uint32_t n = any(8); n > 0; n--) {
		const char *piece = pieces[any(N_PIECES)];
		char byte = (char)any(256);

		if (any(3) == 0)
			add(text, &used, MAX_TEXT, &byte, 1);
		else
			add(text, &used, MAX_TEXT, piece, strlen(piece));
	}
	for (size_t i = 0; i < used; i++)
		if (text[i] == '\n' || (no_blanks && text[i] == ' '))
			text[i] = '_';
	return used;
}

static size_t make_line(const struct template *template, char *line)
{
	char text[MAX_TEXT];
	size_t used = 0;

	for (const char *c = template->text; *c; c++) {
		if (*c == '\1' || *c == '\2')
			add(line, &used, MAX_LINE, text, make_text(text, *c == '\2'));
		else
			add(line, &used, MAX_LINE, c, 1);
	}
	return used;
}

static void fail(const char *why, const char *line, size_t size)
{
	printf("not ok %s: %.*s\n0 passed, 1 failed, 0 skipped\n", why, (int)size, line);
	exit(EXIT_FAILURE);
}

/* A copy of the very size, so that a read past its end is seen. */
static enum log_verdict read_line(struct log_format *format, const char *line, size_t size,
				  struct log_hint *ret)
{
	char *copy = malloc(size ? size : 1);
	enum log_verdict verdict;

	if (!copy)
		abort();
	memcpy(copy, line, size);
	verdict = log_line_read(format, copy, size, ret);
	free(copy);
	return verdict;
}

static void try_template(struct log_format *const *formats, uint64_t *hints)
{
	const struct template *template = &templates[any(N_TEMPLATES)];
	char line[MAX_LINE], client[ADDR_TEXT_SIZE];
	size_t size = make_line(template, line);
	struct log_hint hint;

	if (read_line(formats[template->format], line, size, &hint) != LOG_HINT)
		return;
	++*hints;
	if (strcmp(value_format_addr(&hint.client, client), CLIENT) != 0)
		fail("another client", line, size);
	if (hint.port != template->port)
		fail("another port", line, size);
}

static void try_bytes(struct log_format *const *formats)
{
	char line[MAX_LINE];
	size_t size = make_line(&templates[any(N_TEMPLATES)], line);
	struct log_hint hint = {0};

	for (uint32_t n = any(6); n > 0 && size > 0; n--)
		line[any((uint32_t)size)] = (char)any(256);
	if (any(8) == 0)
		size = any(MAX_LINE);
	if (read_line(formats[any(N_FORMATS)], line, size, &hint) == LOG_HINT && hint.port < LOG_FIRST_PORT)
		fail("a low port", line, size);
}

struct lines {
	const char *text;
	size_t size;
	size_t at;
	uint64_t dropped;
};

/* The next line that fits, by a plain reading of the whole text. */
static void check_line(void *context, const char *line, size_t size)
{
	struct lines *lines = context;

	while (true) {
		const char *begin = lines->text + lines->at;
		const char *end = memchr(begin, '\n', lines->size - lines->at);

		if (!end)
			fail("a line too many", line, size);
		lines->at += (size_t)(end - begin) + 1;
		if (end - begin > LINE_BUFFER_SIZE) {
			lines->dropped++;
			continue;
		}
		if ((size_t)(end - begin) != size || memcmp(begin, line, size) != 0)
			fail("another line", line, size);
		return;
	}
}

static void try_buffer(void)
{
	static struct line_buffer buffer;
	static char text[16384];
	struct lines lines = {.text = text, .size = any(sizeof(text))};
	uint32_t rare = 1 + any(1500);

	memset(&buffer, 0, sizeof(buffer));
	for (size_t i = 0; i < lines.size; i++)
		text[i] = (char)(any(rare) == 0 ? '\n' : 'a' + any(26));
	for (size_t at = 0; at < lines.size;) {
		size_t n = 1 + any(any(2) ? 10 : 4096);

		if (n > lines.size - at)
			n = lines.size - at;
		line_buffer_take(&buffer, text + at, n, check_line, &lines);
		at += n;
	}
	/* What is left has no end, or did not fit. */
	for (const char *end; (end = memchr(text + lines.at, '\n', lines.size - lines.at));
	     lines.at = (size_t)(end - text) + 1)
		lines.dropped += end - (text + lines.at) > LINE_BUFFER_SIZE ? 1 : 1000;
	lines.dropped += lines.size - lines.at > LINE_BUFFER_SIZE;
	if (buffer.dropped != lines.dropped)
		fail("dropped", "", 0);
}

int main(int argc, char **argv)
{
	uint64_t runs = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
	struct log_format *formats[N_FORMATS];
	struct failure failure;
	uint64_t hints = 0;

	state = seed * 2 + 1;
	printf("seed %" PRIu64 "\n", seed);
	for (unsigned i = 0; i < N_FORMATS; i++)
		if (log_format_new(names[i], &formats[i], &failure) < 0)
			abort();
	for (uint64_t i = 0; i < runs; i++) {
		try_template(formats, &hints);
		try_bytes(formats);
		if (i % 64 == 0)
			try_buffer();
	}
	for (unsigned i = 0; i < N_FORMATS; i++)
		log_format_free(formats[i]);
	/* Were no line ever read, nothing would have been tried. */
	if (hints < runs / 100)
		fail("too few hints", "", 0);
	printf("ok log lines: %" PRIu64 " runs, %" PRIu64
	       " hints, none forged\n1 passed, 0 failed, 0 skipped\n",
	       runs, hints);
	return EXIT_SUCCESS;
}
