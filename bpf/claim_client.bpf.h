/* SPDX-License-Identifier: GPL-2.0-only */
/* Claims of those who know a client's address, and at best its port, but no session: the reader of a log. */
#ifndef POSTERN_CLAIM_CLIENT_BPF_H
#define POSTERN_CLAIM_CLIENT_BPF_H

#include "claim.bpf.h"

/* For bpf_for_each_map_elem: the newest session that a client has with any of the servers. */
struct client_search {
	struct addr client;
	__u64 cookie; /* 0: none */
	__u64 since_ns;
	__u64 holder; /* 0: any; else only of that process */
	__u32 half;
	__u16 servers;
	__u16 client_port; /* 0: any */
};

static long client_check(void *map, const __u64 *cookie, const struct session *session,
			 struct client_search *search)
{
	const struct settings in_force = {.half = search->half};

	if (!addr_equal(&session->client, &search->client) || session->since_ns < search->since_ns ||
	    (search->client_port && session->client_port != search->client_port) ||
	    (search->holder && session->holder != search->holder) ||
	    !(ftp_port_get(&in_force, session->socket_port).control & search->servers))
		return 0;
	search->cookie = *cookie;
	search->since_ns = session->since_ns;
	return 0;
}

static __noinline __u64 client_session(const struct settings *in_force, const struct claim_request *request,
				       __u64 holder)
{
	struct client_search search = {
		.client = request->client,
		.holder = holder,
		.half = in_force->half,
		.servers = request->servers,
		.client_port = request->client_port,
	};

	bpf_for_each_map_elem(&sessions, client_check, &search, 0);
	return search.cookie;
}

/* Returns what claim() does, or REFUSED_SESSION. A listener at any address does for every session; one at an
 * address of its own is found by the session there, whose process is then not asked for first. */
static __always_inline int claim_for_client(const struct claim_request *request)
{
	__u32 zero = 0;
	const struct settings *in_force = bpf_map_lookup_elem(&settings, &zero);
	struct waiting_key key = {.port = request->port};
	const struct waiting *waiting;
	__u64 cookie;

	if (!in_force)
		return REFUSED_LISTENER;
	waiting = bpf_map_lookup_elem(&waiting_listeners, &key);
	cookie = waiting ? client_session(in_force, request, waiting->holder) : 0;
	if (!cookie)
		cookie = client_session(in_force, request, 0);
	if (cookie)
		return claim(cookie, request->port, request->origin, true);
	report_waiting(&key, NULL, EVENT_PINHOLE_REFUSED, REFUSED_SESSION, request->origin, NULL);
	return REFUSED_SESSION;
}

#endif
