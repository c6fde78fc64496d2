/* SPDX-License-Identifier: GPL-2.0-only */
/* Which part of the policy stands behind a verdict. */
#ifndef POSTERN_EXPLAIN_RULE_H
#define POSTERN_EXPLAIN_RULE_H

#include "explain.h"

/* Fills `rule` and `where` from the verdict: of an allow, the rule that admits; of a deny, the one that names
 * the port but does not admit. 0 or -ENOMEM. */
int explain_rule(const struct policy *policy, const struct explain_question *question,
		 struct explanation *explanation);

#endif
