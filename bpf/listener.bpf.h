/* SPDX-License-Identifier: GPL-2.0-only */
/* A socket that listens, and what is reported of it. */
#ifndef POSTERN_LISTENER_BPF_H
#define POSTERN_LISTENER_BPF_H

#include "bound.bpf.h"
#include "walk.bpf.h"

/* What is known of a listener. */
struct listener {
	struct task_struct *task; /* that listens */
	struct addr local;        /* all zero: any address */
	__u64 cookie;
	__u64 holder; /* its process; 0: not known */
	__u16 port;
	__u16 servers; /* whose it may be */
	__u8 accepts;  /* enum accepts */
};

/* 0 where it is the first time: whatever becomes of it is reported once, until its close. REFUSED_OPEN where
 * it is not, or REFUSED_FULL. */
static __always_inline int listener_remember(__u64 cookie, const struct listener_value *entry)
{
	if (!bpf_map_update_elem(&listeners, &cookie, entry, BPF_NOEXIST))
		return 0;
	return bpf_map_lookup_elem(&listeners, &cookie) ? REFUSED_OPEN : REFUSED_FULL;
}

static __always_inline void report_listener(const struct listener *listener, enum event_kind kind,
					    __u8 reason, const struct walk_found *found)
{
	struct task_struct *task = listener->task;
	__u64 sequence;
	struct event *event = report_begin(kind, &sequence);

	if (!event)
		return;
	if (found) {
		event->peer = found->client;
		event->peer_port = found->client_port;
	}
	event->local = listener->local;
	event->local_port = listener->port;
	event->cookie = listener->cookie;
	event->protocol = PROTOCOL_TCP;
	event->origin = ORIGIN_SOCKET;
	event->reason = reason;
	event->pid = BPF_CORE_READ(task, tgid);
	event->uid = BPF_CORE_READ(task, cred, uid.val);
	BPF_CORE_READ_INTO(&event->comm, task, comm);
	event_end(event, sequence);
}

static __always_inline void report_refused(const struct listener *listener, enum refusal refusal,
					   const struct walk_found *found)
{
	struct totals *totals = totals_get();

	if (totals)
		__sync_fetch_and_add(&totals->refused, 1);
	report_listener(listener, EVENT_PINHOLE_REFUSED, refusal, found);
}

#endif
