/* SPDX-License-Identifier: GPL-2.0-only */
/* Attributes that free what a variable holds when it goes out of scope. */
#ifndef POSTERN_CLEANUP_H
#define POSTERN_CLEANUP_H

#include <stdlib.h>

static inline void cleanup_free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

#define CLEANUP(function) __attribute__((cleanup(function)))
#define CLEANUP_FREE CLEANUP(cleanup_free_pointer)

#endif
