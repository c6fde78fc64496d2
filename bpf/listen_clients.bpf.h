/* SPDX-License-Identifier: GPL-2.0-only */
/* `pinholes: clients`: a listener opens for every client with a session in its process. For servers whose
 * replies nobody can read; its clients are not protected from each other. */
#ifndef POSTERN_LISTEN_CLIENTS_BPF_H
#define POSTERN_LISTEN_CLIENTS_BPF_H

#include "listener.bpf.h"

_Static_assert(PINHOLES_CLIENTS == 2, "it is told by its bit");

/* Those of a set of servers that open for all their clients. A global function, which is verified once, and
 * without a branch for each server: older verifiers follow every combination of them. */
__noinline int servers_for_clients(__u32 half, __u32 servers)
{
	__u32 ret = 0;

	for (__u32 i = 0; i < MAX_FTP_SERVERS; i++) {
		__u32 key = (half & 1) * MAX_FTP_SERVERS + i;
		const struct ftp_server_value *server = bpf_map_lookup_elem(&ftp_servers, &key);
		__u32 mode = server ? server->mode : 0;

		ret |= (mode >> 1 & 1) << i;
	}
	return ret & servers;
}

/* For bpf_for_each_map_elem: opens the listener for each session of its process. */
struct offer {
	struct listener_value entry; /* first of the listener, then of the session at work */
	struct pinhole pinhole;
	__u64 holder;
	__u32 half;
	__u16 servers; /* whose sessions count */
	__u8 accepts;  /* enum accepts */
	__u8 refusal;  /* enum refusal of the last that was refused */
};

static long session_offer(void *map, const __u64 *cookie, const struct session *session, struct offer *offer)
{
	const struct settings in_force = {.half = offer->half};
	struct pinhole_key *key = &offer->entry.key;
	int refusal;

	if (session->holder != offer->holder ||
	    !(ftp_port_get(&in_force, session->socket_port).control & offer->servers) ||
	    !(offer->accepts & (addr_is_mapped(&session->client) ? ACCEPTS_IPV4 : ACCEPTS_IPV6)))
		return 0;
	pinhole_key_set_client(key, &in_force, &session->client);
	offer->pinhole.session = *cookie;
	offer->pinhole.control_port = session->control_port;
	refusal = pinhole_open(key, &offer->pinhole);
	if (!refusal)
		report_pinhole(EVENT_PINHOLE_OPENED, key, &offer->pinhole, &session->client,
			       session->client_port);
	else if (refusal != REFUSED_CLAIMED) /* another session of the same client has it */
		offer->refusal = refusal;
	return 0;
}

/* The process, whose sessions know it as `holder` now, has those of several clients. A function of its own,
 * for its room on the stack. */
static __noinline void listener_offer_clients(const struct settings *in_force,
					      const struct listener *listener)
{
	const struct ftp_server_value *server = server_of(in_force, listener->servers);
	__u64 cookie = listener->cookie, now = bpf_ktime_get_boot_ns();
	struct offer offer = {
		.entry = {.key = {.local = listener->local, .port = listener->port}, .is_shared = 1},
		.pinhole = {.listener = cookie, .opened_ns = now, .origin = ORIGIN_SOCKET, .is_shared = 1},
		.holder = listener->holder,
		.half = in_force->half,
		.servers = listener->servers,
		.accepts = listener->accepts,
	};

	if (!server)
		return;
	offer.pinhole.service = server->service;
	offer.pinhole.expires_ns = now + server->ttl_ns;
	offer.refusal = listener_remember(cookie, &offer.entry);
	if (!offer.refusal && port_is_claimed(&listener->local, listener->port, cookie))
		offer.refusal = REFUSED_CLAIMED;
	if (!offer.refusal)
		bpf_for_each_map_elem(&sessions, session_offer, &offer, 0);
	if (offer.refusal && offer.refusal != REFUSED_OPEN)
		report_refused(listener, offer.refusal, NULL);
}

#endif
