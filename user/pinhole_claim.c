// SPDX-License-Identifier: GPL-2.0-only
// Hands a claim to the program that decides.
#include "pinhole_claim.h"

#include <errno.h>
#include <string.h>

int pinhole_claim(const struct datapath *datapath, const char *server, const struct addr *client,
		  uint16_t client_port, uint16_t port, enum origin origin)
{
	struct ftp_server_value servers[MAX_FTP_SERVERS];
	struct claim_request request = {
		.client = *client, .client_port = client_port, .port = port, .origin = (__u8)origin};
	uint32_t refusal;
	int r = datapath_ftp_servers(datapath, servers);

	for (unsigned i = 0; r == 0 && i < MAX_FTP_SERVERS; i++)
		if (strcmp(servers[i].name, server) == 0)
			request.servers = (__u16)(1u << i);
	if (r == 0 && !request.servers)
		return -ENOENT;
	if (r == 0)
		r = datapath_claim(datapath, &request, &refusal);
	if (r)
		return r;
	switch (refusal) {
	case 0:
		return 0;
	case REFUSED_OPEN:
		return -EALREADY;
	case REFUSED_CLAIMED:
		return -EBUSY;
	case REFUSED_FULL:
		return -ENOSPC;
	default:
		return -ENOENT;
	}
}
