// SPDX-License-Identifier: GPL-2.0-only
// The keys `sockets`, `peer`, `owner` and `watch` of an FTP server.
#include "policy_yaml_reader.h"

#include <string.h>

#include "value.h"

enum { MIN_PEER4 = 8, MIN_PEER6 = 32 };

void read_sockets(struct reader *reader, const struct field *field, struct ftp_server *server)
{
	if (!field->key)
		return;
	server->sockets_place = field->value->place;
	reader_ports(reader, field->value, &server->sockets, &server->n_sockets);
}

/* A prefix length, as the bits that are left of it. */
static void read_length(struct reader *reader, const struct field *field, const char *form, uint64_t min,
			uint64_t max, uint8_t *ret_host_bits)
{
	uint64_t length;

	if (!field->key || !reader_number(reader, field->value, form, min, max))
		return;
	if (value_parse_number(field->value->text, min, max, &length) == 0)
		*ret_host_bits = (uint8_t)(max - length);
}

void read_ftp_peer(struct reader *reader, const struct field *field, struct ftp_peer *ret)
{
	static const char form[] = "exact or {v4: LENGTH, v6: LENGTH}";
	struct field lengths[] = {{.name = "v4"}, {.name = "v6"}, {0}};

	if (!field->key)
		return;
	if (field->value->kind != NODE_MAP) {
		const char *text = reader_text(reader, field->value, form);

		if (text && strcmp(text, "exact") != 0)
			reader_error(reader, field->value, "expected %s, found '%s'", form, text);
		return;
	}
	if (!reader_fields(reader, field->value, "'peer'", lengths))
		return;
	read_length(reader, &lengths[0], "a prefix length of IPv4", MIN_PEER4, 32, &ret->host_bits4);
	read_length(reader, &lengths[1], "a prefix length of IPv6", MIN_PEER6, 128, &ret->host_bits6);
}

/* Whether it is `exe` or `cgroup`, and the kernel could have such a path. */
static bool is_path(struct reader *reader, const struct node *node, const char *key)
{
	size_t levels = 0;

	if (*node->text != '/') {
		reader_error(reader, node, "'%s' must be an absolute path, found '%s'", key, node->text);
		return false;
	}
	for (const char *name = node->text + strspn(node->text, "/"); *name; name += strspn(name, "/")) {
		size_t size = strcspn(name, "/");

		if (size >= OWNER_NAME_SIZE) {
			reader_error(reader, node, "'%s': a name in it is longer than %d characters", key,
				     OWNER_NAME_SIZE - 1);
			return false;
		}
		if (strncmp(name, ".", size) == 0 || strncmp(name, "..", size) == 0) {
			reader_error(reader, node, "'%s' may not contain . or ..", key);
			return false;
		}
		levels++;
		name += size;
	}
	if (levels == 0 || levels > OWNER_LEVELS)
		reader_error(reader, node, "'%s' must have from 1 to %d names", key, OWNER_LEVELS);
	return levels > 0 && levels <= OWNER_LEVELS;
}

void read_owner(struct reader *reader, const struct field *field, struct ftp_owner *ret)
{
	static const enum owner_kind kinds[] = {OWNER_EXE, OWNER_USER, OWNER_CGROUP};
	struct field keys[] = {{.name = "exe"}, {.name = "user"}, {.name = "cgroup"}, {0}};
	size_t before = diags_count(reader->diags, DIAG_ERROR);
	unsigned n = 0;

	if (!field->key)
		return;
	ret->place = field->value->place;
	if (field->value->kind != NODE_MAP) {
		reader_error(reader, field->value,
			     "'owner' must be {exe: PATH}, {user: NAME} or {cgroup: PATH}, not %s",
			     node_describe(field->value));
		return;
	}
	if (!reader_fields(reader, field->value, "'owner'", keys))
		return;
	for (size_t i = 0; keys[i].name; i++) {
		const char *text;

		if (!keys[i].key)
			continue;
		text = reader_text(reader, keys[i].value, "a text");
		if (!text || (kinds[i] != OWNER_USER && !is_path(reader, keys[i].value, keys[i].name)))
			continue;
		if (n++ == 0) {
			ret->kind = kinds[i];
			ret->name = reader_strdup(reader, text);
		}
	}
	if (n != 1 && diags_count(reader->diags, DIAG_ERROR) == before)
		reader_error(reader, field->value, "'owner' needs exactly one of exe, user, cgroup");
}

void read_watch(struct reader *reader, const struct field *field, unsigned *ret_watch)
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
