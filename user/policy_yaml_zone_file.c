// SPDX-License-Identifier: GPL-2.0-only
// The file of a zone: an address or prefix a line, # comments.
#include "policy_yaml_reader.h"

#include <errno.h>
#include <string.h>

enum { MAX_ENTRY = 256 /* longer than any address, so that the error can quote it */ };

/* The bytes of the UTF-8 character at `text`, 0 where there is none (RFC 3629). */
static size_t character_size(const unsigned char *text)
{
	size_t size = *text < 0x80 ? 1 : *text >= 0xc2 && *text < 0xe0 ? 2 : (*text & 0xf0) == 0xe0 ? 3 : 4;

	if (size == 4 && (*text < 0xf0 || *text > 0xf4))
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((*text == 0xe0 && text[1] < 0xa0) || (*text == 0xed && text[1] >= 0xa0) ||
	    (*text == 0xf0 && text[1] < 0x90) || (*text == 0xf4 && text[1] >= 0x90))
		return 0;
	return size;
}

/* Comments too: what is in force is kept as text, which must be whole. */
static bool check_utf8(struct reader *reader, struct place place, const char *line, const char *end)
{
	while (line < end) {
		size_t size = character_size((const unsigned char *)line);

		if (size == 0) {
			diags_add(reader->diags, DIAG_ERROR, place, "not UTF-8");
			return false;
		}
		line += size;
		place.column++;
	}
	return true;
}

/* `line` to `end`, without its line break. False: there is no room for any more. */
static bool read_line(struct reader *reader, struct place place, const char *line, const char *end,
		      struct zone *zone)
{
	const char *comment = memchr(line, '#', (size_t)(end - line));
	const char *start = line;
	char text[MAX_ENTRY];
	size_t size;

	if (!check_utf8(reader, place, line, end))
		return true;
	if (comment)
		end = comment;
	while (start < end && strchr(" \t", *start))
		start++;
	while (start < end && strchr(" \t\r", end[-1]))
		end--;
	if (start == end)
		return true;
	place.column += (unsigned)(start - line);
	size = (size_t)(end - start) < sizeof(text) ? (size_t)(end - start) : sizeof(text) - 1;
	memcpy(text, start, size);
	text[size] = '\0';
	if (strpbrk(text, " \t,;")) {
		diags_add(reader->diags, DIAG_ERROR, place,
			  "expected one address or prefix a line, found '%s'", text);
		return true;
	}
	return reader_add_prefix(reader, place, text, zone);
}

void read_zone_file(struct reader *reader, const struct node *name, struct zone *zone)
{
	const char *text = reader_text(reader, name, "the name of a file");
	const struct source *source;
	struct place place;
	int r;

	if (!text)
		return;
	r = source_get(reader->sources, text, name->place.file, &source);
	if (r < 0) {
		reader_file_error(reader, name->place, text, r);
		return;
	}
	place = (struct place){.file = source->name, .line = 1, .column = 1};
	text = source->text;
	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	for (; *text; place.line++) {
		size_t size = strcspn(text, "\n");

		if (!read_line(reader, place, text, text + size, zone))
			return;
		text += size + (text[size] == '\n');
	}
}
