// SPDX-License-Identifier: GPL-2.0-only
// Asks the routes which source address they would give, and the kernel which addresses are there.
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

/* Returns its size. */
static socklen_t make_address(union address *address, const struct addr *addr, unsigned port)
{
	if (value_addr_is_ipv4(addr)) {
		*address = (union address){.ip4 = {.sin_family = AF_INET, .sin_port = htons(port)}};
		address->ip4.sin_addr.s_addr = addr->word[3];
		return sizeof(address->ip4);
	}
	*address = (union address){.ip6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
	memcpy(&address->ip6.sin6_addr, addr, sizeof(*addr));
	return sizeof(address->ip6);
}

int local_addr_find(const struct addr *peer, struct addr *ret)
{
	union address address;
	socklen_t size = make_address(&address, peer, DISCARD_PORT);
	int fd = socket(address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), r = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, &address.any, size) || getsockname(fd, &address.any, &size))
		r = -errno;
	else if (address.any.sa_family == AF_INET)
		*ret = (struct addr){{0, 0, htonl(0xffff), address.ip4.sin_addr.s_addr}};
	else
		memcpy(ret, &address.ip6.sin6_addr, sizeof(*ret));
	close(fd);
	return r;
}

bool local_addr_is_missing(const struct addr *addr)
{
	union address address;
	socklen_t size = make_address(&address, addr, 0);
	int fd = socket(address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_missing;

	if (fd < 0)
		return false;
	is_missing = bind(fd, &address.any, size) && errno == EADDRNOTAVAIL;
	close(fd);
	return is_missing;
}
