/* SPDX-License-Identifier: GPL-2.0-only */
/* Which address of this host talks to a peer. */
#ifndef POSTERN_LOCAL_ADDR_H
#define POSTERN_LOCAL_ADDR_H

#include "value.h"

/* What the routes choose; nothing is sent. 0 or -errno, where nothing leads there. */
int local_addr_find(const struct addr *peer, struct addr *ret);

#endif
