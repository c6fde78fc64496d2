/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions: control connections that a listener of this host accepted. */
#ifndef POSTERN_SESSIONS_BPF_H
#define POSTERN_SESSIONS_BPF_H

#include "reply_line.bpf.h"
#include "report.bpf.h"
#include "traces.bpf.h"

enum { SESSION_TCP = 6 };

/* Remembers a session; nothing where it is remembered already. True where it is new. The key is of the
 * server's socket, `control_port` what its client connected to. `reader`: where the next byte of its replies
 * is; lost, where replies may have gone before. */
static __always_inline bool session_begin(const struct flow_key *key, __u16 control_port, __u64 cookie,
					  const struct reply_reader *reader)
{
	struct session session = {
		.client = key->peer,
		.local = key->local,
		.client_port = key->peer_port,
		.control_port = control_port,
		.socket_port = key->local_port,
		.since_ns = bpf_ktime_get_boot_ns(),
		.reader = *reader,
	};
	struct totals *totals = totals_get();

	trace_leave(key->local_port, TRACE_SESSION);
	if (!bpf_map_update_elem(&sessions, &cookie, &session, BPF_NOEXIST))
		return true;
	/* Told from a full map by looking. */
	if (!bpf_map_lookup_elem(&sessions, &cookie) && totals)
		__sync_fetch_and_add(&totals->untracked, 1);
	return false;
}

/* Its client's commands are read from the sequence number `next` on. Where there is no room they are not, and
 * nothing is asked of its replies. `key` is as on the wire. */
static __always_inline void session_read_commands(const struct flow_key *key, __u64 cookie, __u32 next)
{
	const struct commands commands = {.reader = {.next = next}};

	bpf_map_update_elem(&session_commands, key, &commands, BPF_ANY);
	/* It can have closed meanwhile. */
	if (!bpf_map_lookup_elem(&sessions, &cookie))
		bpf_map_delete_elem(&session_commands, key);
}

static __always_inline struct flow_key session_flow_key(const struct session *session)
{
	return (struct flow_key){
		.local = session->local,
		.peer = session->client,
		.local_port = session->control_port,
		.peer_port = session->client_port,
		.protocol = SESSION_TCP,
	};
}

static __always_inline void session_forget(__u64 cookie, const struct session *session)
{
	const struct flow_key key = session_flow_key(session);

	bpf_map_delete_elem(&session_commands, &key);
	bpf_map_delete_elem(&sessions, &cookie);
}

#endif
