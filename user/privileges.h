/* SPDX-License-Identifier: GPL-2.0-only */
/* Gives up what a process does not need. */
#ifndef POSTERN_PRIVILEGES_H
#define POSTERN_PRIVILEGES_H

#include <stddef.h>

#include "failure.h"

/* No program that this process starts gains anything. Returns 0 or -errno. */
int privileges_no_new(void);

/* Makes this process one that can read files, whoever owns them, and no more: user and group nobody, of the
 * capabilities CAP_DAC_READ_SEARCH alone and no way back to others, a network namespace of its own, no
 * program started; it dies with its parent. Where the kernel has Landlock (5.13), it reads below
 * `folders` only; those that do not exist are passed over. Returns 0, or -errno with the reason: then end. */
int privileges_reader(const char *const *folders, size_t n, struct failure *failure);

#endif
