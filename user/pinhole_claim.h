/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks the kernel to open a pinhole that somebody outside it has learned of. */
#ifndef POSTERN_PINHOLE_CLAIM_H
#define POSTERN_PINHOLE_CLAIM_H

#include <stdint.h>

#include "datapath.h"

/* Opens a pinhole for `client` to `port` (host byte order) of the FTP server of that name, if at this moment
 * one of its listeners waits there unclaimed and the client has a live control connection to it: the kernel
 * decides, and reports what it does in `events`. `client_port` says which control connection of the client it
 * is; 0: the newest. `origin` says who learned of it. Returns 0: opened; -ENOENT: no such server, listener or
 * client; -EALREADY: it was open for that client; -EBUSY: claimed for another; -ENOSPC: too many are open; or
 * another -errno. */
int pinhole_claim(const struct datapath *datapath, const char *server, const struct addr *client,
		  uint16_t client_port, uint16_t port, enum origin origin);

#endif
