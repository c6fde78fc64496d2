/* SPDX-License-Identifier: GPL-2.0-only */
/* What comes in on a control connection is read for PASV and EPSV, in the order of its sequence numbers, so
 * that a reply that answers neither opens nothing. The network's packets only change the entry that the
 * session has made. Where one went by unread (lost, out of order, in no plain frame, at another interface),
 * the socket has received more than was read: then it is not known what its client asked for, and nothing is
 * asked of its replies. */
#ifndef POSTERN_COMMAND_BPF_H
#define POSTERN_COMMAND_BPF_H

#include "command_line.bpf.h"
#include "frames.bpf.h"
#include "plain.bpf.h"

struct command_segment {
	struct xdp_md *ctx;
	struct command_reader reader;
	__u32 at;  /* of the next byte, in the frame */
	__u32 end; /* of the segment */
};

/* One step: takes a byte. 1 ends the loop. */
static long command_step(__u32 step, struct command_segment *segment)
{
	struct cursor cursor = frame_cursor(segment->ctx);
	const __u8 *byte;

	if (segment->at >= segment->end)
		return 1;
	cursor.pos += segment->at & (MAX_WALK - 1);
	byte = cursor_take(&cursor, 1);
	if (!byte)
		return 1;
	segment->at++;
	command_read_byte(&segment->reader, *byte);
	return segment->reader.state == COMMAND_LOST;
}

/* A segment that comes in on a control connection. A global function, verified by itself. Returns nothing of
 * use. */
__noinline int command_read(struct xdp_md *ctx)
{
	struct packet packet = {.given = first_buffer_given(ctx, INBOUND, NULL, 0)};
	struct cursor cursor = frame_cursor(ctx);
	struct command_segment segment = {.ctx = ctx};
	struct commands *commands;
	const struct tcphdr *tcp;
	struct flow_key key;
	__u32 bytes;

	if (!parse_plain(&cursor, &packet) || packet.protocol != PROTO_TCP)
		return 0;
	tcp = cursor.pos - sizeof(*tcp);
	segment.at = packet.transport + tcp->doff * 4;
	segment.end = packet.transport + packet.payload;
	if (segment.at >= segment.end || segment.end > MAX_WALK)
		return 0;
	key = flow_key_of(&packet, INBOUND);
	commands = bpf_map_lookup_elem(&session_commands, &key);
	if (!commands || commands->reader.state == COMMAND_LOST ||
	    commands->reader.next != bpf_ntohl(tcp->seq))
		return 0;
	bytes = segment.end - segment.at;
	segment.reader = commands->reader;
	segment.reader.next += bytes;
	bpf_loop(MAX_WALK, command_step, &segment, 0);
	commands->reader = segment.reader;
	return 0;
}

#endif
