// SPDX-License-Identifier: GPL-2.0-only
// The sections `mode`, `deny`, `block` and `ping`: checked; anything but the default is refused for now.
#include "policy_yaml_reader.h"

#include <stdlib.h>

void read_mode(struct reader *reader, const struct node *node)
{
	enum { ENFORCE, AUDIT };
	static const char *const words[] = {[ENFORCE] = "enforce", [AUDIT] = "audit", NULL};

	if (reader_word(reader, node, words) == AUDIT)
		reader_not_supported(reader, node, "'mode: audit'");
}

void read_deny(struct reader *reader, const struct node *node)
{
	enum { DROP, REJECT };
	static const char *const words[] = {[DROP] = "drop", [REJECT] = "reject", NULL};
	struct field fields[] = {{.name = "inbound"}, {.name = "outbound"}, {0}};

	if (!reader_fields(reader, node, "'deny'", fields))
		return;
	for (const struct field *field = fields; field->name; field++)
		if (field->value && reader_word(reader, field->value, words) == REJECT)
			reader_error(reader, field->value, "'deny: {%s: reject}' is not supported yet",
				     field->name);
}

static bool check_peers(struct reader *reader, const struct node *node)
{
	size_t before = diags_count(reader->diags, DIAG_ERROR), *peers = NULL, n = 0;

	reader_peers(reader, node, &peers, &n);
	free(peers);
	return diags_count(reader->diags, DIAG_ERROR) == before;
}

void read_block(struct reader *reader, const struct node *node)
{
	if (node->kind == NODE_LIST && node->n_items == 0)
		return;
	if (check_peers(reader, node))
		reader_not_supported(reader, node, "'block'");
}

void read_ping(struct reader *reader, const struct node *node)
{
	struct field fields[] = {{.name = "from"}, {.name = "to"}, {0}};
	size_t before = diags_count(reader->diags, DIAG_ERROR);

	if (!reader_fields(reader, node, "'ping'", fields))
		return;
	for (const struct field *field = fields; field->name; field++)
		if (field->value)
			check_peers(reader, field->value);
	if (diags_count(reader->diags, DIAG_ERROR) > before)
		return;
	if (fields[0].key || fields[1].key)
		reader_not_supported(reader, node, "'ping'");
	else
		reader_error(reader, node, "'ping' needs 'from' or 'to'");
}
