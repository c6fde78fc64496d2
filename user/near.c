// SPDX-License-Identifier: GPL-2.0-only
// Compares words by the mistakes that people make in typing them.
#include "near.h"

#include <string.h>

enum { MAX_LENGTH = 32 /* no name or option is longer; bounds the work */ };

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned min = a < b ? a : b;

	return min < c ? min : c;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Insertions, deletions, replacements and swaps of neighbours, letter case aside (the restricted
 * Damerau-Levenshtein distance). Both texts are shorter than MAX_LENGTH. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][MAX_LENGTH + 1];
	size_t n = strlen(b), i, j;

	for (j = 0; j <= n; j++)
		rows[0][j] = (unsigned)j;
	for (i = 1; a[i - 1]; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (j = 1; j <= n; j++) {
			unsigned replaced = above[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));

			row[j] = min3(above[j] + 1, row[j - 1] + 1, replaced);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = min3(row[j], row[j], second[j - 2] + 1);
		}
	}
	return rows[(i - 1) % 3][n];
}

const char *near_find(const char *text, const char *(*next)(const void *from, size_t i), const void *from)
{
	size_t length = strlen(text);
	unsigned best = length < 3 ? 2 : (unsigned)length / 3 + 1; /* to be beaten */
	const char *found = NULL, *name;

	if (length == 0 || length >= MAX_LENGTH)
		return NULL;
	for (size_t i = 0; (name = next(from, i)); i++) {
		unsigned d;

		if (strlen(name) >= MAX_LENGTH)
			continue;
		d = distance(text, name);
		if (d < best && d < length) {
			best = d;
			found = name;
		}
	}
	return found;
}

static const char *word_at(const void *from, size_t i)
{
	return ((const char *const *)from)[i];
}

const char *near_find_word(const char *text, const char *const *words)
{
	return near_find(text, word_at, words);
}
