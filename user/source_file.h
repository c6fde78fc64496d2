/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads a whole text file of bounded size. */
#ifndef POSTERN_SOURCE_FILE_H
#define POSTERN_SOURCE_FILE_H

#include <stddef.h>

/* A regular file without a NUL in it; *ret_text is NUL-terminated and the caller's. Returns 0, -errno of
 * open or read, -EFBIG, -EINVAL or -ENOMEM. */
int source_read_file(const char *path, size_t max_size, char **ret_text, size_t *ret_size);

#endif
