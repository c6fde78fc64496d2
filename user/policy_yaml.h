/* SPDX-License-Identifier: GPL-2.0-only */
/* YAML to policy, with line and column. The only file that knows libyaml. */
#ifndef POSTERN_POLICY_YAML_H
#define POSTERN_POLICY_YAML_H

#include "diag.h"
#include "policy.h"
#include "source.h"

/* Reads `main_file` and what it refers to from `sources`, validates it, and applies the interfaces
 * that the set holds. Every error of it goes to `diags`. Returns 0, -EINVAL (see diags) or -ENOMEM. The
 * policy refers to names in `sources`, which must outlive it. */
int policy_load(struct source_set *sources, const char *main_file, struct diags *diags, struct policy **ret);

#endif
