/* SPDX-License-Identifier: GPL-2.0-only */
/* What a line of an FTP server's log says: which client was told which passive port. Pure; the only part that
 * knows PCRE2. A line is a hint: whoever reads one asks the kernel whether it is true. */
#ifndef POSTERN_LOG_LINE_H
#define POSTERN_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "failure.h"

enum {
	LOG_LINE_MAX = 1024,     /* bytes; no server needs more to say which port it listens on */
	LOG_PATTERN_MAX = 1024,  /* bytes of an own pattern */
	LOG_CLIENT_MAX = 64,     /* bytes of an address as text, its zone included */
	LOG_FIRST_PORT = 1024,   /* lower ones are never passive */
	LOG_MATCH_LIMIT = 20000, /* steps of one match (pcre2_set_match_limit) */
	LOG_DEPTH_LIMIT = 500,   /* of backtracking */
	LOG_HEAP_LIMIT = 512,    /* KiB for one match */
};

struct log_hint {
	struct addr client;
	uint16_t client_port; /* of its control connection; 0: the line does not say */
	uint16_t port;        /* host byte order, both */
};

struct log_format; /* opaque: a compiled pattern, and the room that a match needs */

/* `text` is the name of a built-in format or an own pattern (PCRE2, bytes, not UTF-8). A pattern is always
 * matched against the whole line, and has the named groups `client` (an address) and `port`, or for the form
 * of 227 `p1` and `p2`: its upper and lower half. `client_port` may be there. Returns 0, -EINVAL with the
 * reason, or -ENOMEM. */
int log_format_new(const char *text, struct log_format **ret, struct failure *failure);
void log_format_free(struct log_format *format);

/* The names of the built-in formats, NULL past the end. */
const char *log_format_name(size_t i);

enum log_verdict {
	LOG_NOTHING, /* the line is about something else */
	LOG_HINT,
	LOG_UNUSABLE, /* it fits, but what it names is no address or no passive port */
	LOG_TOO_MUCH, /* too long, or a limit of matching was reached */
};

/* Reads one line without its end; any bytes. `ret` is set for LOG_HINT only. An IPv4-mapped client is that
 * IPv4 address; the zone of a link-local one is left out. */
enum log_verdict log_line_read(struct log_format *format, const char *line, size_t size,
			       struct log_hint *ret);

#endif
