/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads what a client sends on a control connection, byte by byte, for PASV and EPSV: a reply that names a
 * port answers one of them. SPSV is an older form of theirs. What may stand before a command, as Telnet's
 * signs do before ABOR (RFC 959, 4.1.3), is passed over. Behind the first TLS record nothing is read any
 * more. */
#ifndef POSTERN_COMMAND_LINE_BPF_H
#define POSTERN_COMMAND_LINE_BPF_H

#include "abi.h"

enum command_state {
	COMMAND_LINE, /* before the first letter of a line */
	COMMAND_VERB, /* within the command */
	COMMAND_REST, /* behind it */
	COMMAND_LOST  /* no longer understood */
};

enum {
	COMMAND_TLS_FIRST = 20, /* the record types of RFC 8446, 5.1 */
	COMMAND_TLS_LAST = 23,
	COMMAND_VERB_BYTES = 4
};

#define COMMAND_VERB_OF(a, b, c, d) ((__u32)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static inline _Bool command_is_letter(__u8 byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static inline _Bool command_asks_for_port(__u32 verb)
{
	return verb == COMMAND_VERB_OF('P', 'A', 'S', 'V') || verb == COMMAND_VERB_OF('E', 'P', 'S', 'V') ||
	       verb == COMMAND_VERB_OF('S', 'P', 'S', 'V');
}

static inline void command_begin(struct command_reader *reader, __u8 byte)
{
	if (byte >= COMMAND_TLS_FIRST && byte <= COMMAND_TLS_LAST) {
		reader->state = COMMAND_LOST;
	} else if (command_is_letter(byte)) {
		reader->verb = byte & 0xdf;
		reader->count = 1;
		reader->state = COMMAND_VERB;
	}
}

static inline void command_verb(struct command_reader *reader, __u8 byte)
{
	if (command_is_letter(byte) && reader->count < COMMAND_VERB_BYTES) {
		reader->verb = reader->verb << 8 | (byte & 0xdf);
		reader->count++;
		return;
	}
	if (!command_is_letter(byte) && reader->count == COMMAND_VERB_BYTES &&
	    command_asks_for_port(reader->verb))
		reader->asked++;
	reader->state = byte == '\n' ? COMMAND_LINE : COMMAND_REST;
}

static inline void command_read_byte(struct command_reader *reader, __u8 byte)
{
	if (reader->state == COMMAND_LINE)
		command_begin(reader, byte);
	else if (reader->state == COMMAND_VERB)
		command_verb(reader, byte);
	else if (reader->state == COMMAND_REST && byte == '\n')
		reader->state = COMMAND_LINE;
}

#endif
