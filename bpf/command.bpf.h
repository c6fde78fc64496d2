/* SPDX-License-Identifier: GPL-2.0-only */
/* What comes in on a control connection is read for PASV and EPSV, in the order of its sequence numbers, so
 * that a reply that answers neither opens nothing. The network's packets only change the entry that the
 * session has made. Where one went by unread (in no plain frame, at another interface), the socket has
 * received more than was read; where one is sent again, what was read need not be what the socket took; and
 * what is not the next can be anything. Then it is not known what the client has asked for, and nothing is
 * asked of the replies to it. */
#ifndef POSTERN_COMMAND_BPF_H
#define POSTERN_COMMAND_BPF_H

#include "command_line.bpf.h"
#include "frames.bpf.h"
#include "plain.bpf.h"

enum { COMMAND_MOST_BYTES = 512 }; /* of one segment that are read; more makes the rest unreadable */

struct command_text {
	struct command_reader reader;
	__u32 at;  /* of the next byte, in the frame */
	__u32 end; /* of the segment */
};

struct command_segment {
	struct xdp_md *ctx;
	struct command_text text;
};

/* A global function, behind which the verifier knows nothing of the text any more: it would else follow each
 * byte of the segment by itself. Returns nothing of use. */
__noinline int command_take(struct command_text *text, __u8 byte)
{
	if (!text)
		return 0;
	text->at++;
	command_read_byte(&text->reader, byte);
	return 0;
}

/* One step: takes a byte. 1 ends the loop. */
static long command_step(__u32 step, struct command_segment *segment)
{
	struct cursor cursor = frame_cursor(segment->ctx);
	const __u8 *byte;

	if (segment->text.at >= segment->text.end)
		return 1;
	cursor.pos += segment->text.at & (MAX_WALK - 1);
	byte = cursor_take(&cursor, 1);
	if (!byte)
		return 1;
	command_take(&segment->text, *byte);
	return segment->text.reader.state == COMMAND_LOST;
}

/* Nothing where another segment was read meanwhile, or the entry is another session's by now. */
static __always_inline void command_store(struct commands *commands, const struct command_reader *before,
					  const struct command_reader *after)
{
	__u64 old, new;

	__builtin_memcpy(&old, before, sizeof(old));
	__builtin_memcpy(&new, after, sizeof(new));
	__sync_val_compare_and_swap((__u64 *)&commands->reader, old, new);
}

/* A segment that comes in on a control connection. A global function, verified by itself. Returns nothing of
 * use. */
__noinline int command_read(struct xdp_md *ctx)
{
	struct packet packet = {.given = first_buffer_given(ctx, INBOUND, NULL, 0)};
	struct cursor cursor = frame_cursor(ctx);
	struct command_segment segment = {.ctx = ctx};
	struct command_reader before;
	struct commands *commands;
	const struct tcphdr *tcp;
	struct flow_key key;
	__u32 bytes;

	if (!parse_plain(&cursor, &packet) || packet.protocol != PROTO_TCP)
		return 0;
	tcp = cursor.pos - sizeof(*tcp);
	segment.text.at = packet.transport + tcp->doff * 4;
	segment.text.end = packet.transport + packet.payload;
	if (segment.text.at >= segment.text.end)
		return 0;
	bytes = segment.text.end - segment.text.at;
	key = flow_key_of(&packet, INBOUND);
	commands = bpf_map_lookup_elem(&session_commands, &key);
	if (!commands)
		return 0;
	before = commands->reader;
	if (before.state == COMMAND_LOST)
		return 0;
	segment.text.reader = before;
	if (before.next != bpf_ntohl(tcp->seq) || bytes > COMMAND_MOST_BYTES) {
		segment.text.reader.state = COMMAND_LOST;
		command_store(commands, &before, &segment.text.reader);
		return 0;
	}
	segment.text.reader.next += bytes;
	bpf_loop(COMMAND_MOST_BYTES, command_step, &segment, 0);
	command_store(commands, &before, &segment.text.reader);
	return 0;
}

#endif
