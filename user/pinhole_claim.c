// SPDX-License-Identifier: GPL-2.0-only
// This build's kernel part opens pinholes in listen() only, so that it takes no claims: each is refused.
#include "pinhole_claim.h"

#include <errno.h>

bool pinhole_claim_is_possible(const struct datapath *datapath)
{
	(void)datapath;
	return false;
}

int pinhole_claim(const struct datapath *datapath, const char *server, const struct addr *client,
		  uint16_t port, enum origin origin)
{
	(void)datapath, (void)server, (void)client, (void)port, (void)origin;
	return -EOPNOTSUPP;
}
