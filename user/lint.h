/* SPDX-License-Identifier: GPL-2.0-only */
/* Advice about a policy that is valid: one function for each piece of it. */
#ifndef POSTERN_LINT_H
#define POSTERN_LINT_H

#include "diag.h"
#include "policy.h"

/* Adds a warning for each thing that is allowed but unwise. */
void lint(const struct policy *policy, struct diags *diags);

#endif
