/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads what an FTP server sends on a control connection, byte by byte, for the ports that 227 and 229 name.
 * Only the one line of a reply counts: nothing inside or at the end of one of several lines (RFC 959, 4.2),
 * which can hold any text. TLS records are passed over, so that what comes after them in clear is read again
 * (RFC 4217, 5: CCC). What is no reply makes everything after it unreadable. */
#ifndef POSTERN_REPLY_LINE_BPF_H
#define POSTERN_REPLY_LINE_BPF_H

#include "abi.h"

enum reply_state {
	REPLY_LINE,       /* at the beginning of a line: the next byte is its first */
	REPLY_CODE,       /* within the three digits of its code */
	REPLY_MARK,       /* behind them */
	REPLY_REST,       /* in the text of a line that says nothing */
	REPLY_TEXT,       /* in that of 227 or 229, before the bracket */
	REPLY_NUMBERS,    /* of 227: h1,h2,h3,h4,p1,p2 */
	REPLY_DELIMITERS, /* of 229: the first three */
	REPLY_PORT,       /* and the port, until the last one */
	REPLY_CLOSING,    /* then the closing bracket */
	REPLY_NAMED,      /* behind it: the end of the line makes it count */
	REPLY_TLS,        /* in the header of a record */
	REPLY_LOST        /* no longer understood */
};

enum {
	REPLY_TLS_FIRST = 20, /* the record types of RFC 8446, 5.1 */
	REPLY_TLS_LAST = 23,
	REPLY_TLS_HEADER = 5,
	REPLY_TLS_VERSION = 3, /* the first byte of it, which has never changed */
	REPLY_PASV = 227,
	REPLY_EPSV = 229,
	REPLY_FIELDS = 6
};

static inline _Bool reply_is_digit(__u8 byte)
{
	return byte >= '0' && byte <= '9';
}

/* The first byte of a line. */
static inline void reply_begin(struct reply_reader *reader, __u8 byte)
{
	reader->code = 0;
	reader->count = 1;
	reader->value = 0;
	reader->port = 0;
	if (reply_is_digit(byte)) {
		reader->code = byte - '0';
		reader->state = REPLY_CODE;
	} else if (reader->several) {
		reader->state = byte == '\n' ? REPLY_LINE : REPLY_REST;
	} else if (byte >= REPLY_TLS_FIRST && byte <= REPLY_TLS_LAST) {
		reader->state = REPLY_TLS;
	} else {
		reader->state = REPLY_LOST;
	}
}

/* A line that cannot be a reply's first. */
static inline void reply_odd(struct reply_reader *reader, __u8 byte)
{
	if (!reader->several)
		reader->state = REPLY_LOST;
	else
		reader->state = byte == '\n' ? REPLY_LINE : REPLY_REST;
}

static inline void reply_code(struct reply_reader *reader, __u8 byte)
{
	if (!reply_is_digit(byte)) {
		reply_odd(reader, byte);
		return;
	}
	reader->code = reader->code * 10 + (byte - '0');
	if (++reader->count == 3)
		reader->state = REPLY_MARK;
}

static inline void reply_mark(struct reply_reader *reader, __u8 byte)
{
	_Bool is_last = reader->several && reader->code == reader->several && byte == ' ';

	if (byte == ' ' && !reader->several && (reader->code == REPLY_PASV || reader->code == REPLY_EPSV)) {
		reader->state = REPLY_TEXT;
		return;
	}
	if (!reader->several && byte == '-')
		reader->several = reader->code;
	else if (is_last)
		reader->several = 0;
	else if (!reader->several && byte != ' ' && byte != '\r' && byte != '\n') {
		reader->state = REPLY_LOST;
		return;
	}
	reader->state = byte == '\n' ? REPLY_LINE : REPLY_REST;
}

static inline void reply_text(struct reply_reader *reader, __u8 byte)
{
	if (byte != '(')
		return;
	reader->count = 0;
	reader->value = 0;
	reader->state = reader->code == REPLY_PASV ? REPLY_NUMBERS : REPLY_DELIMITERS;
}

/* `value` is one more than the number so far, so that 0 is none. */
static inline void reply_digit(struct reply_reader *reader, __u8 byte, __u32 most)
{
	__u32 value = (reader->value ? reader->value - 1 : 0) * 10 + (byte - '0');

	reader->value = value + 1;
	if (value > most)
		reader->state = REPLY_REST;
}

static inline void reply_numbers(struct reply_reader *reader, __u8 byte)
{
	_Bool is_last = reader->count == REPLY_FIELDS - 1;

	if (reply_is_digit(byte)) {
		reply_digit(reader, byte, 255);
		return;
	}
	if (!reader->value || byte != (is_last ? ')' : ',')) {
		reader->state = REPLY_REST;
		return;
	}
	reader->port = reader->port << 8 | (reader->value - 1);
	reader->value = 0;
	reader->count++;
	if (is_last)
		reader->state = REPLY_NAMED;
}

/* RFC 2428, 3: the same printable character four times; the network address between them is empty. */
static inline void reply_delimiters(struct reply_reader *reader, __u8 byte)
{
	if (reader->count == 0)
		reader->delimiter = byte;
	if (byte != reader->delimiter || byte < 33 || byte > 126 || reply_is_digit(byte))
		reader->state = REPLY_REST;
	else if (++reader->count == 3)
		reader->state = REPLY_PORT;
}

static inline void reply_port(struct reply_reader *reader, __u8 byte)
{
	if (reply_is_digit(byte)) {
		reply_digit(reader, byte, 65535);
		return;
	}
	if (!reader->value || byte != reader->delimiter) {
		reader->state = REPLY_REST;
		return;
	}
	reader->port = reader->value - 1;
	reader->state = REPLY_CLOSING;
}

/* Takes one byte of a record's header, and learns how long it is. */
static inline void reply_tls(struct reply_reader *reader, __u8 byte)
{
	if (reader->count == 1 && byte != REPLY_TLS_VERSION) {
		reader->state = REPLY_LOST;
		return;
	}
	reader->value = reader->value << 8 | byte; /* only the last two bytes are left in the end */
	if (++reader->count < REPLY_TLS_HEADER)
		return;
	reader->pass = reader->value & 0xffff;
	reader->state = REPLY_LINE;
}

/* Takes the next byte; the caller passes over reader->pass bytes before. Returns the port where it ends a
 * line that names one, else 0. */
static inline __u16 reply_read_byte(struct reply_reader *reader, __u8 byte)
{
	__u16 port = 0;

	switch (reader->state) {
	case REPLY_LINE:
		reply_begin(reader, byte);
		return 0;
	case REPLY_CODE:
		reply_code(reader, byte);
		return 0;
	case REPLY_MARK:
		reply_mark(reader, byte);
		return 0;
	case REPLY_TLS:
		reply_tls(reader, byte);
		return 0;
	case REPLY_LOST:
		return 0;
	default:
		break;
	}
	if (byte == '\n') {
		if (reader->state == REPLY_NAMED)
			port = reader->port;
		reader->state = REPLY_LINE;
		return port;
	}
	switch (reader->state) {
	case REPLY_TEXT:
		reply_text(reader, byte);
		break;
	case REPLY_NUMBERS:
		reply_numbers(reader, byte);
		break;
	case REPLY_DELIMITERS:
		reply_delimiters(reader, byte);
		break;
	case REPLY_PORT:
		reply_port(reader, byte);
		break;
	case REPLY_CLOSING:
		reader->state = byte == ')' ? REPLY_NAMED : REPLY_REST;
		break;
	default:
		break;
	}
	return 0;
}

#endif
