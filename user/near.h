/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds the word that was probably meant. */
#ifndef POSTERN_NEAR_H
#define POSTERN_NEAR_H

#include <stddef.h>

/* The nearest of what next() yields to `text`, or NULL where none is near; next() returns NULL at the end. */
const char *near_find(const char *text, const char *(*next)(const void *from, size_t i), const void *from);
/* The same of a NULL-terminated list. */
const char *near_find_word(const char *text, const char *const *words);

#endif
