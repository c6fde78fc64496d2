/* SPDX-License-Identifier: GPL-2.0-only */
/* A listener whose process does not tell whose port it is waits until a reply, or a log, names the client.
 * This is the only way from there to a pinhole. */
#ifndef POSTERN_CLAIM_BPF_H
#define POSTERN_CLAIM_BPF_H

#include "ftp.bpf.h"
#include "pinholes.bpf.h"

/* For bpf_for_each_map_elem: does another listener hold a pinhole on an address that overlaps? */
struct overlap {
	struct addr local;
	__u64 listener;
	__u16 port;
	__u16 taken;
	__u32 pad;
};

static long overlap_check(void *map, const struct pinhole_key *key, const struct pinhole *pinhole,
			  struct overlap *overlap)
{
	if (key->port != overlap->port || pinhole->listener == overlap->listener)
		return 0;
	if (!addr_is_zero(&key->local) && !addr_is_zero(&overlap->local) &&
	    !addr_equal(&key->local, &overlap->local))
		return 0;
	overlap->taken = 1;
	return 1;
}

/* listen() fails only after its state is told, so a listener that is about to be refused by the kernel
 * is seen here too. While another one holds a pinhole on the port it must not add a client to it. */
static __always_inline bool port_is_claimed(const struct addr *local, __u16 port, __u64 listener)
{
	struct overlap overlap = {.local = *local, .listener = listener, .port = port};

	if (!port_has_pinhole(port))
		return false;
	bpf_for_each_map_elem(&pinholes, overlap_check, &overlap, 0);
	return overlap.taken;
}

/* 0, or the enum refusal. */
static __always_inline int pinhole_open(const struct pinhole_key *key, const struct pinhole *pinhole)
{
	struct totals *totals = totals_get();
	__u64 listener = pinhole->listener;

	if (bpf_map_update_elem(&pinholes, key, pinhole, BPF_NOEXIST)) {
		bpf_map_delete_elem(&listeners, &listener);
		return bpf_map_lookup_elem(&pinholes, key) ? REFUSED_CLAIMED : REFUSED_FULL;
	}
	port_mark(key->port, 1);
	if (totals)
		__sync_fetch_and_add(&totals->opened, 1);
	return 0;
}

static __always_inline void pinhole_close(const struct pinhole_key *key, const struct pinhole *pinhole,
					  enum event_kind kind)
{
	struct totals *totals = totals_get();
	struct pinhole copy = *pinhole;

	if (!pinhole_remove(key))
		return;
	if (totals)
		__sync_fetch_and_add(kind == EVENT_PINHOLE_EXPIRED ? &totals->expired : &totals->closed, 1);
	report_pinhole(kind, key, &copy, 0);
}

static long session_check(void *map, const struct pinhole_key *key, const struct pinhole *pinhole,
			  __u64 *session)
{
	struct pinhole_key copy = *key;

	if (pinhole->session == *session)
		pinhole_close(&copy, pinhole, EVENT_PINHOLE_CLOSED);
	return 0;
}

/* The control connection is closed: so is what was opened for it and not yet used. */
static __always_inline void session_close_pinholes(__u64 session)
{
	bpf_for_each_map_elem(&pinholes, session_check, &session, 0);
}

/* What happened to a listener that waits or waited. `session` may be NULL. */
static __always_inline void report_waiting(const struct waiting_key *key, const struct waiting *waiting,
					   enum event_kind kind, __u8 reason, __u8 origin,
					   const struct session *session)
{
	struct totals *totals = totals_get();
	struct event *event;
	__u64 sequence;

	if (kind == EVENT_PINHOLE_REFUSED && totals)
		__sync_fetch_and_add(&totals->refused, 1);
	event = report_begin(kind, &sequence);
	if (!event)
		return;
	if (session) {
		event->peer = session->client;
		event->peer_port = session->client_port;
	}
	event->local = key->local;
	event->local_port = key->port;
	event->protocol = 6; /* TCP */
	event->origin = origin;
	event->reason = reason;
	if (waiting) {
		event->cookie = waiting->listener;
		event->pid = waiting->pid;
		event->uid = waiting->uid;
		__builtin_memcpy(event->comm, waiting->comm, sizeof(event->comm));
	}
	event_end(event, sequence);
}

/* The listener at `local` and the port, or the one there at any address; *key says which. */
static __always_inline struct waiting *waiting_find(const struct addr *local, __u16 port,
						    struct waiting_key *key)
{
	struct waiting *waiting;

	__builtin_memset(key, 0, sizeof(*key));
	key->local = *local;
	key->port = port;
	waiting = bpf_map_lookup_elem(&waiting_listeners, key);
	if (waiting)
		return waiting;
	__builtin_memset(&key->local, 0, sizeof(key->local));
	return bpf_map_lookup_elem(&waiting_listeners, key);
}

/* Removes it; false where somebody else just has. */
static __always_inline bool waiting_remove(const struct waiting_key *key)
{
	return !bpf_map_delete_elem(&waiting_listeners, key);
}

