// SPDX-License-Identifier: GPL-2.0-only
// Makes bytes that somebody else chose fit for a terminal and for JSON.
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

/* The length of the UTF-8 character at the start of `bytes`, its code point in *ret; 0 if it is none. */
static size_t utf8_length(const unsigned char *bytes, size_t size, uint32_t *ret)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = bytes[0] < 0x80   ? 1
			: bytes[0] < 0xc0 ? 0
			: bytes[0] < 0xe0 ? 2
			: bytes[0] < 0xf0 ? 3
					  : 4;
	uint32_t code;

	if (length == 0 || length > size || bytes[0] > 0xf4)
		return 0;
	code = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (bytes[i] & 0x3f);
	}
	if (code < smallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret = code;
	return length;
}

/* Beside control characters: those that turn the direction of text, end lines, or are invisible. */
static bool is_harmless(uint32_t code)
{
	return !(code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c ||
		 (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
		 (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || code >= 0xe0000);
}

const char *escape_bytes(const char *bytes, size_t size, char *buf)
{
	const unsigned char *in = (const unsigned char *)bytes;
	char *out = buf;

	size = strnlen(bytes, size);
	for (size_t i = 0; i < size;) {
		uint32_t code;
		size_t length = utf8_length(in + i, size - i, &code);

		if (length > 0 && is_harmless(code) && code != '\\') {
			memcpy(out, in + i, length);
			out += length;
			i += length;
		} else if (in[i] == '\\') {
			out = stpcpy(out, "\\\\");
			i++;
		} else {
			out += sprintf(out, "\\x%02x", in[i++]);
		}
	}
	*out = '\0';
	return buf;
}

json_t *json_bytes(const char *bytes, size_t size)
{
	char *escaped = malloc(ESCAPED_SIZE(size));
	json_t *string = escaped ? json_string(escape_bytes(bytes, size, escaped)) : NULL;

	free(escaped);
	return string;
}
