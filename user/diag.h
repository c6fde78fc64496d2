/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages about a policy, each with its place: collected, sorted, then printed at once. */
#ifndef POSTERN_DIAG_H
#define POSTERN_DIAG_H

#include <stdio.h>

/* Where something was written. `file` belongs to the struct source_set it was read from. */
struct place {
	const char *file;
	unsigned line;   /* from 1; 0: nowhere */
	unsigned column; /* from 1, in characters */
};

enum severity { DIAG_ERROR, DIAG_WARNING };

struct diags; /* opaque; bounded: what goes beyond its limit is only counted */

struct diags *diags_new(void); /* NULL: out of memory */
void diags_free(struct diags *diags);

void diags_add(struct diags *diags, enum severity severity, struct place place, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

size_t diags_count(const struct diags *diags, enum severity severity);

/* One line each, in order of file, line and column: "FILE:LINE:COL: error: …". */
void diags_print(const struct diags *diags, FILE *stream);

/* The text of the i-th warning ("FILE:LINE:COL: warning: …"), NULL past the end. */
const char *diags_warning(const struct diags *diags, size_t i);

#endif
