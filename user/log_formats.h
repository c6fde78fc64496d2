/* SPDX-License-Identifier: GPL-2.0-only */
/* The built-in log formats, as patterns in one table. */
#ifndef POSTERN_LOG_FORMATS_H
#define POSTERN_LOG_FORMATS_H

#include <stddef.h>

struct log_pattern {
	const char *name;
	const char *text; /* with the groups that log_format_new() asks for */
};

/* NULL past the end; NULL where there is none of that name. */
const struct log_pattern *log_pattern_at(size_t i);
const struct log_pattern *log_pattern_find(const char *name);

#endif
