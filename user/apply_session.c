// SPDX-License-Identifier: GPL-2.0-only
// Would the new policy cut the caller's own SSH session?
#include "apply_session.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"
#include "links.h"
#include "ssh_session.h"
#include "value.h"

enum { MAX_STACKED = 8 /* interfaces on top of each other */ };

static bool holds_address(const struct ifaddrs *entry, const struct addr *addr)
{
	if (!entry->ifa_addr)
		return false;
	if (entry->ifa_addr->sa_family == AF_INET)
		return value_addr_is_ipv4(addr) &&
		       ((const struct sockaddr_in *)entry->ifa_addr)->sin_addr.s_addr == addr->word[3];
	if (entry->ifa_addr->sa_family == AF_INET6)
		return memcmp(&((const struct sockaddr_in6 *)entry->ifa_addr)->sin6_addr, addr,
			      sizeof(*addr)) == 0;
	return false;
}

/* Whether the interface, or one that carries it, is listed: which. In doubt it is, but which is not known: 0.
 * To refuse wrongly costs a --force, the opposite a journey. */
static bool is_listed(const char *name, const struct interface_value *interfaces, size_t n,
		      uint32_t *ret_ifindex)
{
	char lower[IF_NAMESIZE];
	struct link link;

	*ret_ifindex = 0;
	for (int depth = 0; depth < MAX_STACKED; depth++) {
		if (links_get(name, &link))
			return true;
		for (size_t i = 0; i < n; i++) {
			if (interfaces[i].ifindex != link.ifindex)
				continue;
			*ret_ifindex = link.ifindex;
			return true;
		}
		if (!link.lower || !if_indextoname(link.lower, lower))
			return false;
		name = lower;
	}
	return true;
}

static bool is_cut_on(const struct generation *generation, const struct ssh_connection *connection,
		      uint32_t ifindex)
{
	struct frame_request request = {
		.src = connection->peer,
		.dst = connection->local,
		.src_port = connection->peer_port,
		.dst_port = connection->local_port,
	};
	uint8_t frame[FRAME_SIZE];
	uint32_t verdict;
	size_t size = frame_build(&request, frame);

	return generation_explain(generation, INBOUND, ifindex, frame, size, &verdict) ||
	       verdict < COUNTER_LINK;
}

/* Where it comes in is where its address is, as far as can be told. */
static bool is_cut(const struct generation *generation, const struct ssh_connection *connection,
		   const struct interface_value *interfaces, size_t n)
{
	struct ifaddrs *list, *entry;
	bool found = false, cut = false;
	uint32_t ifindex;

	if (getifaddrs(&list))
		return is_cut_on(generation, connection, 0);
	for (entry = list; entry; entry = entry->ifa_next) {
		if (!holds_address(entry, &connection->local))
			continue;
		found = true;
		if (is_listed(entry->ifa_name, interfaces, n, &ifindex))
			cut |= is_cut_on(generation, connection, ifindex);
	}
	freeifaddrs(list);
	return found ? cut : is_cut_on(generation, connection, 0);
}

int apply_session_check(const struct generation *generation, const struct interface_value *interfaces,
			size_t n, struct failure *failure)
{
	struct ssh_connection connections[MAX_SSH_CONNECTIONS];
	struct ssh_query query = {.proc = "/proc", .pid = getpid()};
	size_t n_connections = 0;
	char peer[ADDR_TEXT_SIZE];

	/* Where /proc does not tell, there is nothing to go by. */
	if (ssh_session_find(&query, connections, &n_connections))
		return 0;
	for (size_t i = 0; i < n_connections; i++) {
		const struct ssh_connection *connection = &connections[i];

		if (is_cut(generation, connection, interfaces, n))
			return failure_set(
				failure, -EPERM,
				"this would cut the session you are in (from %s port %u to port %u): "
				"allow it in the policy, or use --confirm SECONDS, which goes back by "
				"itself, or --force",
				value_format_addr(&connection->peer, peer), connection->peer_port,
				connection->local_port);
	}
	return 0;
}
