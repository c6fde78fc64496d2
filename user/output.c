// SPDX-License-Identifier: GPL-2.0-only
// Prints tables, durations, times and JSON.
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "cmd.h"
#include "output.h"

struct table {
	const char *const *headings;
	size_t n_columns;
	char **cells;
	size_t n_cells;
	size_t n_allocated;
	bool failed;
};

struct table *table_new(const char *const *headings)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->headings = headings;
	while (headings[table->n_columns])
		table->n_columns++;
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}

void table_add(struct table *table, const char *format, ...)
{
	va_list arguments;
	int r;

	if (table->failed)
		return;
	if (table->n_cells == table->n_allocated) {
		size_t n = table->n_allocated ? table->n_allocated * 2 : 64;
		char **cells = reallocarray(table->cells, n, sizeof(*cells));

		if (!cells) {
			table->failed = true;
			return;
		}
		table->cells = cells;
		table->n_allocated = n;
	}
	va_start(arguments, format);
	r = vasprintf(&table->cells[table->n_cells], format, arguments);
	va_end(arguments);
	if (r < 0)
		table->failed = true;
	else
		table->n_cells++;
}

/* Columns on a terminal, as far as a count of characters tells. */
static size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* A row ends with its last cell that holds something: no blanks trail behind it. */
static void print_row(const struct table *table, const size_t *widths, const char *const *cells, size_t n,
		      FILE *stream)
{
	while (n > 0 && cells[n - 1][0] == '\0')
		n--;
	for (size_t i = 0; i < n; i++) {
		bool is_number = table->headings[i][0] == '>';
		const char *text = cells[i] + (cells == table->headings && is_number);
		int padding = (int)(widths[i] - text_width(text));

		fprintf(stream, "%*s%s%*s", is_number ? padding : 0, "", text,
			is_number || i + 1 == n ? 0 : padding, "");
		fputs(i + 1 < n ? "  " : "", stream);
	}
	fputc('\n', stream);
}

int table_print(const struct table *table, FILE *stream)
{
	size_t *widths;

	if (table->failed)
		return -ENOMEM;
	widths = calloc(table->n_columns, sizeof(*widths));
	if (!widths)
		return -ENOMEM;
	for (size_t i = 0; i < table->n_columns; i++)
		widths[i] = text_width(table->headings[i] + (table->headings[i][0] == '>'));
	for (size_t i = 0; i < table->n_cells; i++) {
		size_t width = text_width(table->cells[i]);

		if (width > widths[i % table->n_columns])
			widths[i % table->n_columns] = width;
	}
	print_row(table, widths, table->headings, table->n_columns, stream);
	for (size_t i = 0; i + table->n_columns <= table->n_cells; i += table->n_columns)
		print_row(table, widths, (const char *const *)&table->cells[i], table->n_columns, stream);
	free(widths);
	return 0;
}

int table_finish(struct table *table)
{
	int r = table ? table_print(table, stdout) : -ENOMEM;

	table_free(table);
	if (r == 0)
		return EXIT_DONE;
	fputs("postern: out of memory\n", stderr);
	return EXIT_FAILED;
}

const char *format_duration(uint64_t ns, char *buf)
{
	unsigned long long ms = ns / 1000000, s = ms / 1000;

	if (s < 1)
		snprintf(buf, DURATION_TEXT_SIZE, "%llums", ms);
	else if (s < 60 && ms % 1000 < 100)
		snprintf(buf, DURATION_TEXT_SIZE, "%llus", s);
	else if (s < 60)
		snprintf(buf, DURATION_TEXT_SIZE, "%llu.%llus", s, ms % 1000 / 100);
	else if (s < 3600)
		snprintf(buf, DURATION_TEXT_SIZE, "%llum%02llus", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, DURATION_TEXT_SIZE, "%lluh%02llum", s / 3600, s % 3600 / 60);
	else
		snprintf(buf, DURATION_TEXT_SIZE, "%llud%02lluh", s / 86400, s % 86400 / 3600);
	return buf;
}

const char *format_time(int64_t realtime_ns, char *buf)
{
	time_t seconds = (time_t)(realtime_ns / 1000000000);
	long ns = (long)(realtime_ns % 1000000000);
	char text[TIME_TEXT_SIZE - 8];
	struct tm tm;

	if (ns < 0) {
		seconds--;
		ns += 1000000000;
	}
	if (!gmtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		strcpy(text, "1970-01-01T00:00:00");
	snprintf(buf, TIME_TEXT_SIZE, "%s.%03dZ", text, (int)(ns / 1000000 % 1000));
	return buf;
}

int json_print(json_t *root, int flags)
{
	size_t indent = flags & JSON_LINE ? JSON_COMPACT : JSON_INDENT(2);
	bool dumped = root && json_dumpf(root, stdout, indent | JSON_ENCODE_ANY) == 0;

	json_decref(root);
	if (dumped && putchar('\n') != EOF)
		return EXIT_DONE;
	if (!ferror(stdout))
		fputs("postern: out of memory\n", stderr);
	return EXIT_FAILED;
}

uint64_t boot_time_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}
