/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads what a client sends on a control connection, byte by byte, for PASV and EPSV: a reply that names a
 * port answers one of them, or SPSV or CPSV, their rarer forms. What may stand before a command, as Telnet's
 * signs do before ABOR (RFC 959, 4.1.3), is passed over. Behind the first TLS record nothing is read any
 * more. */
#ifndef POSTERN_COMMAND_LINE_BPF_H
#define POSTERN_COMMAND_LINE_BPF_H

#include "reply_line.bpf.h"

enum {
	COMMAND_WORDS = 4,
	COMMAND_LETTERS = 4 /* of each word */
};

/* Above COMMAND_WORD: so many letters of such a word are read, COMMAND_LETTERS values for each. */
enum command_state {
	COMMAND_LINE, /* before the first letter of a line */
	COMMAND_REST, /* behind its command */
	COMMAND_LOST, /* no longer understood */
	COMMAND_WORD,
	COMMAND_LAST = COMMAND_WORD + COMMAND_WORDS * COMMAND_LETTERS
};

static inline _Bool command_is_letter(__u8 byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

/* Letter `i` of a word, all of which end alike. */
static inline char command_letter(__u32 word, __u32 i)
{
	if (i == 0)
		return "PESC"[word % COMMAND_WORDS];
	if (i == 1)
		return word == 0 ? 'A' : 'P';
	return i == 2 ? 'S' : 'V';
}

static inline void command_begin(struct command_reader *reader, __u8 byte)
{
	if (byte >= REPLY_TLS_FIRST && byte <= REPLY_TLS_LAST) {
		reader->state = COMMAND_LOST;
		return;
	}
	if (!command_is_letter(byte))
		return;
	reader->state = COMMAND_REST;
	for (__u32 word = 0; word < COMMAND_WORDS; word++) {
		if (command_letter(word, 0) == (byte & 0xdf))
			reader->state = COMMAND_WORD + word * COMMAND_LETTERS + 1;
	}
}

static inline void command_word(struct command_reader *reader, __u8 byte)
{
	__u32 at = reader->state - COMMAND_WORD - 1, word = at / COMMAND_LETTERS,
	      read = at % COMMAND_LETTERS + 1;

	if (read < COMMAND_LETTERS && command_letter(word, read) == (byte & 0xdf) &&
	    command_is_letter(byte)) {
		reader->state++;
		return;
	}
	if (read == COMMAND_LETTERS && !command_is_letter(byte))
		reader->asked++;
	reader->state = byte == '\n' ? COMMAND_LINE : COMMAND_REST;
}

static inline void command_read_byte(struct command_reader *reader, __u8 byte)
{
	if (reader->state == COMMAND_LINE)
		command_begin(reader, byte);
	else if (reader->state > COMMAND_WORD)
		command_word(reader, byte);
	else if (reader->state == COMMAND_REST && byte == '\n')
		reader->state = COMMAND_LINE;
}

#endif
