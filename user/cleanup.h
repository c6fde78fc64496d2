/* SPDX-License-Identifier: GPL-2.0-only */
/* Attributes that free what a variable holds when it goes out of scope. */
#ifndef POSTERN_CLEANUP_H
#define POSTERN_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close_stream(FILE **stream)
{
	if (*stream)
		fclose(*stream);
}

static inline void cleanup_close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define CLEANUP(function) __attribute__((cleanup(function)))
#define CLEANUP_FREE CLEANUP(cleanup_free_pointer)
#define CLEANUP_FD CLEANUP(cleanup_close_fd)
#define CLEANUP_STREAM CLEANUP(cleanup_close_stream)

#endif
