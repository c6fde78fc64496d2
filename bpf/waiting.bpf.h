/* SPDX-License-Identifier: GPL-2.0-only */
/* Listeners that wait for somebody to say whose they are: find, remove, report. */
#ifndef POSTERN_WAITING_BPF_H
#define POSTERN_WAITING_BPF_H

#include "addr.bpf.h"
#include "report.bpf.h"

/* What happened to a listener that waits or waited; all that is refused is counted. Claims are what clients
 * can cause: of those that are refused some are reported. `waiting` and `session` may be NULL. */
static __always_inline void report_waiting(const struct waiting_key *key, const struct waiting *waiting,
					   enum event_kind kind, __u8 reason, __u8 origin,
					   const struct session *session)
{
	struct totals *totals = totals_get();
	struct event *event;
	__u64 sequence;

	if (kind == EVENT_PINHOLE_REFUSED) {
		if (totals)
			__sync_fetch_and_add(&totals->refused, 1);
		if (origin != ORIGIN_SOCKET && !sample_take(SAMPLE_CLAIMS, CLAIMS_PER_SECOND))
			return;
	}
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

#endif
