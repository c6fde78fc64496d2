/* SPDX-License-Identifier: GPL-2.0-only */
/* A listener whose process does not tell whose port it is waits until a reply, or a log, names the client.
 * This is the only way from there to a pinhole. */
#ifndef POSTERN_CLAIM_BPF_H
#define POSTERN_CLAIM_BPF_H

#include "ftp.bpf.h"
#include "pinholes.bpf.h"
#include "waiting.bpf.h"

/* Whether the session may claim the listener. A process with too many files to look through has no holder:
 * there the reply, which only the server itself can send, decides alone. */
static __always_inline int claim_judge(const struct session *session, const struct waiting *waiting,
				       __u8 origin)
{
	bool is_ipv4 = addr_is_mapped(&session->client);

	if (bpf_ktime_get_boot_ns() > waiting->expires_ns)
		return REFUSED_LISTENER;
	if (waiting->holder != session->holder && (waiting->holder || origin == ORIGIN_LOG))
		return REFUSED_HOLDER;
	if (!(waiting->accepts & (is_ipv4 ? ACCEPTS_IPV4 : ACCEPTS_IPV6)))
		return REFUSED_FAMILY;
	return 0;
}

/* A function of its own, for its room on the stack. */
static __noinline bool session_has_pinhole(const struct session *session, __u16 port)
{
	struct pinhole_key key;

	return pinhole_find(&session->client, &session->local, port, &key);
}

/* The listener, which no longer waits, is that session's. 0, or the enum refusal. */
static __always_inline int claim_open(const struct settings *in_force, const struct waiting_key *key,
				      const struct waiting *waiting, const struct session *session,
				      __u64 cookie, const struct ftp_server_value *server, __u8 origin)
{
	struct listener_value entry = {};
	struct pinhole pinhole = {
		.listener = waiting->listener,
		.session = cookie,
		.opened_ns = bpf_ktime_get_boot_ns(),
		.control_port = session->control_port,
		.service = server->service,
		.origin = origin,
	};
	__u64 listener = waiting->listener;
	int refusal;

	pinhole_key_make(&entry.key, in_force, &session->client, &key->local, key->port);
	pinhole.expires_ns = pinhole.opened_ns + server->ttl_ns;
	/* Its close must find the pinhole; one that is closed already has no entry any more. */
	if (bpf_map_update_elem(&listeners, &listener, &entry, BPF_EXIST))
		return REFUSED_LISTENER;
	refusal = pinhole_open(&entry.key, &pinhole);
	if (refusal)
		bpf_map_delete_elem(&listeners, &listener);
	return refusal;
}

/* The session of that socket cookie says that `port` is its own; `is_asked`: its client has asked for one, as
 * far as is known. Opens the pinhole, and returns 0; or an enum refusal, which is reported where a server of
 * the session could have been there. REFUSED_OPEN, which is not: it has it already. A global function, which
 * is verified once for all its callers. */
__noinline int claim(__u64 cookie, __u16 port, __u8 origin, bool is_asked)
{
	const struct session *session = bpf_map_lookup_elem(&sessions, &cookie);
	__u32 zero = 0;
	const struct settings *in_force = bpf_map_lookup_elem(&settings, &zero);
	const struct ftp_server_value *server;
	struct waiting *found, waiting;
	struct waiting_key key;
	__u16 servers;
	int refusal;

	if (!session || !in_force || port < MIN_CLAIMED_PORT)
		return REFUSED_LISTENER;
	servers = ftp_port_get(in_force, port).passive & ftp_port_get(in_force, session->socket_port).control;
	server = server_of(in_force, servers);
	if (!server || !(server->watch & 1u << origin))
		return REFUSED_LISTENER;
	if (session_has_pinhole(session, port))
		return REFUSED_OPEN;
	found = waiting_find(&session->local, port, &key);
	if (!found) {
		refusal = port_has_pinhole(port) ? REFUSED_CLAIMED : REFUSED_LISTENER;
		report_waiting(&key, NULL, EVENT_PINHOLE_REFUSED, refusal, origin, session);
		return refusal;
	}
	waiting = *found;
	server = server_of(in_force, servers & waiting.servers);
	refusal = server && server->watch & 1u << origin ? claim_judge(session, &waiting, origin)
							 : REFUSED_LISTENER;
	if (!refusal && !is_asked)
		refusal = REFUSED_UNASKED;
	if (!refusal && port_is_claimed(&key.local, port, waiting.listener))
		refusal = REFUSED_CLAIMED;
	/* Whoever removes it claims it. */
	if (server && !refusal)
		refusal = waiting_remove(&key)
				  ? claim_open(in_force, &key, &waiting, session, cookie, server, origin)
				  : REFUSED_CLAIMED;
	report_waiting(&key, &waiting, refusal ? EVENT_PINHOLE_REFUSED : EVENT_PINHOLE_OPENED, refusal,
		       origin, session);
	/* The session can have closed meanwhile; its close found no pinhole then. */
	if (!refusal && !bpf_map_lookup_elem(&sessions, &cookie))
		session_close_pinholes(cookie);
	return refusal;
}

#endif
