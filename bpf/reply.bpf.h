/* SPDX-License-Identifier: GPL-2.0-only */
/* What leaves on a control connection is read, in the order of its sequence numbers, for the replies to PASV
 * and EPSV: the pinhole is open before the client can have read them. */
#ifndef POSTERN_REPLY_BPF_H
#define POSTERN_REPLY_BPF_H

#include "claim.bpf.h"
#include "command_line.bpf.h"
#include "frames.bpf.h"
#include "plain.bpf.h"
#include "reply_line.bpf.h"
#include "sessions.bpf.h"

enum {
	REPLY_MOST_BYTES = 65536, /* of one segment that are read; more makes the rest unreadable */
	REPLY_MOST_CLAIMS = 4     /* of one segment */
};

struct reply_segment {
	struct __sk_buff *skb;
	struct reply_reader reader;
	__u32 at;  /* of the next byte, in the frame */
	__u32 end; /* of the segment */
	__u32 port;
	__u32 pad;
};

/* One step: passes over what it can of a TLS record, or takes a byte. 1 ends the loop. */
static long reply_step(__u32 step, struct reply_segment *segment)
{
	struct reply_reader *reader = &segment->reader;
	__u32 left = segment->end - segment->at;
	__u8 byte = 0;

	if (segment->at >= segment->end)
		return 1;
	if (reader->pass) {
		__u32 pass = reader->pass < left ? reader->pass : left;

		segment->at += pass;
		reader->pass -= pass;
		return 0;
	}
	if (bpf_skb_load_bytes(segment->skb, segment->at, &byte, 1)) {
		reader->state = REPLY_LOST;
		return 1;
	}
	segment->at++;
	segment->port = reply_read_byte(reader, byte);
	return segment->port || reader->state == REPLY_LOST;
}

/* Finds what of the segment is new; false where there is nothing, or the connection can no longer be read. */
static __always_inline bool reply_begin_segment(struct __sk_buff *skb, struct session *session,
						struct reply_segment *segment)
{
	struct packet packet = {.given = skb_given(skb)};
	struct cursor cursor = skb_cursor(skb);
	const struct tcphdr *tcp;
	__u32 sequence, bytes, seen;

	if (!plain_headers(&cursor, &packet) || packet.protocol != PROTO_TCP) {
		session->reader.state = REPLY_LOST;
		return false;
	}
	tcp = cursor.pos - sizeof(*tcp);
	sequence = bpf_ntohl(tcp->seq);
	segment->at =
		ETH_HLEN + (packet.is_ipv4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)) + tcp->doff * 4;
	segment->end = skb->len;
	if (segment->at >= segment->end)
		return false;
	bytes = segment->end - segment->at;
	seen = session->reader.next - sequence;
	if ((__s32)seen < 0 || bytes > REPLY_MOST_BYTES) {
		session->reader.state = REPLY_LOST;
		return false;
	}
	if (seen >= bytes)
		return false;
	segment->at += seen;
	segment->reader = session->reader;
	segment->reader.next = sequence + bytes;
	return true;
}

/* Whether a reply with a port answers a command, as far as is known: where the socket has received what was
 * not read, it may. */
static __noinline bool answers_command(struct __sk_buff *skb, const struct session *session)
{
	const struct flow_key key = session_flow_key(session);
	struct commands *commands = bpf_map_lookup_elem(&session_commands, &key);
	struct bpf_tcp_sock *tcp = socket_tcp(skb);

	if (!commands || !tcp || commands->reader.state == COMMAND_LOST ||
	    (__s32)(commands->reader.next - tcp->rcv_nxt) < 0)
		return true;
	if (commands->reader.asked == commands->answered)
		return false;
	commands->answered++;
	return true;
}

/* A segment that leaves on a control connection. A global function, verified by itself. Returns nothing of
 * use. */
__noinline int reply_read(struct __sk_buff *skb)
{
	__u64 cookie = bpf_get_socket_cookie(skb);
	struct session *session = bpf_map_lookup_elem(&sessions, &cookie);
	struct reply_segment segment;

	if (!session || session->reader.state == REPLY_LOST)
		return 0;
	/* Zeroes of which the verifier must not know: see walk_files(). */
	bpf_probe_read_kernel(&segment, sizeof(segment), NULL);
	segment.skb = skb;
	if (!reply_begin_segment(skb, session, &segment))
		return 0;
	for (int i = 0; i < REPLY_MOST_CLAIMS; i++) {
		bpf_loop(REPLY_MOST_BYTES, reply_step, &segment, 0);
		if (!segment.port)
			break;
		claim(cookie, segment.port, ORIGIN_REPLY, answers_command(skb, session));
		segment.port = 0;
	}
	if (segment.at < segment.end)
		segment.reader.state = REPLY_LOST;
	session->reader = segment.reader;
	return 0;
}

#endif
