// SPDX-License-Identifier: GPL-2.0-only
// Advice about a misspelt name, as long as there are few errors.
#include "near.h"
#include "policy_yaml_reader.h"

enum { MAX_ERRORS_WITH_ADVICE = 50 };

const char *reader_nearest(const struct reader *reader, const char *text,
			   const char *(*next)(const void *from, size_t i), const void *from)
{
	return diags_count(reader->diags, DIAG_ERROR) < MAX_ERRORS_WITH_ADVICE ? near_find(text, next, from)
									       : NULL;
}
