/* SPDX-License-Identifier: GPL-2.0-only */
/* What the advice about rules and about FTP servers asks of a policy. */
#ifndef POSTERN_LINT_RULES_H
#define POSTERN_LINT_RULES_H

#include "diag.h"
#include "policy.h"

#define ADVISE(diags, place, ...) diags_add(diags, DIAG_WARNING, place, __VA_ARGS__)

bool lint_has_port(const struct port_range *ranges, size_t n, uint16_t port);
/* The first inbound rule that opens the TCP port, NULL if none. */
const struct rule *lint_inbound_tcp(const struct policy *policy, uint16_t port);

void lint_ftp(const struct policy *policy, struct diags *diags);
/* Whether one of the zones is as wide as the Internet. */
bool lint_is_wide(const struct policy *policy, const size_t *peers, size_t n);

/* Ping, blocked zones, the mode. */
void lint_options(const struct policy *policy, struct diags *diags);
/* Rules that others make pointless. */
void lint_overlap(const struct policy *policy, struct diags *diags);
/* What is defined and never used. */
void lint_unused(const struct policy *policy, struct diags *diags);

#endif
