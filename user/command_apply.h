/* SPDX-License-Identifier: GPL-2.0-only */
/* Puts a policy file in force, for the commands that do. */
#ifndef POSTERN_COMMAND_APPLY_H
#define POSTERN_COMMAND_APPLY_H

#include "apply.h"
#include "command.h"

/* Reads the file, says what is wrong or unwise about it, and puts it in force; request->policy and ->sources
 * are set from it. `interfaces` as in policy_from_file(). Has said why on stderr where it does not return
 * EXIT_DONE; then nothing has changed. The caller clears `ret` in any case. */
int policy_apply(const char *path, char *const *interfaces, struct apply_request *request, struct loaded *ret,
		 struct apply_result *result);

#endif
