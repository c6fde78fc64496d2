/* SPDX-License-Identifier: GPL-2.0-only */
/* Puts back what was in force, and makes whole again what was interrupted. The caller has the lock of pins.h.
 */
#ifndef POSTERN_APPLY_BACK_H
#define POSTERN_APPLY_BACK_H

#include "apply_state.h"

/* Undoes the change that waits, or that was interrupted; removes an instance whose first one it was. */
int back_to_whole(const char *instance, struct failure *failure);

/* Everything of the instance, whether or not it is whole. */
int remove_instance(const char *instance, struct failure *failure);

#endif
