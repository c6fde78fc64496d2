/* SPDX-License-Identifier: GPL-2.0-only */
/* What must hold of FTP servers. */
#ifndef POSTERN_POLICY_FTP_H
#define POSTERN_POLICY_FTP_H

#include "policy.h"

enum { PORT_SMB = 445, FIRST_UNPRIVILEGED_PORT = 1024 };

/* Reports to `diags` what of the section `ftp` cannot be. `inbound_ports`: N_PORTS, true for those of inbound
 * services. 0, also after a report, or -ENOMEM. */
int validate_ftp(const struct policy *policy, const bool *inbound_ports, struct diags *diags);

#endif
