/* SPDX-License-Identifier: GPL-2.0-only */
/* What must hold of `on` and `at`. */
#ifndef POSTERN_POLICY_SCOPE_H
#define POSTERN_POLICY_SCOPE_H

#include "policy.h"

/* Reports interfaces that are not listed, and addresses that no peer of the rule can meet. */
void validate_scopes(const struct policy *policy, struct diags *diags);

#endif
