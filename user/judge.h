/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks the kernel's own verdict: of a policy that is loaded for this alone, or of the one in force. */
#ifndef POSTERN_JUDGE_H
#define POSTERN_JUDGE_H

#include "explain.h"
#include "failure.h"

struct datapath;
struct judge; /* opaque */

/* Loads the policy, pins nothing and touches nothing that is in force. The policy must outlive it. 0, -E2BIG
 * where the policy exceeds a limit, or another -errno. */
int judge_load(const struct policy *policy, struct judge **ret, struct failure *failure);
/* The instance in force; `policy` is what it was made of. */
int judge_open(const char *instance, const struct datapath *datapath, const struct policy *policy,
	       struct judge **ret, struct failure *failure);
void judge_free(struct judge *judge);
void judge_cleanup(struct judge **judge);

/* Whether the judge knows packets on an interface of that name. */
bool judge_has_interface(const struct judge *judge, const char *name);
int judge_ask(const struct judge *judge, const struct explain_question *question, struct explanation *ret,
	      struct failure *failure);

#endif
