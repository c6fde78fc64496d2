/* SPDX-License-Identifier: GPL-2.0-only */
/* Empties maps, so that one load of the programs serves many tests. */
#ifndef POSTERN_TESTS_PROG_CLEAR_H
#define POSTERN_TESTS_PROG_CLEAR_H

#include "prog.h"

struct bpf_object;

/* Before the load: lets arrays be cleared at once. */
void prog_make_clearable(struct bpf_object *object);

/* Every map of the object but those named: no entry is left, those of arrays are zero. What fails fails the
 * test. */
void prog_clear_maps(const struct bpf_object *object, const char *const kept[], size_t n_kept);

#endif
