// SPDX-License-Identifier: GPL-2.0-only
// Keys of an FTP server that have no effect yet: their form is checked, then anything but the default is
// refused.
#include "policy_yaml_reader.h"

#include <stdlib.h>

enum { MIN_PEER4 = 8, MIN_PEER6 = 32 };

void check_sockets(struct reader *reader, const struct field *field)
{
	size_t before = diags_count(reader->diags, DIAG_ERROR);
	struct port_range *ports = NULL;
	size_t n = 0;

	reader_ports(reader, field->value, &ports, &n);
	free(ports);
	if (diags_count(reader->diags, DIAG_ERROR) == before)
		reader_not_supported(reader, field->key, "'sockets'");
}

void check_peer(struct reader *reader, const struct field *field)
{
	static const char *const words[] = {"exact", NULL};
	struct field lengths[] = {{.name = "v4"}, {.name = "v6"}, {0}};
	size_t before = diags_count(reader->diags, DIAG_ERROR);

	if (field->value->kind != NODE_MAP) {
		reader_word(reader, field->value, words);
		return;
	}
	reader_fields(reader, field->value, "'peer'", lengths);
	if (lengths[0].key)
		reader_number(reader, lengths[0].value, "a prefix length of IPv4", MIN_PEER4, 32);
	if (lengths[1].key)
		reader_number(reader, lengths[1].value, "a prefix length of IPv6", MIN_PEER6, 128);
	if (diags_count(reader->diags, DIAG_ERROR) == before)
		reader_not_supported(reader, field->value, "'peer' other than exact");
}

void check_owner(struct reader *reader, const struct field *field)
{
	struct field kinds[] = {{.name = "exe"}, {.name = "user"}, {.name = "cgroup"}, {0}};
	size_t before = diags_count(reader->diags, DIAG_ERROR);
	unsigned n = 0;

	if (!reader_fields(reader, field->value, "'owner'", kinds))
		return;
	for (const struct field *kind = kinds; kind->name; kind++) {
		if (!kind->key)
			continue;
		n++;
		reader_text(reader, kind->value, "a text");
	}
	if (n != 1 && diags_count(reader->diags, DIAG_ERROR) == before)
		reader_error(reader, field->value, "'owner' needs one of exe, user, cgroup");
	if (kinds[0].value && kinds[0].value->text && *kinds[0].value->text != '/')
		reader_error(reader, kinds[0].value, "'exe' must be an absolute path, found '%s'",
			     kinds[0].value->text);
	if (diags_count(reader->diags, DIAG_ERROR) == before)
		reader_not_supported(reader, field->key, "'owner'");
}

void check_watch(struct reader *reader, const struct field *field, unsigned *ret_watch)
{
	static const char *const words[] = {[FTP_WATCH_SOCKET] = "socket",
					    [FTP_WATCH_REPLY] = "reply",
					    [FTP_WATCH_TLS] = "tls",
					    [FTP_WATCH_LOG] = "log",
					    NULL};
	unsigned watch = 0;
	const struct node *items;
	size_t n;

	if (!reader_list(reader, field->value, "any of socket, reply, tls, log", &items, &n))
		return;
	if (n == 0)
		reader_error(reader, field->value,
			     "expected any of socket, reply, tls, log, found an empty list");
	for (size_t i = 0; i < n; i++) {
		int word = reader_word(reader, &items[i], words);

		if (word < 0)
			continue;
		if (watch & 1u << word)
			reader_error(reader, &items[i], "'%s' appears twice in the list", words[word]);
		watch |= 1u << word;
	}
	*ret_watch = watch;
}
