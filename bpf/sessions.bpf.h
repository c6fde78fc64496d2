/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions: control connections that a listener of this host accepted. */
#ifndef POSTERN_SESSIONS_BPF_H
#define POSTERN_SESSIONS_BPF_H

#include "reply_line.bpf.h"
#include "report.bpf.h"
#include "traces.bpf.h"

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

#endif
