/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses of this host, in the current network namespace. */
#ifndef POSTERN_LOCAL_ADDR_H
#define POSTERN_LOCAL_ADDR_H

#include "value.h"

/* What the routes choose; nothing is sent. 0 or -errno, where nothing leads there. */
int local_addr_find(const struct addr *peer, struct addr *ret);

/* Whether no interface has it now. false where the kernel does not say: link-local addresses, and with
 * net.ipv4.ip_nonlocal_bind. Sends nothing. */
bool local_addr_is_missing(const struct addr *addr);

#endif
