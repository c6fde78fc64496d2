/* SPDX-License-Identifier: GPL-2.0-only */
/* How commands print: aligned tables and durations for people, JSON for programs. */
#ifndef POSTERN_OUTPUT_H
#define POSTERN_OUTPUT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct table; /* opaque */

/* Columns by their headings (NULL ends the list); one that begins with '>' is aligned to the right. */
struct table *table_new(const char *const *headings); /* NULL: out of memory */
void table_free(struct table *table);
/* The next cell, row by row. A failure is kept and reported by table_print(). */
void table_add(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* 0 or -ENOMEM. */
int table_print(const struct table *table, FILE *stream);
/* Prints on stdout and frees; NULL, as table_new() returns when out of memory, is an error. Returns an
 * enum exit_status, and has said why on stderr. */
int table_finish(struct table *table);

enum { DURATION_TEXT_SIZE = 32, TIME_TEXT_SIZE = 40 };

/* "350ms", "12.3s", "4m05s", "3h20m", "2d04h"; into `buf` of DURATION_TEXT_SIZE, returned. */
const char *format_duration(uint64_t ns, char *buf);
/* RFC 3339 in UTC with milliseconds; into `buf` of TIME_TEXT_SIZE, returned. */
const char *format_time(int64_t realtime_ns, char *buf);

/* The most that `size` bytes can become, NUL included. */
#define ESCAPED_SIZE(size) ((size)*4 + 1)

/* Bytes that somebody else chose, up to a NUL or `size`, as printable UTF-8: what could not be
 * printed, or could act on a terminal, becomes \xNN and a backslash \\. Returns `buf`. */
const char *escape_bytes(const char *bytes, size_t size, char *buf);
/* The same as a JSON string. */
json_t *json_bytes(const char *bytes, size_t size);

enum { JSON_LINE = 1 /* on a single line */ };

/* Prints `root` on stdout and drops the reference; NULL, as jansson returns when out of memory, is an
 * error. Returns an enum exit_status, and has said why on stderr. */
int json_print(json_t *root, int flags);

/* CLOCK_BOOTTIME, the clock of every time that the data path keeps. */
uint64_t boot_time_ns(void);

#endif
