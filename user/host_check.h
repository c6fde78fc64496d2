/* SPDX-License-Identifier: GPL-2.0-only */
/* Advice about the host that a policy is put in force on. */
#ifndef POSTERN_HOST_CHECK_H
#define POSTERN_HOST_CHECK_H

#include "policy.h"

/* Adds warnings where the current network namespace lets users without privileges take a control port (who
 * listens there is taken for the FTP server), and of addresses in rules that none of its interfaces has. */
void host_check(const struct policy *policy, struct diags *diags);

#endif
