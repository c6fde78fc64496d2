/* SPDX-License-Identifier: GPL-2.0-only */
/* What leaves on control connections: it tells of sessions what their establishment did not. */
#ifndef POSTERN_CONTROL_BPF_H
#define POSTERN_CONTROL_BPF_H

#include "flow_open.bpf.h"
#include "sessions.bpf.h"

/* Where the replies of a session can be read from, which is told of only now. While its client has
 * acknowledged nothing, its first byte is the first that is not acknowledged; whether that went by unread
 * shows at the segment. */
static __always_inline struct reply_reader reader_of(struct __sk_buff *skb)
{
	struct reply_reader reader = {.state = REPLY_LOST};
	struct bpf_tcp_sock *tcp = socket_tcp(skb);

	if (tcp && !tcp->bytes_acked) {
		reader.next = tcp->snd_una;
		reader.state = REPLY_LINE;
	}
	return reader;
}

/* The same of its client's commands, where none has come yet; otherwise what an older connection of the same
 * addresses and ports may have left must not stand for this one's. */
static __always_inline void session_read_from(struct __sk_buff *skb, const struct flow_key *key, __u64 cookie)
{
	struct bpf_tcp_sock *tcp = socket_tcp(skb);

	if (tcp && !tcp->bytes_received)
		session_read_commands(key, cookie, tcp->rcv_nxt);
	else
		bpf_map_delete_elem(&session_commands, key);
}

/* Its client knows the server by another port than was assumed. */
static __always_inline void session_move(struct session *session, __u16 control_port)
{
	const struct flow_key assumed = session_flow_key(session);

	bpf_map_delete_elem(&session_commands, &assumed);
	session->control_port = control_port;
}

/* What a control connection sends shows a session whose beginning was not seen, and which port its client
 * knows the server by, before the server can answer PASV. Its FIN or RST ends the session: no reply can
 * follow it. */
static __noinline void control_sent(struct __sk_buff *skb, const struct flow_key *key, __u8 tcp_flags)
{
	__u64 cookie = bpf_get_socket_cookie(skb);
	struct totals *totals = totals_get();
	struct flow_key socket_key = *key;
	struct reply_reader reader;
	struct session *session;
	__u32 state;

	session = bpf_map_lookup_elem(&sessions, &cookie);
	if (tcp_flags & (TCP_FIN | TCP_RST)) {
		if (session)
			session_forget(cookie, session);
		return;
	}
	if (session) {
		if (session->control_port != key->local_port)
			session_move(session, key->local_port);
		return;
	}
	state = socket_state(skb);
	if (state != SOCK_ESTABLISHED && state != SOCK_CLOSE_WAIT)
		return;
	socket_key.local_port = socket_port(skb);
	reader = reader_of(skb);
	if (!session_begin(&socket_key, key->local_port, cookie, &reader))
		return;
	session_read_from(skb, key, cookie);
	if (totals)
		__sync_fetch_and_add(&totals->repaired, 1);
}

#endif
