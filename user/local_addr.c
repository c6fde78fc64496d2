// SPDX-License-Identifier: GPL-2.0-only
// Asks the routes which source address they would give.
#include "local_addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DISCARD_PORT = 9 };

union address {
	struct sockaddr any;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
};

int local_addr_find(const struct addr *peer, struct addr *ret)
{
	bool is_ipv4 = value_addr_is_ipv4(peer);
	union address address = {.any.sa_family = is_ipv4 ? AF_INET : AF_INET6};
	socklen_t size = is_ipv4 ? sizeof(address.ip4) : sizeof(address.ip6);
	int fd = socket(address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), r = 0;

	if (fd < 0)
		return -errno;
	if (is_ipv4) {
		address.ip4.sin_port = htons(DISCARD_PORT);
		address.ip4.sin_addr.s_addr = peer->word[3];
	} else {
		address.ip6.sin6_port = htons(DISCARD_PORT);
		memcpy(&address.ip6.sin6_addr, peer, sizeof(*peer));
	}
	if (connect(fd, &address.any, size) || getsockname(fd, &address.any, &size)) {
		r = -errno;
	} else if (is_ipv4) {
		*ret = (struct addr){{0, 0, htonl(0xffff), address.ip4.sin_addr.s_addr}};
	} else {
		memcpy(ret, &address.ip6.sin6_addr, sizeof(*ret));
	}
	close(fd);
	return r;
}
