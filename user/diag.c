// SPDX-License-Identifier: GPL-2.0-only
// Collects messages about a policy, sorts them by place and prints them.
#include "diag.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_KEPT = 200 /* of each severity */, MAX_TEXT = 512 };

struct message {
	struct place place; /* place.file is ours: a message may outlive the sources */
	char *line;         /* as it is printed, without the newline */
};

struct list {
	struct message messages[MAX_KEPT]; /* sorted by place; equal places in order of arrival */
	size_t n_kept;
	size_t n_all;
};

struct diags {
	struct list lists[2]; /* by severity */
};

struct diags *diags_new(void)
{
	return calloc(1, sizeof(struct diags));
}

void diags_free(struct diags *diags)
{
	if (!diags)
		return;
	for (size_t s = 0; s < 2; s++)
		for (size_t i = 0; i < diags->lists[s].n_kept; i++) {
			free((char *)diags->lists[s].messages[i].place.file);
			free(diags->lists[s].messages[i].line);
		}
	free(diags);
}

/* Policies quote what strangers wrote: no control character of theirs (C0, DEL, C1) reaches a terminal,
 * and a cut never leaves half a character. */
static void make_printable(char *text)
{
	size_t size = strlen(text);

	if (size == MAX_TEXT - 1) {
		while (size > 0 && ((unsigned char)text[size - 1] & 0xc0) == 0x80)
			size--;
		if (size > 0 && (unsigned char)text[size - 1] >= 0xc0)
			size--;
		text[size] = '\0';
	}
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = '?';
	}
}

static int compare(const struct message *a, const struct message *b)
{
	int r = strcmp(a->place.file ?: "", b->place.file ?: "");

	if (r != 0)
		return r;
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	if (a->place.column != b->place.column)
		return a->place.column < b->place.column ? -1 : 1;
	return 0;
}

static void insert(struct list *list, struct message message)
{
	size_t i = list->n_kept++;

	for (; i > 0 && compare(&list->messages[i - 1], &message) > 0; i--)
		list->messages[i] = list->messages[i - 1];
	list->messages[i] = message;
}

/* "FILE:LINE:COL: error: TEXT", without what is not known of the place; NULL: out of memory. */
static char *format_line(enum severity severity, struct place place, const char *text)
{
	const char *word = severity == DIAG_ERROR ? "error" : "warning";
	char *line = NULL;
	int r;

	if (!place.file)
		r = asprintf(&line, "%s: %s", word, text);
	else if (place.line == 0)
		r = asprintf(&line, "%s: %s: %s", place.file, word, text);
	else
		r = asprintf(&line, "%s:%u:%u: %s: %s", place.file, place.line, place.column, word, text);
	return r < 0 ? NULL : line;
}

void diags_add(struct diags *diags, enum severity severity, struct place place, const char *format, ...)
{
	struct list *list = &diags->lists[severity];
	struct message message = {.place = place};
	char text[MAX_TEXT];
	va_list args;

	list->n_all++;
	if (list->n_kept == MAX_KEPT)
		return;
	if (place.file) {
		snprintf(text, sizeof(text), "%s", place.file);
		make_printable(text);
		message.place.file = strdup(text);
		if (!message.place.file)
			return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	make_printable(text);
	message.line = format_line(severity, message.place, text);
	if (message.line)
		insert(list, message);
	else
		free((char *)message.place.file);
}

size_t diags_count(const struct diags *diags, enum severity severity)
{
	return diags->lists[severity].n_all;
}

static void print_hidden(const struct list *list, const char *what, FILE *stream)
{
	size_t hidden = list->n_all - list->n_kept;

	if (hidden > 0)
		fprintf(stream, "%s: %zu more %s%s not shown\n", what, hidden, what,
			hidden > 1 ? "s are" : " is");
}

void diags_print(const struct diags *diags, FILE *stream)
{
	const struct list *errors = &diags->lists[DIAG_ERROR], *warnings = &diags->lists[DIAG_WARNING];
	size_t e = 0, w = 0;

	while (e < errors->n_kept || w < warnings->n_kept) {
		bool error_next =
			w == warnings->n_kept ||
			(e < errors->n_kept && compare(&errors->messages[e], &warnings->messages[w]) <= 0);

		fprintf(stream, "%s\n",
			error_next ? errors->messages[e++].line : warnings->messages[w++].line);
	}
	print_hidden(errors, "error", stream);
	print_hidden(warnings, "warning", stream);
}

const char *diags_warning(const struct diags *diags, size_t i)
{
	const struct list *warnings = &diags->lists[DIAG_WARNING];

	return i < warnings->n_kept ? warnings->messages[i].line : NULL;
}