/* Whether the session may claim the listener. A process with too many files to look through has no holder:
 * there the reply, which only the server itself can send, decides alone. */
static __always_inline int claim_judge(const struct settings *in_force, const struct session *session,
				       const struct waiting *waiting, __u8 origin)
{
	__u16 servers = ftp_port_get(in_force, session->control_port).control & waiting->servers;
	bool is_ipv4 = addr_is_mapped(&session->client);
	const struct ftp_server_value *server = server_of(in_force, servers);

	if (!server || !(server->watch & 1u << origin) || bpf_ktime_get_boot_ns() > waiting->expires_ns)
		return REFUSED_LISTENER;
	if (waiting->holder != session->holder && (waiting->holder || origin == ORIGIN_LOG))
		return REFUSED_HOLDER;
	if (!(waiting->accepts & (is_ipv4 ? ACCEPTS_IPV4 : ACCEPTS_IPV6)))
		return REFUSED_FAMILY;
	return 0;
}

/* 0, or the enum refusal. A function of its own, for its room on the stack. */
static __noinline int waiting_open(const struct session *session, __u64 session_cookie,
				   const struct waiting_key *key, const struct waiting *waiting, __u8 origin)
{
	__u32 zero = 0;
	const struct settings *in_force = bpf_map_lookup_elem(&settings, &zero);
	const struct ftp_server_value *server;
	struct pinhole_key pinhole_key = {.client = session->client, .local = key->local, .port = key->port};
	struct pinhole pinhole = {
		.listener = waiting->listener,
		.session = session_cookie,
		.opened_ns = bpf_ktime_get_boot_ns(),
		.control_port = session->control_port,
		.origin = origin,
	};
	__u64 listener = waiting->listener;

	if (!in_force)
		return REFUSED_LISTENER;
	server =
		server_of(in_force, ftp_port_get(in_force, session->control_port).control & waiting->servers);
	if (!server)
		return REFUSED_LISTENER;
	pinhole.service = server->service;
	pinhole.expires_ns = pinhole.opened_ns + server->ttl_ns;
	/* Its close must find the pinhole; one that is closed already has no entry any more. */
	if (bpf_map_update_elem(&listeners, &listener, &pinhole_key, BPF_EXIST))
		return REFUSED_LISTENER;
	return pinhole_open(&pinhole_key, &pinhole);
}

/* A function of its own, for its room on the stack. */
static __noinline bool session_has_pinhole(const struct session *session, __u16 port)
{
	struct pinhole_key key;

	return pinhole_find(&session->client, &session->local, port, &key);
}

/* The session of that socket cookie says that `port` is its own. Opens the pinhole, and returns 0; or an enum
 * refusal, which is reported. REFUSED_OPEN, which is not: it has it already. A global function, which is
 * verified once for all its callers. */
__noinline int claim(__u64 cookie, __u16 port, __u8 origin)
{
	const struct session *session = bpf_map_lookup_elem(&sessions, &cookie);
	__u32 zero = 0;
	const struct settings *in_force = bpf_map_lookup_elem(&settings, &zero);
	const struct ftp_server_value *server;
	struct waiting *found, waiting;
	struct waiting_key key;
	int refusal;

	if (!session || !in_force || port < MIN_CLAIMED_PORT)
		return REFUSED_LISTENER;
	server = server_of(in_force, ftp_port_get(in_force, port).passive &
					     ftp_port_get(in_force, session->control_port).control);
	if (!server || !(server->watch & 1u << origin))
		return REFUSED_LISTENER;
	if (session_has_pinhole(session, port))
		return REFUSED_OPEN;
	found = waiting_find(&session->local, port, &key);
	if (!found) {
		refusal = port_has_pinhole(port) ? REFUSED_CLAIMED : REFUSED_LISTENER;
		if (sample_take(SAMPLE_CLAIMS, CLAIMS_PER_SECOND))
			report_waiting(&key, NULL, EVENT_PINHOLE_REFUSED, refusal, origin, session);
		return refusal;
	}
	waiting = *found;
	refusal = claim_judge(in_force, session, &waiting, origin);
	if (!refusal && port_is_claimed(&key.local, port, waiting.listener))
		refusal = REFUSED_CLAIMED;
	/* Whoever removes it claims it. */
	if (!refusal && !waiting_remove(&key))
		refusal = REFUSED_CLAIMED;
	else if (!refusal)
		refusal = waiting_open(session, cookie, &key, &waiting, origin);
	if (!refusal || sample_take(SAMPLE_CLAIMS, CLAIMS_PER_SECOND))
		report_waiting(&key, &waiting, refusal ? EVENT_PINHOLE_REFUSED : EVENT_PINHOLE_OPENED,
			       refusal, origin, session);
	/* The session can have closed meanwhile; its close found no pinhole then. */
	if (!refusal && !bpf_map_lookup_elem(&sessions, &cookie))
		session_close_pinholes(cookie);
	return refusal;
}

#endif
